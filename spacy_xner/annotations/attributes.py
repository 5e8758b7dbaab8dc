"""The custom attributes of spacy-xner on Doc and Span."""

from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc, Span

from ..errors import XnerError
from . import source_doc  # noqa: F401  (so that `doc._.xner_source` can be written and read)

SOFT_LABELS = "xner_soft_labels"
CONFIDENCE = "confidence"


def install_extensions() -> None:
    """Register the attributes; safe to call any number of times.

    - `doc._.xner_source`: the source-language `Doc` that `xner_projector` projects from, or None.
    - `doc._.xner_meta`: corpus data of the doc, as plain JSON: `id`, `lang`, `provenance` (a list of steps, each a dict
      with a `step` name), `score` in [0, 1]. Steps that make a doc from a doc of another language keep what it was made
      from and by, see `corpus/provenance.py`.
    - `doc._.xner_soft_labels`: a distribution over tags for each token, see `annotations/soft_labels.py`, or None.
    - `span._.confidence`: probability or projection score in [0, 1], or None. Other packages may use this name too: it
      is only registered by this function, and shared with others if it is a plain attribute.

    RAISES: XnerError where `span._.confidence` is a getter or a method of other code.
    """
    _install_own()
    if not Span.has_extension(CONFIDENCE):
        Span.set_extension(CONFIDENCE, default=None)
    _, method, getter, _ = Span.get_extension(CONFIDENCE)
    if method is not None or getter is not None:
        raise XnerError(
            f"The attribute span._.{CONFIDENCE} is a {'method' if getter is None else 'getter'} of other code. "
            f"Expected none or a plain attribute, because spacy-xner stores scores of entities there. Rename the other "
            "one."
        )


def _install_own() -> None:
    for name in ("xner_source", "xner_meta", SOFT_LABELS):
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=None)


_install_own()


def confidence_of(span: Span) -> float | None:
    """The score of an entity, or None."""
    found = span._.get(CONFIDENCE) if Span.has_extension(CONFIDENCE) else None
    return None if found is None else float(found)


def unlabelled_places(doc: Doc) -> list[tuple[int, int]]:
    """Start and end (exclusive), in characters, of each token without NER annotation."""
    unknown = (doc.to_array("ENT_IOB") == 0).nonzero()[0]
    return [(doc[i].idx, doc[i].idx + len(doc[i])) for i in unknown.tolist()]


def unlabelled_ranges(doc: Doc) -> list[tuple[int, int]]:
    """Start and end (exclusive), in characters, of the stretches of tokens without NER annotation.

    Tokens of white space are neither at the edge of a stretch nor a stretch of their own: nothing is lost with them.
    """
    ranges: list[tuple[int, int]] = []
    is_open = False
    are_unknown = doc.to_array("ENT_IOB") == 0
    if not are_unknown.any():
        return ranges
    for token, unknown in zip(doc, are_unknown.tolist(), strict=True):
        if token.is_space:
            continue
        if unknown:
            start = ranges.pop()[0] if is_open else token.idx
            ranges.append((start, token.idx + len(token)))
        is_open = unknown
    return ranges


def is_fully_labelled(doc: Doc) -> bool:
    """Whether every token has NER annotation, apart from those of white space. True for an empty doc."""
    return not unlabelled_ranges(doc)


def touches(places: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of the places overlaps the characters `start` to `end` (exclusive)."""
    return any(first < end and start < last for first, last in places)


def meta_of(doc: Doc) -> dict[str, Any]:
    """A copy of the corpus data of a doc; empty if it has none."""
    return dict(doc._.xner_meta or {})
