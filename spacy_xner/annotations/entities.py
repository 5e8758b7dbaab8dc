"""Scored entities of a doc: `doc.ents`, a span group with scores, and `span._.confidence`."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from spacy.tokens import Doc, Span

from .attributes import confidence_of, install_extensions, set_confidence
from .scored_spans import SCORES, ScoredSpans

SPANS_KEY = "xner"


def set_scored_entities(
    doc: Doc,
    spans: Sequence[Span],
    scores: Sequence[float],
    *,
    key: str = SPANS_KEY,
    given: Sequence[Span] = (),
    blocked: Sequence[Span] = (),
    complete: bool = True,
) -> None:
    """Set `doc.ents`, `span._.confidence` and `doc.spans[key]` with `attrs["scores"]`, in the format of spancat.

    spans (Sequence[Span]): spans of `doc` that do not overlap, in any order.
    scores (Sequence[float]): one score in [0, 1] for each span.
    given (Sequence[Span]): entities that are kept in `doc.ents`, and in the group if they have a score.
    blocked (Sequence[Span]): tokens on which later components must not set entities.
    complete (bool): whether the other tokens are known to be outside of entities; False: they are without annotation.
    """
    install_extensions()
    scored = [(span, float(score)) for span, score in zip(spans, scores, strict=True)]
    kept = [(span, score) for span in given if (score := confidence_of(span)) is not None]
    doc.set_ents([*spans, *given], blocked=list(blocked), default="outside" if complete else "missing")
    group = sorted([*scored, *kept], key=lambda pair: pair[0].start)
    scores = [score for _, score in group]
    doc.spans[key] = ScoredSpans(doc, name=key, attrs={SCORES: scores}, spans=[span for span, _ in group])
    for span, score in scored:
        set_confidence(span, score)


class ScoredSpan(Protocol):
    """An entity as plain values: tokens `start` to `end` (end exclusive), a score in [0, 1], "" for no identifier."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def kb_id(self) -> str: ...
    @property
    def span_id(self) -> str: ...


class PlainSpan(NamedTuple):
    """A `ScoredSpan`."""

    start: int
    end: int
    label: str
    score: float
    kb_id: str = ""
    span_id: str = ""


def set_spans(doc: Doc, spans: Iterable[ScoredSpan], *, complete: bool = True) -> None:
    """Set entities with their scores, `kb_id_` and `id_`, see `set_scored_entities`.

    spans (Iterable[ScoredSpan]): spans that do not overlap, in any order.
    complete (bool): whether these are all entities. Where one is lost, or the source is only partly labelled, any of
        the other tokens may belong to an entity: they are without annotation, which no training learns from, and not
        O.
    """
    spans = list(spans)
    entities = [Span(doc, s.start, s.end, label=s.label, kb_id=s.kb_id, span_id=s.span_id) for s in spans]
    set_scored_entities(doc, entities, [span.score for span in spans], complete=complete)
