"""Spans by transport: hand-made affinities, gaps, articles, lists, punctuation, lengths, settings."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.affinity import PairAffinity
from spacy_xner.alignment.transport_alignment import TransportAlignment
from spacy_xner.alignment.word_kinds import is_balanced
from spacy_xner.errors import XnerError
from spacy_xner.projection import SourceSpan
from spacy_xner.projection.placing import Candidates
from spacy_xner.projection.transport_projection import TransportProjection
from spacy_xner.projection.types import Projection


def project(source: str, target: str, pairs: str, *spans: tuple[int, int], other: float = -0.2) -> Projection:
    """Project spans where words have the affinities of `pairs` ("a=A:0.8 b=B"), else `other`; 0.8 if none is said."""
    rows, columns = source.split(), target.split()
    affinity = np.full((len(rows), len(columns)), other, dtype=np.float32)
    for pair in pairs.split():
        words, _, value = pair.partition(":")
        one, another = words.split("=")
        affinity[rows.index(one), columns.index(another)] = float(value or 0.8)
    alignment = TransportAlignment(PairAffinity.of_words(affinity))
    return TransportProjection().project(
        [SourceSpan(start, end, f"L{start}") for start, end in spans], rows, columns, alignment
    )


def places(found: Projection) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in found.spans]


def test_words_without_counterpart_fill_a_gap() -> None:
    found = project(
        "goat cheese is good", "el queso de cabra es bueno", "goat=cabra cheese=queso is=es good=bueno", (0, 2)
    )
    assert places(found) == [(1, 4)]  # and the article, for which there is nothing, stays out
    assert found.spans[0].score > 0.9
    assert (found.spans[0].source_start, found.spans[0].label) == (0, "L0")


def test_an_article_that_has_only_the_noun_stays_out() -> None:
    found = project(
        "Drinks were good", "Las bebidas eran buenas", "Drinks=bebidas Drinks=Las:0 were=eran good=buenas", (0, 1)
    )
    assert places(found) == [(1, 2)]


def test_both_halves_of_a_compound() -> None:
    found = project("the Winelist !", "la lista de vinos !", "the=la Winelist=lista:0.6 Winelist=vinos:0.6 !=!", (1, 2))
    assert places(found) == [(1, 4)]


def test_spans_do_not_reach_across_others() -> None:
    found = project(
        "cod , tuna , eel", "atún , bacalao , anguila", "cod=bacalao tuna=atún eel=anguila ,=,", (0, 1), (2, 3), (4, 5)
    )
    assert [(span.label, span.start) for span in found.spans] == [("L2", 0), ("L0", 2), ("L4", 4)]
    assert not found.missing


def test_items_of_a_list_stay_apart() -> None:
    pairs = "cod=bacalao, cod=atún:0.75 eel=anguila and=y"
    assert places(project("cod and eel", "bacalao, atún y anguila", pairs, (0, 1))) == [(0, 1)]
    assert places(project("Paris , Texas now", "París, Texas ahora", "Paris=París, Texas=Texas", (0, 3))) == [(0, 2)]


def test_punctuation_is_no_edge_unless_the_source_has_it() -> None:
    pairs = "St=San John=Juan .=. .=.:0.9"
    assert places(project("St John .", "San Juan .", pairs, (0, 2))) == [(0, 2)]
    assert places(project("St . John", "San . Juan", "St=San .=. John=Juan", (0, 2))) == [(0, 2)]


BRACKETED = "(=（:0.5 X=X Y=Y )=）:0.5"
"""The source has the brackets around one name, and they are nearest to those of the translation."""


@pytest.mark.parametrize(
    ("source", "target", "pairs", "span", "expected"),
    [
        # The source's brackets do not matter where the translation has none, nor where it has both.
        ("( X ) Y", "X Y", "X=X Y=Y", (0, 4), (0, 2)),
        ("( X ) Y", "（ X ） Y", BRACKETED, (0, 4), (0, 4)),
        ("X ( Y )", "X （ Y ）", BRACKETED, (0, 4), (0, 4)),
        # X and Y, of which one is in brackets with more: neither a stretch over the opening one alone, nor the closing.
        ("X Y", "X ( z Y )", "X=X Y=Y:0.7", (0, 2), (0, 1)),
        ("X Y", "( X z ) Y", "X=X:0.7 Y=Y", (0, 2), (4, 5)),
        ("X Y", '" X z " Y', "X=X:0.7 Y=Y", (0, 2), (4, 5)),
        ("X Y", "« X z » Y", "X=X:0.7 Y=Y", (0, 2), (4, 5)),
        ("X Y", "「 X z 」 Y", "X=X:0.7 Y=Y", (0, 2), (4, 5)),
        # Both of a pair are inside.
        ("X Y Z", "X ( Y ) Z", "X=X Y=Y Z=Z", (0, 3), (0, 5)),
        # What is no bracket, or one that a suffix ties to its word, divides nothing.
        ("X Y", "X ' z Y '", "X=X Y=Y:0.7", (0, 2), (0, 4)),
        ("X Y", "( X z)에서 Y", "X=X Y=Y", (0, 2), (1, 4)),
        # The source span has one bracket alone itself.
        ("X ( Y", "X ( z Y )", "X=X (=( Y=Y:0.7", (0, 3), (0, 4)),
    ],
)
def test_no_bracket_alone(
    source: str, target: str, pairs: str, span: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert places(project(source, target, pairs, span)) == [expected]


MARKED = st.lists(st.sampled_from(["a", "b", "(", ")", '"', "「", "」"]), min_size=1, max_size=9)


@given(MARKED, MARKED, st.integers(0, 1000), st.data())
def test_stretches_are_balanced_where_spans_are(
    source: list[str], target: list[str], seed: int, data: st.DataObject
) -> None:
    affinity = np.random.default_rng(seed).uniform(-0.5, 1, (len(source), len(target))).astype(np.float32)
    start = data.draw(st.integers(0, len(source) - 1))
    end = data.draw(st.integers(start + 1, len(source)))
    found = TransportProjection().project(
        [SourceSpan(start, end, "A")], source, target, TransportAlignment(PairAffinity.of_words(affinity))
    )
    for span in found.spans:
        assert is_balanced(target[span.start : span.end]) or not is_balanced(source[start:end])


def test_characters_of_a_unit_share_its_mass() -> None:
    """A name of four characters counts as much as a name of one word: the same span, the same score.

    With equal masses of words the name's characters would get half of the sentence's mass.
    """
    units = np.array([[0.9, -0.4, -0.3], [-0.4, 0.8, -0.3], [-0.3, -0.4, 0.7]], dtype=np.float32)
    rows, columns = np.arange(3), np.array([0, 0, 0, 0, 1, 2])
    pieces = (rows, rows), (np.arange(6), columns)
    words = units[:, columns]
    characters = TransportAlignment(PairAffinity(words, units, words, rows, columns, *pieces))
    np.testing.assert_allclose(characters.masses[1], [1 / 12] * 4 + [1 / 3] * 2)
    spans = [SourceSpan(0, 1, "A"), SourceSpan(1, 2, "B")]
    projection = TransportProjection(neighbours=0.0)
    of_characters, _ = projection.place_spans(spans, list("abc"), list("安格拉尔来了"), characters)
    of_units, _ = projection.place_spans(
        spans, list("abc"), ["安格拉尔", "来", "了"], TransportAlignment(PairAffinity.of_words(units))
    )
    assert places(of_characters) == [(0, 4), (4, 5)]
    assert places(of_units) == [(0, 1), (1, 2)]
    for one, other in zip(of_characters.spans, of_units.spans, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_bins_follow_the_scale() -> None:
    """The same projection for affinities that are half as high throughout, and a fixed `null` finds nothing there."""
    pairs = "goat=cabra:{0} cheese=queso:{0} is=es:{0} good=bueno:{0}"
    source, target = "goat cheese is good", "el queso de cabra es bueno"
    for value in (0.8, 0.4, 0.2):
        assert places(project(source, target, pairs.format(value), (0, 2), other=-value)) == [(1, 4)]
    affinity = np.array([[0.2, -0.2], [-0.2, 0.2]], dtype=np.float32)
    alignment = TransportAlignment(PairAffinity.of_words(affinity))
    spans, words = [SourceSpan(0, 1, "A")], ["a", "b"]
    assert places(TransportProjection().project(spans, words, words, alignment)) == [(0, 1)]
    assert places(TransportProjection(null=0.9).project(spans, words, words, alignment)) == []


def test_null_share_by_hand() -> None:
    """It counts times the scale, 0.3 here: a share of 0.5 is a null of 0.15. `null` itself goes before it."""
    affinity = np.array([[0.4, -0.4], [-0.4, 0.2]], dtype=np.float32)
    alignment = TransportAlignment(PairAffinity.of_words(affinity))
    spans, words = [SourceSpan(0, 1, "A"), SourceSpan(1, 2, "B")], ["a", "b"]

    def mass(**settings: float) -> float:
        """The logarithm of the mass that the sentences exchange."""
        _, features = TransportProjection(**settings).place_spans(spans, words, words, alignment)
        return float(features.pair[0, 0])

    assert mass(null_share=0.5) == pytest.approx(mass(null=0.15), abs=1e-6)
    assert mass(null_share=0.5) != pytest.approx(mass(null_share=0.6), abs=1e-3)
    assert mass(null=0.05, null_share=0.5) == mass(null=0.05) != mass(null_share=0.5)


def test_candidates_are_excluded_by_any_kind() -> None:
    candidates = Candidates(np.array([1, 4]), np.array([[0.9, 0.5], [0.0, 0.8]]), 0.9)
    kinds = np.array([[[True, False], [False, False]], [[False, True], [False, False]]])
    candidates.exclude(kinds)
    assert candidates.scores.tolist() == [[0, 0], [0, 0.8]]
    assert candidates.best == 0.8
    assert candidates.best_stretch() == (4, 5)
    candidates.exclude(np.ones((1, 2, 2), dtype=bool))
    assert candidates.best == 0
    nothing = Candidates.none()
    nothing.exclude(np.zeros((2, 0, 0), dtype=bool))
    assert nothing.best == 0


def test_what_has_no_counterpart_is_missing() -> None:
    found = project("Berlin is big", "es ist groß", "is=ist big=groß", (0, 1), other=-0.9)
    assert places(found) == []
    assert [(span.label, span.reason) for span in found.missing] == [("L0", "missing")]


def test_two_spans_for_one_word() -> None:
    found = project("Anna Ann", "Anna", "Anna=Anna Ann=Anna", (0, 1), (1, 2))
    assert len(found.spans) == 1
    assert [span.reason for span in found.missing] == ["overlapping"]


@pytest.mark.parametrize(("n_source", "n_target"), [(0, 0), (0, 3), (1, 0), (3, 0)])
def test_empty_sides(n_source: int, n_target: int) -> None:
    spans = [SourceSpan(0, n_source, "A")] if n_source else []
    source, target = (["x"] * n for n in (n_source, n_target))
    found = TransportProjection().project(
        spans,
        source,
        target,
        TransportAlignment(PairAffinity.of_words(np.full((n_source, n_target), -1, dtype=np.float32))),
    )
    assert found.spans == []
    assert [span.reason for span in found.missing] == ["missing"] * len(spans)


def test_long_sentences_do_not_take_much_memory() -> None:
    """Candidates are few, however long the sentence: 10,000 words would make 100 million stretches."""
    affinity = np.full((40, 10_000), -0.2, dtype=np.float32)
    affinity[0, 9_000] = affinity[1, 9_002] = 0.9
    alignment = TransportAlignment(PairAffinity.of_words(affinity))
    found = TransportProjection().project([SourceSpan(0, 2, "A")], ["w"] * 40, ["x"] * 10_000, alignment)
    assert places(found) == [(9_000, 9_003)]


@given(
    st.data(),
    arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(0, 8)), elements=st.floats(-1, 1, width=32)),
)
def test_every_span_is_placed_once_or_missing(data: st.DataObject, affinity: np.ndarray) -> None:
    n_source, n_target = affinity.shape
    edges = data.draw(st.lists(st.integers(0, n_source), unique=True, max_size=6).map(sorted))
    spans = [SourceSpan(a, b, f"{a}") for a, b in pairwise(edges)]
    target = data.draw(st.lists(st.sampled_from(["a", ",", "日"]), min_size=n_target, max_size=n_target))
    alignment = TransportAlignment(PairAffinity.of_words(affinity))
    found = TransportProjection().project(spans, ["w"] * n_source, target, alignment)
    assert sorted([s.label for s in found.spans] + [s.label for s in found.missing]) == sorted(s.label for s in spans)
    taken = [i for span in found.spans for i in range(span.start, span.end)]
    assert len(taken) == len(set(taken))
    for span in found.spans:
        assert 0 <= span.start < span.end <= n_target
        assert 0 < span.score <= 1
        assert "," not in (target[span.start], target[span.end - 1])


@pytest.mark.parametrize(
    "settings", [{"null": 2.0}, {"null": -1.5}, {"neighbours": -0.1}, {"least_edge": 1.5}, {"null_share": -0.1}]
)
def test_settings_outside_their_range(settings: dict[str, float]) -> None:
    with pytest.raises(XnerError, match=f"The setting {next(iter(settings))} of the projection is"):
        TransportProjection(**settings)


def test_an_aligner_without_affinities() -> None:
    alignment = Alignment([(0, 0)], np.ones((1, 1), dtype=np.float32))
    with pytest.raises(XnerError, match="aligns by transport"):
        TransportProjection().project([SourceSpan(0, 1, "A")], ["a"], ["A"], alignment)
