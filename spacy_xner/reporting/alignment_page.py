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

LINE_HEIGHT = 26  # pixels of a word; the template has the same number
TABLE_WORDS = 120  # words per side in the similarity table: browsers are slow with more than 15,000 cells


@dataclass(frozen=True)
class ShownPair:
    """A sentence pair with its alignment.

    number (int): the number of the pair, counted from 1.
    source, target (Doc): without white space tokens.
    projection (Projection | None): the projected entities, if the source has labels.
    """

    number: int
    source: Doc
    target: Doc
    alignment: Alignment
    projection: Projection | None = None


def alignment_page(pairs: Iterable[ShownPair], title: str, note: str) -> str:
    """The whole page; it is self-contained."""
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True)
    shown = [as_variables(pair, opened=i == 0) for i, pair in enumerate(pairs)]
    return environment.get_template("alignment.html").render(pairs=shown, title=title, note=note)


def as_variables(pair: ShownPair, opened: bool) -> dict[str, Any]:
    """Variables of the template for a pair. opened (bool): show its similarity table expanded."""
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
    """Variables of the template for the words of a side. linked (set[int]): places of words with a link."""
    return [{"text": word, "linked": i in linked} for i, word in enumerate(words)]


def entities_of(doc: Doc, spans: Sequence[tuple[int, int, str, str]]) -> Markup:
    """A sentence with its entities.

    spans: start and end token, label, and a text to append to the label.
    """
    chars = [(doc[start:end].start_char, doc[start:end].end_char, label, suffix) for start, end, label, suffix in spans]
    return shown_entities(doc.text, chars)
