"""Read sentences from a file in any format; the format follows from the file's ending, or is named.

Formats are registered here and nowhere else: `Format`, `FORMATS` and `ENDINGS`. A reader is a function
`read_xxx(path: Path, report: Report, **options) -> Iterator[Sentence]`. It tells the report what it took the file for and
what it changed or left out. Its options have default values; `read_sentences` hands on those that the reader has.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from ...errors import XnerError
from ...files import without_hidden
from .columns import read_columns, read_conllu
from .docbin import read_docbin
from .inline import read_inline
from .jsonl import read_jsonl
from .plain import read_plain
from .report import Report
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
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".manifest": "jsonl",
    ".spacy": "docbin",
}


def detect_format(path: Path) -> str:
    """The format that belongs to a file's ending, without `.gz`. RAISES: XnerError for an unknown ending.

    A `.txt` with an `.ann` of the same name beside it is the text of brat's standoff annotation: "brat".
    """
    if is_brat_text(path):
        return "brat"
    if ending(path) not in ENDINGS:
        raise XnerError(
            f"{path}: found the ending '{ending(path)}', expected one of {' '.join(ENDINGS)} (also with .gz). "
            f"`xner corpus convert --format` reads files with other endings."
        )
    return ENDINGS[ending(path)]


def is_brat_text(path: Path) -> bool:
    """Whether a file is the text of a pair of brat's: `a.txt` beside `a.ann`."""
    return path.suffix == ".txt" and path.with_suffix(".ann").is_file()


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
    path: str | Path, format: Format = "auto", report: Report | None = None, **options: Any
) -> Iterator[Sentence]:
    """Stream the sentences of one file.

    path (str | Path): the file, plain or gzipped.
    format (Format): one of FORMATS; "auto": the format of the file's ending.
    report (Report | None): receives what the file was taken for, and what was changed or left out.
    options: options of readers, such as `token_column`; None is the reader's default. Those that the format's reader
        does not have are not used.
    RAISES: XnerError with file and line, what was found and what was expected.
    """
    path = Path(path)
    name = detect_format(path) if format == "auto" else format
    if name not in FORMATS:
        raise XnerError(f"The format is '{name}', expected one of auto, {', '.join(FORMATS)}.")
    reader = FORMATS[name]
    known = inspect.signature(reader).parameters
    return reader(
        path,
        report if report is not None else Report(),
        **{key: value for key, value in options.items() if key in known and value is not None},
    )
