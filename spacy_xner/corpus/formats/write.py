"""Write docs with entities to text formats: columns, inline, JSON lines.

Columns and inline text say of each token whether it is in an entity. They cannot hold unlabelled and partly labelled
docs (see `unlabelled_ranges`): these are left out and counted. JSON lines hold all.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from spacy.tokens import Doc, Span

from ...annotations.attributes import confidence_of, meta_of, unlabelled_ranges
from ...errors import XnerError
from .inline import format_inline

# Labels that a text format can hold, so that they are read back unchanged.
LABELS = {"inline": re.compile(r"[^\s()\[\]]+"), "columns": re.compile(r"\S+")}
# What a cell of a column file cannot hold inside, and at its edges: readers take U+FEFF for a byte order mark.
UNWRITABLE = re.compile("[\t\n\r\0]+")
EDGES = " \ufeff"


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


def write_columns(file: TextIO, docs: Iterable[Doc], counts: Counter[str], comments: bool = False) -> None:
    """Write a token, a tab and its IOB2 tag per line, and a blank line after each sentence; without space tokens.

    Nothing is in a column but what a reader finds there again: a token with tabs, line breaks or blanks at an edge is
    written with single blanks between its parts, and counted.

    comments (bool): write what a doc's meta and text say before its tokens: `# id = ...`, `# lang = ...`, and
        `# text = ...`, from which readers take the spaces. Blanks in ids are written as _, and counted.
    """
    for doc in fully_labelled(docs, counts):
        rows = rows_of(doc, counts)
        if not rows:
            counts["empty sentences left out"] += 1
            continue
        head = comments_of(doc, rows, counts) if comments else []
        file.writelines([*head, *(f"{row.token}\t{row.tag}\n" for row in rows), "\n"])


class TaggedToken(NamedTuple):
    """A token as it is written in a column file, with its IOB2 tag, and whether a space follows it in the text."""

    token: str
    tag: str
    space: bool


def rows_of(doc: Doc, counts: Counter[str]) -> list[TaggedToken]:
    """The tokens of a doc for a column file.

    counts (Counter[str]): receives "tokens of white space left out", and "tokens with blanks at an edge, tabs or line
        breaks, written with single blanks".
    """
    rows: list[TaggedToken] = []
    begins = ""  # the label of an entity whose first tokens were left out
    for token in doc:
        written = "" if token.is_space else UNWRITABLE.sub(" ", token.text).strip(EDGES)
        if token.ent_iob_ == "B" or not token.ent_type_:
            begins = token.ent_type_
        if token.is_space:
            counts["tokens of white space left out"] += 1
        elif written != token.text:
            counts["tokens with blanks at an edge, tabs or line breaks, written with single blanks"] += 1
        if written:
            tag = f"{'B' if begins else 'I'}-{token.ent_type_}" if token.ent_type_ else "O"
            rows.append(TaggedToken(written, tag, bool(token.whitespace_)))
            begins = ""
        elif rows and (token.is_space or token.whitespace_):
            rows[-1] = rows[-1]._replace(space=True)
    return rows


def comments_of(doc: Doc, rows: Iterable[TaggedToken], counts: Counter[str]) -> list[str]:
    """The lines of comments before a doc's rows in a column file."""
    meta = meta_of(doc)
    name = "_".join(str(meta.get("id") or "").split())
    counts["ids with blanks, written as _"] += name != str(meta.get("id") or "")
    text = "".join(row.token + " " * row.space for row in rows).strip()
    lang = meta.get("lang")
    known = {"id": name, "lang": None if lang == "xx" else lang, "text": text}  # xx: spaCy's code for any language
    return [f"# {key} = {value}\n" for key, value in known.items() if value]


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
