"""Spans by transport: hand-made affinities, gaps, articles, lists, punctuation, lengths, settings."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.affinity import PairAffinity
from spacy_xner.alignment.transport import TransportAlignment
from spacy_xner.errors import XnerError
from spacy_xner.projection import SourceSpan
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
    affinity = np.full((4, 10_000), -0.2, dtype=np.float32)
    affinity[0, 9_000] = affinity[1, 9_002] = 0.9
    alignment = TransportAlignment(PairAffinity.of_words(affinity))
    found = TransportProjection().project([SourceSpan(0, 2, "A")], list("abcd"), ["x"] * 10_000, alignment)
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


@pytest.mark.parametrize("settings", [{"null": 2.0}, {"neighbours": -0.1}, {"least_edge": 1.5}])
def test_settings_outside_their_range(settings: dict[str, float]) -> None:
    with pytest.raises(XnerError, match=f"The setting {next(iter(settings))} of the projection is"):
        TransportProjection(**settings)


def test_an_aligner_without_affinities() -> None:
    alignment = Alignment([(0, 0)], np.ones((1, 1), dtype=np.float32))
    with pytest.raises(XnerError, match="aligns by transport"):
        TransportProjection().project([SourceSpan(0, 1, "A")], ["a"], ["A"], alignment)
