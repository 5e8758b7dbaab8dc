"""Rows from docs, and docs from rows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from spacy.tokens import Doc, Span, SpanGroup
from spacy.vocab import Vocab

from ..annotations.attributes import (
    CONFIDENCE,
    SCORED_LABEL,
    SOFT_LABELS,
    confidence_of,
    install_extensions,
    meta_of,
    set_confidence,
)
from ..annotations.entities import SPANS_KEY
from ..annotations.scored_spans import SCORES, ScoredSpans
from ..annotations.soft_labels import get_soft_labels, store_soft_labels
from ..errors import XnerError
from .row import AnySpan, Groups, Row, RowSpan, SoftLabels, problem_of

OTHER_ANNOTATION = "docs with annotation that rows do not hold (tags, lemmas, parses, categories, other attributes)"
BLOCKED = "words on which no entity may be set, read as outside of entities"
HELD_ATTRIBUTES = {"xner_meta", SOFT_LABELS, CONFIDENCE, SCORED_LABEL}  # those of other packages are not held
MISSING, OUTSIDE, BEGIN = 0, 2, 3  # values of ENT_IOB


def row_of_doc(doc: Doc, counts: Counter[str] | None = None) -> Row:
    """The row of a doc, labelled or not, as its source side; there is no target.

    counts (Counter[str] | None): receives the numbers of docs with other annotation, which is left out, and of words
        that are blocked for entities.
    RAISES: XnerError for a doc without id and language in its meta, and for malformed soft labels.
    """
    meta = meta_of(doc)
    if not {"id", "lang"} <= meta.keys():
        raise XnerError(f"The doc '{doc.text[:60]}' has no id and language in doc._.xner_meta, expected both.")
    side = {f"source_{name}": value for name, value in _side_of(doc, counts).items()}
    soft = _soft_labels_of(doc)
    return Row(source_lang=str(meta["lang"]), soft_labels=soft, **_fields_of(meta), **side)


def row_of_pair(source: Doc, target: Doc, counts: Counter[str] | None = None) -> Row:
    """The row of a doc and its translation. Arguments and errors as in `row_of_doc`."""
    return with_target(row_of_doc(source, counts), target, counts)


def with_target(row: Row, target: Doc, counts: Counter[str] | None = None) -> Row:
    """The row with another target doc; its source stays. Arguments and errors as in `row_of_doc`."""
    made = row_of_doc(target, counts)
    source_meta = row.source_meta if row.words is not None else full_meta(row)
    side = {name.removeprefix("source_"): getattr(made, name) for name in SIDE}
    found = {name: getattr(made, name) for name in ("id", "lang", "score", "meta", "soft_labels")}
    return replace(row, source_meta=source_meta, **side, **found)


def with_doc(row: Row, doc: Doc, counts: Counter[str] | None = None) -> Row:
    """The row with another doc in the place of that of `doc_of`."""
    return row_of_doc(doc, counts) if row.words is None else with_target(row, doc, counts)


def source_doc(row: Row, vocab: Vocab) -> Doc:
    """The source doc of a row, with its meta. RAISES: XnerError for a row with errors, see `problem_of`."""
    check_row(row)
    side = {name.removeprefix("source_"): getattr(row, name) for name in SIDE}
    doc = _doc_of_side(vocab, full_meta(row) if row.words is None else dict(row.source_meta), **side)
    if row.words is None:
        _set_soft_labels(doc, row.soft_labels)
    return doc


def target_doc(row: Row, vocab: Vocab) -> Doc:
    """The target doc of a row, with its meta. RAISES: XnerError for a row without a target or with errors."""
    check_row(row)
    if row.words is None:
        raise XnerError(f"The row {row.id} has no target words, expected a translation. Translate the rows first.")
    names = [name.removeprefix("source_") for name in SIDE]
    doc = _doc_of_side(vocab, full_meta(row), **{name: getattr(row, name) for name in names})
    _set_soft_labels(doc, row.soft_labels)
    return doc


def doc_of(row: Row, vocab: Vocab) -> Doc:
    """The target doc of a row; of a row without a target, the source doc."""
    return source_doc(row, vocab) if row.words is None else target_doc(row, vocab)


def full_meta(row: Row) -> dict[str, Any]:
    """The row's `doc._.xner_meta`, a copy."""
    return {"id": row.id, "lang": row.lang, "score": row.score, **row.meta}


def check_row(row: Row, where: str = "") -> None:
    """RAISES: XnerError for a row of which no docs can be made. where (str): names the row in the message."""
    if problem := problem_of(row):
        raise XnerError(f"{where or f'The row {row.id}'}: {problem}.")


SIDE = (
    "source_words",
    "source_spaces",
    "source_spans",
    "source_complete",
    "source_outside",
    "source_groups",
    "source_sent_starts",
)


def _fields_of(meta: dict[str, Any]) -> dict[str, Any]:
    others = {name: _with_lists(value) for name, value in meta.items() if name not in ("id", "lang", "score")}
    return {"id": str(meta["id"]), "lang": str(meta["lang"]), "score": float(meta.get("score", 1.0)), "meta": others}


