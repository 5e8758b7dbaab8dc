"""The page of `xner align show`: links, similarities and projected entities of sentence pairs, in one HTML file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from spacy.tokens import Doc

from ..alignment.types import Alignment
from ..projection import Projection
from .entities_html import shown_entities
from .frame import render_page
from .wording import count

LEAST = 0.05  # the least similarity that the table has in digits
WIDEST = 3  # pixels of the link of two words whose similarity is 1
TABLE_WORDS = 120  # words per side in the similarity table: browsers are slow with more than 15,000 cells


@dataclass(frozen=True)
class ShownPair:
    """A sentence pair with its alignment.

    number (int): the number of the pair, counted from 1.
    source, target (Doc): without white space tokens.
    projection (Projection | None): the projected entities, if the source has labels.
    langs (tuple[str, str]): the languages of both; "" for one that is not known.
    """

    number: int
    source: Doc
    target: Doc
    alignment: Alignment
    projection: Projection | None = None
    langs: tuple[str, str] = ("", "")


def alignment_page(pairs: Iterable[ShownPair], title: str, note: str) -> str:
    """The whole page; it is self-contained."""
    shown = [as_variables(pair, opened=i == 0) for i, pair in enumerate(pairs)]
    return render_page("alignment.html", pairs=shown, title=title, note=note, least=LEAST)


def as_variables(pair: ShownPair, opened: bool) -> dict[str, Any]:
    """Variables of the template for a pair. opened (bool): show its similarity table expanded."""
    source, target = ([token.text for token in doc] for doc in (pair.source, pair.target))
    links, similarity = pair.alignment.links, pair.alignment.similarity.clip(0, 1)
    linked = set(links)
    titles = [f"{source[i]} – {target[j]}: {similarity[i, j]:.2f}" for i, j in links]
    variables: dict[str, Any] = {
        "number": pair.number,
        "opened": opened,
        "n_words": max(len(source), len(target), 1),
        "source_lang": pair.langs[0],
        "target_lang": pair.langs[1],
        "source": as_words(source, {i for i, _ in links}),
        "target": as_words(target, {j for _, j in links}),
        "title": ". ".join([count(len(links), "link"), *titles]),
        "links": [
            {"source": i, "target": j, "width": round(1 + (WIDEST - 1) * float(similarity[i, j]), 2), "title": title}
            for (i, j), title in zip(links, titles, strict=True)
        ],
        "rows": [
            {
                "word": word,
                "cells": [
                    as_cell(float(similarity[i, j]), (i, j) in linked) | {"word": other}
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


def as_cell(similarity: float, linked: bool) -> dict[str, Any]:
    """Variables of the template for a cell of the table, which has no digits for a low similarity without a link."""
    shown = f"{similarity:.2f}" if similarity >= LEAST or linked else ""
    return {"value": round(similarity, 2), "shown": shown, "linked": linked}


def as_words(words: Sequence[str], linked: set[int]) -> list[dict[str, Any]]:
    """Variables of the template for the words of a side. linked (set[int]): places of words with a link."""
    return [{"text": word, "linked": i in linked} for i, word in enumerate(words)]


def entities_of(doc: Doc, spans: Sequence[tuple[int, int, str, str]]) -> Markup:
    """A sentence with its entities.

    spans: start and end token, label, and a text to append to the label.
    """
    chars = [(doc[start:end].start_char, doc[start:end].end_char, label, suffix) for start, end, label, suffix in spans]
    return shown_entities(doc.text, chars)
