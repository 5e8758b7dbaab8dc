"""The custom attributes that spacy-xner keeps on Doc and Span."""

from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc, Span

SPANS_KEY = "xner"
SOFT_LABELS = "xner_soft_labels"


def install_extensions() -> None:
    """Register the attributes; safe to call any number of times.

    - `doc._.xner_source`: the source-language `Doc` that `xner_projector` projects from, or None.
    - `doc._.xner_meta`: what a corpus knows of the doc, as plain JSON: `id`, `lang`, `provenance` (a list of steps,
      each a dict with a `step` name), `score` in [0, 1].
    - `doc._.xner_soft_labels`: a distribution over tags for each token, see `spacy_xner.ner.soft_labels`, or None.
    - `span._.confidence`: probability or projection score in [0, 1], or None.
    """
    for owner, name in ((Doc, "xner_source"), (Doc, "xner_meta"), (Doc, SOFT_LABELS), (Span, "confidence")):
        if not owner.has_extension(name):
            owner.set_extension(name, default=None)


install_extensions()


def meta_of(doc: Doc) -> dict[str, Any]:
    """A copy of what the corpus knows of a doc; an empty dict where it knows nothing."""
    return dict(doc._.xner_meta or {})


def set_scored_entities(
    doc: Doc,
    spans: Sequence[Span],
    scores: Sequence[float],
    *,
    key: str = SPANS_KEY,
    given: Sequence[Span] = (),
    blocked: Sequence[Span] = (),
) -> None:
    """Set `doc.ents`, `span._.confidence` and `doc.spans[key]` with `attrs["scores"]`, as spancat does.

    spans (Sequence[Span]): spans of `doc` that do not overlap, in any order.
    scores (Sequence[float]): one score in [0, 1] for each span.
    given (Sequence[Span]): entities without a score that are kept in `doc.ents`.
    blocked (Sequence[Span]): tokens that later components may not put entities on.
    """
    order = sorted(range(len(spans)), key=lambda i: spans[i].start)
    ordered = [spans[i] for i in order]
    doc.set_ents([*ordered, *given], blocked=list(blocked))
    doc.spans[key] = ordered
    doc.spans[key].attrs["scores"] = [float(scores[i]) for i in order]
    for i in order:
        spans[i]._.confidence = float(scores[i])