def _with_lists(value: Any) -> Any:
    """A value of JSON with lists in place of the tuples that DocBins give."""
    if isinstance(value, list | tuple):
        return [_with_lists(each) for each in value]
    return {name: _with_lists(each) for name, each in value.items()} if isinstance(value, dict) else value


def _side_of(doc: Doc, counts: Counter[str] | None) -> dict[str, Any]:
    """Words, spans and other annotation of a doc, by the names of the target's fields."""
    install_extensions()
    spans = None
    complete, outside = False, list[int]()
    if doc.has_annotation("ENT_IOB"):
        spans = [_row_span(entity, confidence_of(entity)) for entity in doc.ents]
        tags = doc.to_array(["ENT_IOB", "ENT_TYPE"]).reshape(len(doc), 2)
        blocked = (tags[:, 0] == BEGIN) & (tags[:, 1] == 0)
        complete = bool((tags[:, 0] != MISSING).all())
        outside = [] if complete else ((tags[:, 0] == OUTSIDE) | blocked).nonzero()[0].tolist()
        if counts is not None and blocked.any():
            counts[BLOCKED] += int(blocked.sum())
    starts = doc.to_array("SENT_START").astype(np.int64).tolist()
    if counts is not None and has_other_annotation(doc):
        counts[OTHER_ANNOTATION] += 1
    return {
        "words": [token.text for token in doc],
        "spaces": [] if doc.has_unknown_spaces else [bool(token.whitespace_) for token in doc],
        "spans": spans,
        "complete": complete,
        "outside": outside,
        "groups": _groups_of(doc, spans or []),
        "sent_starts": None if starts == [1, *[0] * (len(doc) - 1)][: len(doc)] else starts,  # as in a new doc
    }


def _groups_of(doc: Doc, entities: Sequence[RowSpan]) -> Groups:
    """The span groups of a doc, see `Groups`."""
    groups: Groups = {}
    scored = [each for each in entities if each.score is not None]
    for key, group in doc.spans.items():
        scores = list(group.attrs.get(SCORES) or [])
        scores = scores if len(scores) == len(group) else [None] * len(group)
        found = [_row_span(span, score) for span, score in zip(group, scores, strict=True)]
        groups[key] = None if key == SPANS_KEY and found == scored else found
    return groups


def _row_span(span: Span, score: float | None) -> RowSpan:
    return RowSpan(span.start, span.end, span.label_, None if score is None else float(score), span.kb_id_, span.id_)


def has_other_annotation(doc: Doc) -> bool:
    """Whether a doc has annotation that a row does not hold."""
    held = all(
        isinstance(key, tuple) and len(key) == 4 and key[0] == "._." and key[1] in HELD_ATTRIBUTES
        for key, value in doc.user_data.items()
        if value is not None
    )
    return bool(not held or doc.cats or doc.to_array(["TAG", "POS", "LEMMA", "MORPH", "DEP"]).any())


def _doc_of_side(
    vocab: Vocab,
    meta: dict[str, Any],
    words: list[str],
    spaces: list[bool],
    spans: Sequence[AnySpan] | None,
    complete: bool,
    outside: list[int],
    groups: Groups,
    sent_starts: list[bool | int | None] | None,
) -> Doc:
    install_extensions()
    doc = Doc(vocab, words=words, spaces=spaces or None if words else [], sent_starts=sent_starts)
    doc._.xner_meta = meta  # first, as in a doc that was read from a file and then labelled: the same bytes
    if spans is not None:
        entities = [_span_of(doc, span) for span in spans]
        known = [doc[number : number + 1] for number in outside]
        doc.set_ents(entities, outside=known, default="outside" if complete else "missing")
        scored = [(entity, span.score) for entity, span in zip(entities, spans, strict=True) if span.score is not None]
        for entity, score in scored:
            set_confidence(entity, score)
    for key, given in groups.items():
        group = [span for span in spans or () if span.score is not None] if given is None else given
        scores = [span.score for span in group if span.score is not None]
        _set_group(doc, key, [_span_of(doc, span) for span in group], scores if len(scores) == len(group) else None)
    return doc


def _set_group(doc: Doc, key: str, spans: list[Span], scores: list[float] | None) -> None:
    attrs = {} if scores is None or (not spans and key != SPANS_KEY) else {SCORES: scores}
    group = ScoredSpans if key == SPANS_KEY else SpanGroup
    doc.spans[key] = group(doc, name=key, attrs=attrs, spans=spans)


def _span_of(doc: Doc, span: AnySpan) -> Span:
    return Span(doc, span.start, span.end, label=span.label, kb_id=span.kb_id, span_id=span.span_id)


def _soft_labels_of(doc: Doc) -> SoftLabels | None:
    soft = get_soft_labels(doc)
    return None if soft is None else SoftLabels(soft[0], np.array(soft[1], dtype=np.float32))


def _set_soft_labels(doc: Doc, soft: SoftLabels | None) -> None:
    if soft is not None:
        store_soft_labels(doc, soft.tags, soft.probabilities)
