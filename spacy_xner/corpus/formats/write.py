"""Write docs with entities to text formats: columns, inline, JSON lines."""

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


def write_columns(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """Write a token, a tab and its IOB2 tag per line, and a blank line after each sentence; without space tokens."""
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
    """Write a sentence per line, with entities as `[name](LABEL)`."""
    for doc in docs:
        if not doc.text.strip():
            counts["empty sentences left out"] += 1
            continue
        if breaks := sum(map(doc.text.count, "\r\n")):
            counts["line breaks written as spaces"] += breaks
        spans = [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]
        file.write(format_inline(doc.text, spans) + "\n")


def write_jsonl(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """Write a JSON object per line: text, entities with their scores, id, language."""
    for doc in docs:
        entities = [
            {"start": entity.start_char, "end": entity.end_char, "label": entity.label_, "score": confidence_of(entity)}
            for entity in doc.ents
        ]
        meta = doc._.xner_meta or {}
        data = {"text": doc.text, "entities": entities, "id": meta.get("id"), "lang": meta.get("lang")}
        file.write(json.dumps(data, ensure_ascii=False) + "\n")
