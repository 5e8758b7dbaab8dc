"""The custom attributes of spacy-xner on Doc and Span."""

from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc, Span

from .. import compat_spacy
from ..errors import XnerError
from . import source_doc  # noqa: F401  (so that `doc._.xner_source` can be written and read)

SOFT_LABELS = "xner_soft_labels"
CONFIDENCE = "confidence"
SCORED_LABEL = "confidence_label"  # the label of the span that the score at its place is for


def install_extensions() -> None:
    """Register the attributes; safe to call any number of times.

    - `doc._.xner_source`: the source-language `Doc` that `xner_projector` projects from, or None.
    - `doc._.xner_meta`: corpus data of the doc, as plain JSON: `id`, `lang`, `provenance` (a list of steps, each a dict
      with a `step` name), `score` in [0, 1]. Steps that make a doc from a doc of another language keep what it was made
      from and by, see `corpus/provenance.py`.
    - `doc._.xner_soft_labels`: a distribution over tags for each token, see `annotations/soft_labels.py`, or None.
    - `span._.confidence`: probability or projection score in [0, 1], or None. It belongs to a place and a label: a span
      at the same place that has another label, such as one of an `entity_ruler`, has none. Other packages may use this
      name too: it is only registered by this function. If it is a plain attribute already, it stays one, and
      `confidence_of` checks the label.

    RAISES: XnerError where `span._.confidence` is a getter or a method of other code.
    """
    _install_own()
    if not Span.has_extension(CONFIDENCE):
        Span.set_extension(CONFIDENCE, getter=get_confidence, setter=set_confidence)
    _, method, getter, _ = Span.get_extension(CONFIDENCE)
    if method is not None or getter not in (None, get_confidence):
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


def get_confidence(span: Span) -> Any:
    """The value of `span._.confidence`; None where it was set for a span with another label."""
    data = span.doc.user_data
    label = data.get(compat_spacy.get_attribute_key(span, SCORED_LABEL), span.label_)
    return data.get(compat_spacy.get_attribute_key(span, CONFIDENCE)) if label == span.label_ else None


def set_confidence(span: Span, value: Any) -> None:
    """Set `span._.confidence`, for the span's place and label; for any label where the span has none."""
    data = span.doc.user_data
    data[compat_spacy.get_attribute_key(span, CONFIDENCE)] = value
    key = compat_spacy.get_attribute_key(span, SCORED_LABEL)
    if span.label_:
        data[key] = span.label_
    else:  # `Doc.from_json` sets attributes so
        data.pop(key, None)


def confidence_of(span: Span) -> float | None:
    """The score of an entity, or None: where it has none, or the score at its place is one of another label."""
    if not Span.has_extension(CONFIDENCE):
        return None
    label = span.doc.user_data.get(compat_spacy.get_attribute_key(span, SCORED_LABEL), span.label_)
    found = span._.get(CONFIDENCE) if label == span.label_ else None
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
