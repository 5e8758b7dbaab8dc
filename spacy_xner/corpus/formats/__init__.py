"""Readers for the formats people have: each streams `Sentence`s and says file and line of a mistake."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from ...errors import XnerError
from ...files import without_hidden
from .columns import read_columns, read_conllu
from .docbin import docbin_of, docs_of, read_docbin, read_docs
from .inline import format_inline, parse_inline, read_inline
from .jsonl import read_jsonl
from .plain import read_plain
from .sentence import CharSpan, Sentence

__all__ = [
    "FORMATS",
    "CharSpan",
    "Format",
    "Sentence",
    "detect_format",
    "docbin_of",
    "docs_of",
    "find_files",
    "format_inline",
    "parse_inline",
    "read_docs",
    "read_sentences",
]

Format = Literal["auto", "inline", "plain", "columns", "conllu", "jsonl", "docbin"]
FORMATS: dict[str, Callable[..., Iterator[Sentence]]] = {
    "inline": read_inline,
    "plain": read_plain,
    "columns": read_columns,
    "conllu": read_conllu,
    "jsonl": read_jsonl,
    "docbin": read_docbin,
}
ENDINGS = {
    ".txt": "inline",
    ".iob": "columns",
    ".iob2": "columns",
    ".bio": "columns",
    ".conll": "columns",
    ".tsv": "columns",
    ".conllu": "conllu",
    ".jsonl": "jsonl",
    ".spacy": "docbin",
}


def detect_format(path: Path) -> str:
    """The format that a file's ending means, `.gz` aside."""
    if ending(path) not in ENDINGS:
        raise XnerError(
            f"{path}: found the ending '{ending(path)}', expected one of {' '.join(ENDINGS)} (also with .gz), "
            f"or name the format with --format: {', '.join(FORMATS)}."
        )
    return ENDINGS[ending(path)]


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files that paths stand for: a file for itself, a folder for all in it and below with a known ending, sorted,
    but for hidden ones.

    RAISES: XnerError where a path does not exist or holds no such file.
    """
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = without_hidden(sorted(file for file in path.rglob("*") if ending(file) in ENDINGS), path)
        if not inside or not inside[0].exists():
            raise XnerError(f"{path}: found no file, expected one (or a folder of some) ending in {' '.join(ENDINGS)}.")
        found += inside
    return found


def ending(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix


def read_sentences(
    path: str | Path, format: Format = "auto", token_column: int | None = None, tag_column: str | None = None
) -> Iterator[Sentence]:
    """Stream the sentences of one file.

    path (str | Path): The file, plain or gzipped.
    format (Format): One of FORMATS, or "auto" to go by the file's ending.
    token_column (int | None), tag_column (str | None): For `columns` and `conllu`; see there.
    RAISES: XnerError with file, line, what was found and what was expected.
    """
    path = Path(path)
    name = detect_format(path) if format == "auto" else format
    if name not in FORMATS:
        raise XnerError(f"The format is '{name}', expected one of auto, {', '.join(FORMATS)}.")
    columns = {
        key: value
        for key, value in (("token_column", token_column), ("tag_column", tag_column))
        if value is not None and name in ("columns", "conllu")
    }
    return FORMATS[name](path, **columns)
