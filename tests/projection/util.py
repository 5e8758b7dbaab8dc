"""Docs with entities, and their translations."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner.alignment import Alignment
from spacy_xner.projection.types import SourceSpan

SOURCE = "Angela Merkel visited New York on Monday ."
GERMAN = "Am Montag besuchte Angela Merkel New York ."


@cache
def vocab_of(lang: str) -> Vocab:
    return spacy.blank(lang).vocab


def doc_of(text: str, *spans: tuple[int, int, str], lang: str = "en") -> Doc:
    """A doc of words split at blanks, with entities."""
    doc = Doc(vocab_of(lang), words=text.split(" ") if text else [])
    doc.ents = [Span(doc, start, end, label=label) for start, end, label in spans]
    return doc


def source_doc() -> Doc:
    return doc_of(SOURCE, (0, 2, "PER"), (3, 5, "LOC"))


def entities(doc: Doc) -> list[tuple[str, str]]:
    return [(entity.text, entity.label_) for entity in doc.ents]


def spans_of(*spans: tuple[int, int]) -> list[SourceSpan]:
    return [SourceSpan(start, end, f"S{i}") for i, (start, end) in enumerate(spans)]


def aligner_config(encoder: Any, **settings: Any) -> dict[str, Any]:
    """The component's config with a certain encoder."""
    return {"aligner": {"@misc": "spacy_xner.EmbeddingAligner.v1", "model": str(encoder), **settings}}


class SomeLinks:
    """An aligner that knows the links beforehand; every similarity is 0.6, and so are affinities of linked words."""

    def __init__(self, links: list[tuple[int, int]]) -> None:
        self.identity = {"name": "some-links"}
        self.links = links
        self.n_aligned = 0

    def align(self, pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Iterator[Alignment]:
        for source, target in pairs:
            self.n_aligned += 1
            similarity = np.full((len(source), len(target)), 0.6, dtype=np.float32)
            affinity = -similarity
            for link in self.links:
                affinity[link] = 0.6
            yield Alignment(self.links, similarity, affinity)
