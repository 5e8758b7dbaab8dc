"""Teacher and projection combined span by span: where they disagree, the one with the higher score is learned from."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from spacy.tokens import Doc

from ..annotations.attributes import confidence_of
from ..annotations.entities import PlainSpan, ScoredSpan, set_spans
from ..annotations.soft_labels import get_soft_labels, store_soft_labels
from ..errors import XnerError

OUTSIDE = "O"
COUNTS = ("disagreements: the projection is chosen", "disagreements: the teacher is chosen")


class Disagreement(NamedTuple):
    """A stretch of tokens in which teacher and projection do not find the same, `start` to `end` (exclusive).

    teacher, projected (list[ScoredSpan]): what each finds there; one of them may find nothing.
    """

    start: int
    end: int
    teacher: list[ScoredSpan]
    projected: list[ScoredSpan]


def combine_spans(doc: Doc, projected: Sequence[ScoredSpan], counts: Counter[str]) -> None:
    """Set projected entities on a doc that has a teacher's entities and soft labels, in place.

    Where both find the same spans, and where both find none, tokens have both labels, the hard one of the projection
    and the soft one of the teacher. In a stretch of tokens where they disagree (see `disagreements`), they have the
    label of the one with the higher score alone:

    - the teacher's score is the lowest confidence of its entities there (1 for those of other components); where it
      finds none, the lowest probability of a token there to be outside of entities;
    - the projection's score is the lowest of its spans there; where it has none, 1 less that of the teacher: an entity
      that only the teacher finds is learned if it is more likely than not.

    With equal scores the projection is chosen: it has seen the source sentence.

    counts (Counter[str]): receives `COUNTS`.
    RAISES: XnerError for a doc without soft labels.
    """
    found = get_soft_labels(doc)
    if found is None:
        raise XnerError(f"The text '{doc.text[:60]}' has no soft labels: expected those of a teacher.")
    tags, probabilities = found
    outside = probabilities[:, tags.index(OUTSIDE)]
    of_teacher = [
        PlainSpan(e.start, e.end, e.label_, 1.0 if (score := confidence_of(e)) is None else score) for e in doc.ents
    ]
    kept, without_hard, soft = list(projected), [], probabilities.copy()
    counts.update(dict.fromkeys(COUNTS, 0))
    for each in disagreements(of_teacher, projected):
        teacher = min((s.score for s in each.teacher), default=float(outside[each.start : each.end].min()))
        projection = min((s.score for s in each.projected), default=1 - teacher)
        if projection >= teacher:
            counts[COUNTS[0]] += 1
            soft[each.start : each.end] = 0
        else:
            counts[COUNTS[1]] += 1
            without_hard.append(doc[each.start : each.end])
            kept = [span for span in kept if span not in each.projected]
    set_spans(doc, kept)
    doc.set_ents(list(doc.ents), missing=without_hard, default="outside")
    store_soft_labels(doc, tags, soft)


def disagreements(teacher: Sequence[ScoredSpan], projected: Sequence[ScoredSpan]) -> list[Disagreement]:
    """The stretches of tokens in which two sets of spans differ, in order.

    Spans that are in both (with the same label) agree. The others are joined to stretches: those that overlap, also
    through a third one, are in the same. Spans of one set do not overlap each other.
    """
    places = [{(s.start, s.end, s.label) for s in spans} for spans in (teacher, projected)]
    both = places[0] & places[1]
    different = [
        (span, of_teacher)
        for spans, of_teacher in ((teacher, True), (projected, False))
        for span in spans
        if (span.start, span.end, span.label) not in both
    ]
    found: list[Disagreement] = []
    for span, of_teacher in sorted(different, key=lambda pair: (pair[0].start, pair[0].end)):
        if found and span.start < found[-1].end:
            last = found.pop()
            found.append(last._replace(end=max(last.end, span.end)))
        else:
            found.append(Disagreement(span.start, span.end, [], []))
        (found[-1].teacher if of_teacher else found[-1].projected).append(span)
    return found
