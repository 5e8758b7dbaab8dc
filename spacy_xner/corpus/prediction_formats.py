"""The formats of predictions: JSON lines, IOB columns, DocBin."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Literal, get_args

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import XnerError
from ..files import atomic_path, open_text
from .docs import write_docs
from .formats.reading import ending
from .formats.write import check_labels, write_columns
from .predict import Row, prediction_as_json, without_encoder_output

FileType = Literal["jsonl", "iob", "spacy"]
FILE_TYPES: tuple[FileType, ...] = get_args(FileType)
# Endings of files that are written, and their types; columns are also read from other endings.
TYPE_OF_ENDING: dict[str, FileType] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".iob": "iob",
    ".iob2": "iob",
    ".bio": "iob",
    ".conll": "iob",
    ".spacy": "spacy",
}
FORMAT_OF_TYPE = {"jsonl": "jsonl", "iob": "columns", "spacy": "docbin"}


def json_line(doc: Doc, counts: Counter[str]) -> str:
    """A doc as a line of JSON, see `prediction_as_json`."""
    return json.dumps(prediction_as_json(doc), ensure_ascii=False) + "\n"


def iob_lines(doc: Doc, counts: Counter[str]) -> str:
    """A doc as lines of tokens and tags, with its id, language and text, see `write_columns`; "" for an empty one."""
    write_columns(file := StringIO(), [doc], counts, comments=True)
    return file.getvalue()


TEXT_OF_DOC: dict[FileType, Callable[[Doc, Counter[str]], str]] = {"jsonl": json_line, "iob": iob_lines}
"""The function that writes a doc as text, for each type but the DocBin. It adds to counts of what it left out."""


def file_type_of(output: Path, file_type: FileType | None) -> FileType:
    """The type of an output file, by its ending or as it is named.

    RAISES: XnerError for an unknown ending without a type, an ending of another type, and a compressed DocBin.
    """
    found = TYPE_OF_ENDING.get(ending(output))
    if output.suffix == ".gz" and "spacy" in (found, file_type):
        raise XnerError(f"The output is {output}, but a DocBin is compressed by itself: expected the ending .spacy.")
    if output.suffix in (".bz2", ".xz"):
        raise XnerError(f"The output is {output}, expected a name that ends in .gz, or a file that is not compressed.")
    if found is None and file_type is None:
        raise XnerError(
            f"The output is {output}, expected a name that ends in {', '.join(TYPE_OF_ENDING)} (.gz can follow), or - "
            "for standard output. Another name needs --file-type."
        )
    if found and file_type not in (None, found):
        raise XnerError(f"Found --file-type {file_type} for the output {output}, expected {found}, as its name says.")
    return file_type or found  # type: ignore[return-value]


def check_pipeline_labels(nlp: Language, output: Path, file_type: FileType) -> None:
    """RAISES: XnerError where a component finds entities with a label that the format of the output cannot hold."""
    finders = [name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns]
    labels = {label for name in finders for label in nlp.pipe_labels.get(name, ())}
    check_labels(sorted(labels), FORMAT_OF_TYPE[file_type], output)


def write_predictions(output: Path, docs: Iterable[Doc], file_type: FileType, counts: Counter[str]) -> None:
    """Write docs to a file that appears when all are written. A file without docs is empty.

    counts (Counter[str]): receives what the format left out.
    """
    if file_type == "spacy":
        write_docs(output, map(without_encoder_output, docs), allow_empty=True)
        return
    text_of = TEXT_OF_DOC[file_type]
    write_texts(output, (text_of(doc, counts) for doc in docs))


def write_texts(output: Path, texts: Iterable[str]) -> None:
    """Write texts one after the other to a file, gzipped if its name says so. No partial file is left."""
    with atomic_path(output) as temporary, open_text(temporary) as file:
        file.writelines(texts)


def kept_rows(docs: Iterable[Doc], limit: int, rows: list[Row]) -> Iterator[Doc]:
    """Yield the docs; append the first ones to `rows`, as `prediction_as_json` gives them."""
    for doc in docs:
        if len(rows) < limit:
            rows.append(prediction_as_json(doc))
        yield doc
