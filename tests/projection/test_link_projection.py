"""Where spans land, and with which score."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.alignment import Alignment
from spacy_xner.errors import XnerError
from spacy_xner.projection.link_projection import LinkProjection, is_punctuation
from spacy_xner.projection.types import Projection

from .util import spans_of


def project(
    links: list[tuple[int, int]],
    *spans: tuple[int, int],
    source: str = "a b c d e f",
    target: str = "A B C D E F",
    similarity: float = 1.0,
    unaligned: float = 0.5,
) -> Projection:
    words = source.split(), target.split()
    matrix = np.full((len(words[0]), len(words[1])), similarity, dtype=np.float32)
    return LinkProjection(unaligned).project(spans_of(*spans), *words, Alignment(links, matrix))


def places(found: Projection) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in found.spans]


def test_one_to_one() -> None:
    (span,) = project([(1, 3), (2, 4)], (1, 3)).spans
    assert (span.start, span.end, span.label, span.source_start, span.source_end) == (3, 5, "S0", 1, 3)
    assert span.score == pytest.approx(1.0)


def test_order_of_words_does_not_matter() -> None:
    assert places(project([(1, 4), (2, 3)], (1, 3))) == [(3, 5)]


def test_spans_come_in_the_order_of_the_target() -> None:
    found = project([(0, 4), (3, 1)], (0, 1), (3, 4))
    assert [(span.start, span.label) for span in found.spans] == [(1, "S1"), (4, "S0")]


def test_a_gap_of_unaligned_words_is_filled() -> None:
    """goat cheese -> queso de cabra"""
    found = project([(0, 2), (1, 0)], (0, 2), target="queso de cabra")
    assert places(found) == [(0, 3)]
    assert 0.5 < found.spans[0].score < 1


def test_an_outlier_is_left_out() -> None:
    """One of three words is linked with the far end of the sentence, across words of others."""
    target = "A B C D E F G H I J"
    links = [(0, 0), (1, 1), (2, 9), (3, 3), (4, 4), (5, 5)]
    assert places(project(links, (0, 3), target=target)) == [(0, 2)]


def test_unaligned_words_are_never_at_the_edge() -> None:
    """the bank -> an article beside it that nothing is linked with"""
    assert places(project([(1, 2)], (0, 2), target="x la banca x")) == [(2, 3)]


def test_unspaced_neighbours_are_taken_along() -> None:
    """Merkel visited -> 默 克 尔 访 问, with 克 尔 unaligned and more like Merkel than like visited."""
    similarity = np.full((2, 5), 0.5, dtype=np.float32)
    similarity[0, :3] = 0.9
    alignment = Alignment([(0, 0), (1, 3)], similarity)
    for target, place in (("默克尔访问", (0, 3)), ("abcde", (0, 1))):
        found = LinkProjection().project(spans_of((0, 1)), ["Merkel", "visited"], list(target), alignment)
        assert places(found) == [place]


def test_punctuation_at_the_edge() -> None:
    links = [(0, 0), (1, 1), (2, 2)]
    assert places(project(links, (0, 3), source="a b c", target="« A »")) == [(1, 2)]
    assert places(project(links, (0, 3), source="« b »", target="« A »")) == [(0, 3)]


def test_only_punctuation_is_no_counterpart() -> None:
    found = project([(0, 0)], (0, 1), source="a", target=".")
    assert (found.spans, found.missing[0].reason) == ([], "missing")


def test_missing() -> None:
    found = project([(0, 0)], (0, 1), (2, 4))
    assert places(found) == [(0, 1)]
    (lost,) = found.missing
    assert (lost.start, lost.end, lost.label, lost.reason) == (2, 4, "S1", "missing")
    assert not found.complete
    assert found.score == 0


def test_overlaps_go_to_the_higher_score() -> None:
    """Both are linked with word 2; the one with all its words there wins, the other keeps what is left, or nothing."""
    found = project([(0, 2), (1, 3), (2, 2)], (0, 2), (2, 3))
    assert places(found) == [(2, 4)]
    assert [(lost.label, lost.reason) for lost in found.missing] == [("S1", "overlapping")]
    found = project([(0, 2), (1, 2), (2, 2), (2, 3)], (0, 2), (2, 3))
    assert places(found) == [(2, 3), (3, 4)]


def test_a_list_stays_apart() -> None:
    """A, B and C in a list: no span runs across the others, whatever stray links say."""
    links = [(0, 0), (2, 2), (4, 4), (0, 4), (1, 1), (3, 3)]
    found = project(links, (0, 1), (2, 3), (4, 5), source="a , c , e", target="A , C , E")
    assert places(found) == [(0, 1), (2, 3), (4, 5)]


def test_score_is_f1_by_similarity() -> None:
    # precision (1 + 0.5 + 1) / 3, recall 2 / 3: one source word has no link
    (span,) = project([(0, 0), (2, 2)], (0, 3), similarity=0.8).spans
    precision, recall = 2.5 / 3, 2 / 3
    assert span.score == pytest.approx(0.8 * 2 * precision * recall / (precision + recall))


def test_unaligned_setting() -> None:
    assert places(project([(0, 0), (1, 5)], (0, 2), unaligned=1.0)) == [(0, 6)]
    assert places(project([(0, 0), (1, 5)], (0, 2), unaligned=0.0)) == [(0, 1)]
    with pytest.raises(XnerError, match=r"unaligned of the projection is 1\.5: expected a number from 0 to 1"):
        LinkProjection(1.5)


@pytest.mark.parametrize("span", [(2, 2), (-1, 1), (5, 7), (3, 1)])
def test_span_outside(span: tuple[int, int]) -> None:
    with pytest.raises(XnerError, match="is not inside its sentence of 6 words"):
        project([], span)


@pytest.mark.parametrize(
    ("word", "expected"),
    [(".", True), ("«", True), ("。", True), ("", True), ("a.", False), ("$", False), ("😀", False)],
)
def test_is_punctuation(word: str, expected: bool) -> None:
    assert is_punctuation(word) is expected


WORD = st.sampled_from(["a", "Berlin", ",", "的", "😀", "x."])


@st.composite
def sentence_pairs(draw: st.DrawFn) -> tuple[list[str], list[str], list[tuple[int, int]], Alignment]:
    source, target = draw(st.lists(WORD, max_size=8)), draw(st.lists(WORD, max_size=8))
    bounds = sorted(draw(st.sets(st.integers(0, len(source)))))
    spans = [pair for pair in pairwise(bounds) if draw(st.booleans())]
    indices = st.tuples(st.integers(0, max(0, len(source) - 1)), st.integers(0, max(0, len(target) - 1)))
    links = sorted(draw(st.sets(indices))) if source and target else []
    seed = draw(st.integers(0, 9))
    similarity = np.random.default_rng(seed).random((len(source), len(target)), dtype=np.float32)
    return source, target, spans, Alignment(links, similarity)


@given(sentence_pairs())
def test_what_always_holds(pair: tuple[list[str], list[str], list[tuple[int, int]], Alignment]) -> None:
    source, target, spans, alignment = pair
    found = LinkProjection().project(spans_of(*spans), source, target, alignment)
    # every span is accounted for, once
    arrived = [(span.source_start, span.source_end) for span in found.spans]
    lost = [(span.start, span.end) for span in found.missing]
    assert sorted(arrived + lost) == sorted(spans)
    # in order, no overlaps, inside the sentence, scores in range
    bounds = [bound for span in found.spans for bound in (span.start, span.end)]
    assert bounds == sorted(bounds)
    for span in found.spans:
        assert 0 <= span.start < span.end <= len(target)
        assert 0 < span.score <= 1
        # nothing is invented: both edges are linked with the span's own words, or with none and unspaced
        links = {j for i, j in alignment.links if span.source_start <= i < span.source_end}
        assert links & set(range(span.start, span.end))
        aligned = {j for _, j in alignment.links}
        for edge in {span.start, span.end - 1} - links:
            assert target[edge] == "的"
            assert edge not in aligned
    for missing in found.missing:
        if missing.reason == "overlapping":
            assert any(missing.start <= i < missing.end for i, _ in alignment.links)
