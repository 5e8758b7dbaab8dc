"""Writers of text formats: docs with entities in, lines out."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from spacy.tokens import Doc

from ...annotations.attributes import confidence_of
from ...errors import XnerError
from .inline import format_inline

# What the labels of text formats are made of, so that they are read back as they were.
LABELS = {"inline": re.compile(r"[^\s()\[\]]+"), "columns": re.compile(r"\S+")}


def check_labels(labels: Iterable[str], format: str, output: Path) -> None:
    """RAISES: XnerError for a label that the output's format cannot hold."""
    for label in labels:
        if format in LABELS and not LABELS[format].fullmatch(label):
            raise XnerError(
                f"{output}: the label '{label}' cannot be written in the format {format}, expected labels without "
                f"blanks{' and brackets' if format == 'inline' else ''}. Rename it, or write .jsonl or .spacy."
            )


def write_columns(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """A token a line, a tab, its IOB2 tag; a blank line after each sentence. White space tokens are left out."""
    for doc in docs:
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
    """A sentence a line, entities like links."""
    for doc in docs:
        if not doc.text.strip():
            counts["empty sentences left out"] += 1
            continue
        if breaks := sum(map(doc.text.count, "\r\n")):
            counts["line breaks written as spaces"] += breaks
        spans = [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]
        file.write(format_inline(doc.text, spans) + "\n")


def write_jsonl(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """A JSON object a line: text, entities with their scores, id, language."""
    for doc in docs:
        entities = [
            {"start": entity.start_char, "end": entity.end_char, "label": entity.label_, "score": confidence_of(entity)}
            for entity in doc.ents
        ]
        meta = doc._.xner_meta or {}
        data = {"text": doc.text, "entities": entities, "id": meta.get("id"), "lang": meta.get("lang")}
        file.write(json.dumps(data, ensure_ascii=False) + "\n")
