"""Writers of text formats: docs with entities in, lines out."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import TextIO

from spacy.tokens import Doc

from .inline import format_inline


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
        spans = [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]
        file.write(format_inline(doc.text, spans) + "\n")


def write_jsonl(file: TextIO, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """A JSON object a line: text, entities with their scores, id, language."""
    for doc in docs:
        entities = [
            {"start": entity.start_char, "end": entity.end_char, "label": entity.label_, "score": entity._.confidence}
            for entity in doc.ents
        ]
        meta = doc._.xner_meta or {}
        data = {"text": doc.text, "entities": entities, "id": meta.get("id"), "lang": meta.get("lang")}
        file.write(json.dumps(data, ensure_ascii=False) + "\n")
