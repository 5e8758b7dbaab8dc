"""Write docs with entities to text formats: columns, inline, JSON lines.

Columns and inline text say of each token whether it is in an entity. They cannot hold unlabelled and partly labelled
docs (see `unlabelled_ranges`): these are left out and counted. JSON lines hold all.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from spacy.tokens import Doc, Span

from ...annotations.attributes import confidence_of, meta_of, unlabelled_ranges
from ...errors import XnerError
from .inline import format_inline

# Labels that a text format can hold, so that they are read back unchanged.
LABELS = {"inline": re.compile(r"[^\s()\[\]]+"), "columns": re.compile(r"\S+")}


def check_labels(labels: Iterable[str], format: str, output: Path) -> None:
    """RAISES: XnerError for a label that the format of the output file cannot hold."""
    for label in labels:
        if format in LABELS and not LABELS[format].fullmatch(label):
            raise XnerError(
                f"{output}: the label '{label}' cannot be written in the format {format}, expected labels without "
                f"spaces{' and brackets' if format == 'inline' else ''}. Rename it, or write .jsonl or .spacy."
            )


def fully_labelled(docs: Iterable[Doc], counts: Counter[str]) -> Iterator[Doc]:
    """Yield the docs of which each token is labelled, and empty ones.

    counts (Counter[str]): receives counts of "unlabelled sentences left out" and "partly labelled sentences left out".
    """
    for doc in docs:
        if not unlabelled_ranges(doc):
            yield doc
        elif doc.has_annotation("ENT_IOB"):
            counts["partly labelled sentences left out"] += 1
        else:
            counts["unlabelled sentences left out"] += 1


def write_columns(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """Write a token, a tab and its IOB2 tag per line, and a blank line after each sentence; without space tokens."""
    for doc in fully_labelled(docs, counts):
        starts = {next(token.i for token in entity if not token.is_space) for entity in doc.ents}
        lines = [
            f"{token.text}\t{('B-' if token.i in starts else 'I-') + token.ent_type_ if token.ent_type_ else 'O'}\n"
            for token in doc
            if not token.is_space
        ]
        if not lines:
            counts["empty sentences left out"] += 1
            continue
        file.writelines([*lines, "\n"])


def write_inline(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """Write a sentence per line, with entities as `[name](LABEL)`."""
    for doc in fully_labelled(docs, counts):
        if not doc.text.strip():
            counts["empty sentences left out"] += 1
            continue
        if breaks := sum(map(doc.text.count, "\r\n")):
            counts["line breaks written as spaces"] += breaks
        spans = [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]
        file.write(format_inline(doc.text, spans) + "\n")


def write_jsonl(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """Write a JSON object per line: `text`, `entities`, `id` and `lang`; offsets count characters, end exclusive.

    An entity has `start`, `end`, `label`, and, where they are set, `score`, `kb_id` and `id`. An unlabelled text has no
    `entities`. A partly labelled one has `unlabelled`, the stretches of text without annotation: [[start, end], ...].
    """
    for doc in docs:
        file.write(json.dumps(json_of_doc(doc), ensure_ascii=False) + "\n")


def json_of_doc(doc: Doc) -> dict[str, Any]:
    """A doc as `write_jsonl` writes it."""
    data: dict[str, Any] = {"text": doc.text}
    unlabelled = unlabelled_ranges(doc)
    if not unlabelled or doc.has_annotation("ENT_IOB"):
        data["entities"] = [json_of_entity(entity) for entity in doc.ents]
        if unlabelled:
            data["unlabelled"] = unlabelled
    meta = meta_of(doc)
    return {**data, **{key: meta[key] for key in ("id", "lang") if meta.get(key) is not None}}


def json_of_entity(entity: Span) -> dict[str, Any]:
    """An entity as `write_jsonl` writes it."""
    optional = {"score": confidence_of(entity), "kb_id": entity.kb_id_, "id": entity.id_}
    found = {"start": entity.start_char, "end": entity.end_char, "label": entity.label_}
    return {**found, **{key: value for key, value in optional.items() if value not in (None, "")}}


WRITERS: dict[str, Callable[[TextIO, Iterable[Doc], Counter[str]], None]] = {
    "columns": write_columns,
    "inline": write_inline,
    "jsonl": write_jsonl,
}
