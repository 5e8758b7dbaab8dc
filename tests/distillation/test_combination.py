"""Teacher and projection combined span by span."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_xner.annotations.entities import PlainSpan, set_spans
from spacy_xner.annotations.soft_labels import get_soft_labels, set_soft_labels
from spacy_xner.distillation.combination import combine_spans, disagreements
from spacy_xner.errors import XnerError

TAGS = ("O", "U-PER")
OUTSIDE = (0.9, 0.8, 0.3, 0.6, 0.7, 0.95)


def doc_of(teacher: list[PlainSpan]) -> Doc:
    """Six tokens, with the teacher's entities and its probabilities of being outside."""
    doc = Doc(Vocab(), words=list("abcdef"))
    set_spans(doc, teacher)
    set_soft_labels(doc, TAGS, [(p, 1 - p) for p in OUTSIDE])
    return doc


def per(start: int, end: int, score: float, label: str = "PER") -> PlainSpan:
    return PlainSpan(start, end, label, score)


@pytest.mark.parametrize(
    ("teacher", "projected", "chosen", "entities", "hard", "soft"),
    [
        # the same: both labels everywhere
        ([per(0, 2, 0.1)], [per(0, 2, 0.9)], (0, 0), [(0, 2, "PER")], "111111", "111111"),
        ([], [], (0, 0), [], "111111", "111111"),
        # another label, another end
        ([per(0, 2, 0.6)], [per(0, 2, 0.9, "LOC")], (1, 0), [(0, 2, "LOC")], "111111", "001111"),
        ([per(0, 2, 0.9)], [per(0, 2, 0.6, "LOC")], (0, 1), [], "001111", "111111"),
        ([per(0, 2, 0.6)], [per(1, 3, 0.6)], (1, 0), [(1, 3, "PER")], "111111", "000111"),
        # one of two spans is equal: the other is a stretch of its own
        ([per(0, 2, 0.9), per(4, 5, 0.9)], [per(0, 2, 0.1)], (0, 1), [(0, 2, "PER")], "111101", "111111"),
        # projected alone: against the teacher's probability that all of its tokens are outside
        ([], [per(1, 3, 0.31)], (1, 0), [(1, 3, "PER")], "111111", "100111"),
        ([], [per(1, 3, 0.29)], (0, 1), [], "100111", "111111"),
        # found by the teacher alone: more likely than not?
        ([per(3, 4, 0.51)], [], (0, 1), [], "111011", "111111"),
        ([per(3, 4, 0.49)], [], (1, 0), [], "111111", "111011"),
        # joined by a third span; the lowest score of each side
        (
            [per(0, 2, 0.9), per(3, 5, 0.2)],
            [per(1, 4, 0.3)],
            (1, 0),
            [(1, 4, "PER")],
            "111111",
            "000001",
        ),
    ],
)
def test_by_hand(
    teacher: list[PlainSpan],
    projected: list[PlainSpan],
    chosen: tuple[int, int],
    entities: list[tuple[int, int, str]],
    hard: str,
    soft: str,
) -> None:
    """hard, soft: for each token whether it has that label; O is one."""
    doc = doc_of(teacher)
    counts: Counter[str] = Counter()
    combine_spans(doc, projected, counts)
    assert tuple(counts.values()) == chosen
    assert [(e.start, e.end, e.label_) for e in doc.ents] == entities
    assert "".join(str(int(t.ent_iob != 0)) for t in doc) == hard
    found = get_soft_labels(doc)
    assert found is not None
    assert "".join(str(int(row.any())) for row in found[1]) == soft
    kept = found[1].any(axis=1)
    np.testing.assert_allclose(found[1][kept, 0], np.array(OUTSIDE, dtype="f")[kept])


def test_scores_and_identifiers_of_projected_spans_stay() -> None:
    doc = doc_of([per(0, 1, 0.9)])
    combine_spans(doc, [PlainSpan(0, 1, "PER", 0.4, "Q1", "x"), per(2, 3, 0.8)], Counter())
    first, second = doc.ents
    assert (first.kb_id_, first.id_, first._.confidence, second._.confidence) == ("Q1", "x", 0.4, 0.8)


def test_without_soft_labels() -> None:
    with pytest.raises(XnerError, match="'a ' has no soft labels: expected those of a teacher"):
        combine_spans(Doc(Vocab(), words=["a"]), [], Counter())


@st.composite
def spans(draw: st.DrawFn) -> list[PlainSpan]:
    """Spans of 12 tokens that do not overlap."""
    ends = sorted(draw(st.sets(st.integers(0, 12), max_size=8)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    return [per(start, end, 0.5, draw(st.sampled_from(["PER", "LOC"]))) for start, end in pairs]


@given(spans(), spans())
def test_stretches(teacher: list[PlainSpan], projected: list[PlainSpan]) -> None:
    """They do not overlap, and hold each span that is not in both sets, and no other."""
    found = disagreements(teacher, projected)
    assert all(one.end <= other.start for one, other in pairwise(found))
    both = {span for span in teacher if span in projected}
    assert [span for each in found for span in each.teacher] == [span for span in teacher if span not in both]
    assert [span for each in found for span in each.projected] == [span for span in projected if span not in both]
    for each in found:
        inside = [*each.teacher, *each.projected]
        assert each.start == min(span.start for span in inside)
        assert each.end == max(span.end for span in inside)
        assert not any(span.start < each.end and each.start < span.end for span in both)
