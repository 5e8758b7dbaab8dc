"""The page of `xner align show`: links, similarities and projected entities of sentence pairs, in one HTML file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from spacy.tokens import Doc

from ..alignment.types import Alignment
from ..projection import Projection
from .entities_html import shown_entities

LINE_HEIGHT = 26  # pixels of a word, as in the template
TABLE_WORDS = 120  # of a side that the table of similarities shows: browsers are slow with more than 15,000 cells


@dataclass(frozen=True)
class ShownPair:
    """A sentence pair and what was found out about it.

    source, target (Doc): without white space tokens.
    projection (Projection | None): where the entities of the source went, if it has labels.
    """

    number: int
    source: Doc
    target: Doc
    alignment: Alignment
    projection: Projection | None = None


def alignment_page(pairs: Iterable[ShownPair], title: str, note: str) -> str:
    """The whole page, with nothing that it would have to load."""
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True)
    shown = [as_variables(pair, opened=i == 0) for i, pair in enumerate(pairs)]
    return environment.get_template("alignment.html").render(pairs=shown, title=title, note=note)


def as_variables(pair: ShownPair, opened: bool) -> dict[str, Any]:
    """What the template says of a pair. The similarities of the first one are open."""
    source, target = ([token.text for token in doc] for doc in (pair.source, pair.target))
    links, similarity = pair.alignment.links, pair.alignment.similarity
    linked = set(links)
    variables: dict[str, Any] = {
        "number": pair.number,
        "opened": opened,
        "height": LINE_HEIGHT * max(len(source), len(target), 1),
        "source": as_words(source, {i for i, _ in links}),
        "target": as_words(target, {j for _, j in links}),
        "links": [
            {
                "y1": LINE_HEIGHT * i + LINE_HEIGHT // 2,
                "y2": LINE_HEIGHT * j + LINE_HEIGHT // 2,
                "opacity": round(0.35 + 0.65 * float(similarity[i, j]), 2),
                "title": f"{source[i]} – {target[j]}: {similarity[i, j]:.2f}",
            }
            for i, j in links
        ],
        "rows": [
            {
                "word": word,
                "cells": [
                    {"value": round(float(similarity[i, j]), 2), "linked": (i, j) in linked, "word": other}
                    for j, other in enumerate(target[:TABLE_WORDS])
                ],
            }
            for i, word in enumerate(source[:TABLE_WORDS])
        ],
        "columns": target[:TABLE_WORDS],
        "cut": max(len(source), len(target)) > TABLE_WORDS,
        "table_words": TABLE_WORDS,
    }
    if pair.projection is not None:
        ents = [(entity.start, entity.end, entity.label_, "") for entity in pair.source.ents]
        spans = [(span.start, span.end, span.label, f" {span.score:.2f}") for span in pair.projection.spans]
        variables["source_entities"] = entities_of(pair.source, ents)
        variables["target_entities"] = entities_of(pair.target, spans)
    return variables


def as_words(words: Sequence[str], linked: set[int]) -> list[dict[str, Any]]:
    return [{"text": word, "linked": i in linked} for i, word in enumerate(words)]


def entities_of(doc: Doc, spans: Sequence[tuple[int, int, str, str]]) -> Markup:
    """A sentence with its entities.

    spans: first token, the token behind the last, label, and what to write behind the label.
    """
    chars = [(doc[start:end].start_char, doc[start:end].end_char, label, behind) for start, end, label, behind in spans]
    return shown_entities(doc.text, chars)
