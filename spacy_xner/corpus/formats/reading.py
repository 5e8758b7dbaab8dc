"""Read sentences from a file in any format; the format follows from the file's ending, or is named."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from ...errors import XnerError
from ...files import without_hidden
from .columns import read_columns, read_conllu
from .docbin import read_docbin
from .inline import read_inline
from .jsonl import read_jsonl
from .plain import read_plain
from .sentence import Sentence

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
    """The format that belongs to a file's ending, without `.gz`. RAISES: XnerError for an unknown ending."""
    if ending(path) not in ENDINGS:
        raise XnerError(
            f"{path}: found the ending '{ending(path)}', expected one of {' '.join(ENDINGS)} (also with .gz). "
            f"`xner corpus convert --format` reads files with other endings."
        )
    return ENDINGS[ending(path)]


def find_files(paths: Iterable[Path]) -> list[Path]:
    """All files that paths name. A folder names all files with a known ending in it and below, sorted, except hidden
    ones.

    RAISES: XnerError if a path does not exist or contains no such file.
    """
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = without_hidden(sorted(file for file in path.rglob("*") if ending(file) in ENDINGS), path)
        if not inside or not inside[0].exists():
            raise XnerError(
                f"{path}: found no file, expected a file (or a folder with files) ending in {' '.join(ENDINGS)}."
            )
        found += inside
    return found


def ending(path: Path) -> str:
    """The ending of a file's name, without `.gz`."""
    return Path(path.name.removesuffix(".gz")).suffix


def read_sentences(
    path: str | Path, format: Format = "auto", token_column: int | None = None, tag_column: str | None = None
) -> Iterator[Sentence]:
    """Stream the sentences of one file.

    path (str | Path): the file, plain or gzipped.
    format (Format): one of FORMATS; "auto": the format of the file's ending.
    token_column (int | None), tag_column (str | None): for the formats `columns` and `conllu`, as in `read_columns`
        and `read_conllu`.
    RAISES: XnerError with file and line, what was found and what was expected.
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
