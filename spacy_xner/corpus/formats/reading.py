"""Read sentences from a file in any format; the format follows from the file's ending, or is named.

Formats are registered here and nowhere else: `Format`, `FORMATS` and `ENDINGS`. A reader is a function
`read_xxx(path: Path, report: Report, **options) -> Iterator[Sentence]`. It tells the report what it took the file for
and what it changed or left out. Its options have default values; `read_sentences` hands on those that the reader has.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from ...errors import XnerError
from ...files import without_hidden
from ...lines import UNPACK, read_lines, without_compression
from .brat import read_brat
from .columns import read_columns, read_conllu
from .docbin import read_docbin
from .inline import read_inline
from .jsonl import read_jsonl
from .plain import read_plain
from .pubtator import read_pubtator
from .report import Report
from .sentence import Sentence
from .tagged import read_tagged
from .text import read_text
from .text_marks import are_columns
from .webanno import is_webanno, read_webanno

Format = Literal[
    "auto", "inline", "plain", "columns", "conllu", "jsonl", "docbin", "brat", "pubtator", "webanno", "tags"
]
FORMATS: dict[str, Callable[..., Iterator[Sentence]]] = {
    "inline": read_inline,
    "plain": read_plain,
    "columns": read_columns,
    "conllu": read_conllu,
    "jsonl": read_jsonl,
    "docbin": read_docbin,
    "brat": read_brat,
    "pubtator": read_pubtator,
    "webanno": read_webanno,
    "tags": read_tagged,
}
ENDINGS = {
    ".txt": "inline",
    ".iob": "columns",
    ".iob2": "columns",
    ".bio": "columns",
    ".conll": "columns",
    ".tsv": "columns",
    ".conllu": "conllu",
    ".conllup": "conllu",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".manifest": "jsonl",
    ".spacy": "docbin",
    ".pubtator": "pubtator",
    ".xml": "tags",
    ".sgml": "tags",
    ".sgm": "tags",
}
# Files that describe a data set, and have no texts.
DESCRIPTIONS = ("dataset_info.json", "dataset_infos.json", "state.json")
OTHER_ENDING = "`xner corpus convert --format` reads files with other endings."
# Endings of files that are not read: what to do.
NOT_READ = {
    ".ann": "brat's annotation is read with its text: name the .txt beside it, or the folder.",
    ".a1": "BioNLP's standoff: rename it to .ann, with the .txt beside it.",
    ".a2": "BioNLP's standoff: rename it to .ann, with the .txt beside it.",
    ".parquet": "Write JSON lines: datasets.Dataset.from_parquet(path).to_json('data.jsonl').",
    ".arrow": "Write JSON lines: datasets.load_from_disk(folder)['train'].to_json('data.jsonl').",
    ".xmi": "Export it as CoNLL 2002 or WebAnno TSV 3 (INCEpTION, WebAnno).",
    ".py": "Write its data as JSON: json.dump(TRAIN_DATA, file).",
    ".pkl": "A pickle can run code and is never read. Write a DocBin: DocBin(docs=docs).to_disk('data.spacy').",
    ".pickle": "A pickle can run code and is never read. Write a DocBin: DocBin(docs=docs).to_disk('data.spacy').",
    ".xlsx": "Save it as a file of columns with tabs (.tsv).",
    ".docx": "Save it as plain text (.txt).",
    ".pdf": "Save it as plain text (.txt).",
}


# Endings of files that are read if they are named, but not from a folder, where they can be anything.
NAMED_ENDINGS = {".csv": "columns"}


def detect_format(path: Path) -> str:
    """The format that belongs to a file's ending, without `.gz`. RAISES: XnerError for an unknown ending.

    A `.txt` with an `.ann` of the same name beside it is the text of brat's standoff annotation: "brat". The reader of
    this format gets the path of the `.txt`. A `.tsv` that begins as WebAnno TSV 3 is "webanno".
    """
    if is_brat_text(path):
        return "brat"
    if ending(path) == ".tsv" and is_webanno(path):
        return "webanno"
    if path.suffix in UNPACK:
        raise XnerError(
            f"{path}: files ending in {path.suffix} are not read. Unpack it first: "
            f"{UNPACK[path.suffix].format(path.name)} (.gz, .bz2 and .xz are read as they are)."
        )
    endings = {**ENDINGS, **NAMED_ENDINGS}
    if ending(path) not in endings:
        raise XnerError(
            f"{path}: found the ending '{ending(path)}', expected one of {' '.join(endings)} (also with .gz, .bz2, "
            f".xz). {NOT_READ.get(ending(path).lower(), OTHER_ENDING)}"
        )
    return endings[ending(path)]


def is_brat_text(path: Path) -> bool:
    """Whether a file is the text of a pair of brat's: `a.txt` beside `a.ann`."""
    return path.suffix == ".txt" and path.with_suffix(".ann").is_file()


def is_line_text(path: Path, encoding: str | None = None) -> bool:
    """Whether a file is a `.txt` with a sentence a line: it has other lines than those of a column file.

    RAISES: XnerError for a file that is no text.
    """
    return ending(path) == ".txt" and not (path.is_file() and are_columns(read_lines(path, encoding)))


def find_files(paths: Iterable[Path]) -> list[Path]:
    """All files that paths name. A folder names all files with a known ending in it and below, sorted, except hidden
    ones.

    RAISES: XnerError if a path does not exist or contains no such file.
    """
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            files = without_hidden(sorted(file for file in path.rglob("*")), path)
            check_annotation_has_text(files)
            inside = [file for file in files if ending(file) in ENDINGS and file.name not in DESCRIPTIONS]
        if not inside or not inside[0].exists():
            raise XnerError(
                f"{path}: found no file, expected a file (or a folder with files) ending in {' '.join(ENDINGS)}."
            )
        found += inside
    return found


def check_annotation_has_text(files: Iterable[Path]) -> None:
    """RAISES: XnerError for brat's annotation in a folder without the text that it belongs to."""
    for file in files:
        if file.suffix == ".ann" and not file.with_suffix(".txt").is_file():
            raise XnerError(f"{file}: found brat's annotation without its text, expected {file.stem}.txt beside it.")


def ending(path: Path) -> str:
    """The ending of a file's name, without `.gz`, `.bz2` or `.xz`."""
    return Path(without_compression(path)).suffix


def read_sentences(
    path: str | Path, format: Format = "auto", report: Report | None = None, **options: Any
) -> Iterator[Sentence]:
    """Stream the sentences of one file.

    path (str | Path): the file, plain or gzipped.
    format (Format): one of FORMATS; "auto": the format of the file's ending; a `.txt` is "inline" if an entity is
        marked in it, "columns" if nearly all lines are a token and its tag, and "plain" otherwise.
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
    if format == "auto" and name == "inline":  # the content of a .txt shows whether it is marked up, plain, or columns
        reader = read_text if is_line_text(path, options.get("encoding")) else read_columns
    known = inspect.signature(reader).parameters
    return reader(
        path,
        report if report is not None else Report(),
        **{key: value for key, value in options.items() if key in known and value is not None},
    )
