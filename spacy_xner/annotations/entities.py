"""Scored entities of a doc: `doc.ents`, a span group with scores, and `span._.confidence`."""

from collections.abc import Sequence

from spacy.tokens import Doc, Span

from .attributes import CONFIDENCE, confidence_of, install_extensions

SPANS_KEY = "xner"


def set_scored_entities(
    doc: Doc,
    spans: Sequence[Span],
    scores: Sequence[float],
    *,
    key: str = SPANS_KEY,
    given: Sequence[Span] = (),
    blocked: Sequence[Span] = (),
) -> None:
    """Set `doc.ents`, `span._.confidence` and `doc.spans[key]` with `attrs["scores"]`, in the format of spancat.

    spans (Sequence[Span]): spans of `doc` that do not overlap, in any order.
    scores (Sequence[float]): one score in [0, 1] for each span.
    given (Sequence[Span]): entities that are kept in `doc.ents`, and in the group if they have a score.
    blocked (Sequence[Span]): tokens on which later components must not set entities.
    """
    install_extensions()
    scored = [(span, float(score)) for span, score in zip(spans, scores, strict=True)]
    kept = [(span, score) for span in given if (score := confidence_of(span)) is not None]
    doc.set_ents([*spans, *given], blocked=list(blocked))
    group = sorted([*scored, *kept], key=lambda pair: pair[0].start)
    doc.spans[key] = [span for span, _ in group]
    doc.spans[key].attrs["scores"] = [score for _, score in group]
    for span, score in scored:
        span._.set(CONFIDENCE, score)
