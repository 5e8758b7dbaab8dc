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
from .brat import read_brat
from .columns import read_columns, read_conllu
from .docbin import read_docbin
from .inline import read_inline
from .jsonl import read_jsonl
from .plain import read_plain
from .pubtator import read_pubtator
from .report import Report
from .sentence import Sentence

Format = Literal["auto", "inline", "plain", "columns", "conllu", "jsonl", "docbin", "brat", "pubtator"]
FORMATS: dict[str, Callable[..., Iterator[Sentence]]] = {
    "inline": read_inline,
    "plain": read_plain,
    "columns": read_columns,
    "conllu": read_conllu,
    "jsonl": read_jsonl,
    "docbin": read_docbin,
    "brat": read_brat,
    "pubtator": read_pubtator,
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
    ".pubtator": "pubtator",
}
# Endings of files that are not read: what to do.
NOT_READ = {
    ".ann": "brat's annotation is read with its text: name the .txt beside it, or the folder.",
    ".a1": "BioNLP's standoff: rename it to .ann, with the .txt beside it.",
    ".a2": "BioNLP's standoff: rename it to .ann, with the .txt beside it.",
    ".parquet": "Write JSON lines: datasets.Dataset.from_parquet(path).to_json('data.jsonl'), or pandas.read_parquet(path)"
    ".to_json('data.jsonl', orient='records', lines=True).",
    ".arrow": "Write JSON lines: datasets.load_from_disk(folder)['train'].to_json('data.jsonl').",
    ".csv": "Write a column file with tabs (.tsv), or JSON lines: pandas.read_csv(path)"
    ".to_json('data.jsonl', orient='records', lines=True).",
    ".xml": "Write JSON lines, or one sentence per line as [Wangari Maathai](PER) lived in [Kenya](LOC) (.txt).",
    ".xmi": "Export it as CoNLL 2002 (INCEpTION, WebAnno), a file of columns.",
    ".py": "Write its data as JSON: json.dump(TRAIN_DATA, file).",
    ".pkl": "A pickle can run code and is never read. Write a DocBin: DocBin(docs=docs).to_disk('data.spacy').",
    ".pickle": "A pickle can run code and is never read. Write a DocBin: DocBin(docs=docs).to_disk('data.spacy').",
    ".xlsx": "Save it as a file of columns with tabs (.tsv).",
    ".docx": "Save it as plain text (.txt).",
    ".pdf": "Save it as plain text (.txt).",
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
            f"{NOT_READ.get(ending(path).lower(), '`xner corpus convert --format` reads files with other endings.')}"
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
