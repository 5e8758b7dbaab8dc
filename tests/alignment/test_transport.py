"""Transport plans: their masses, their fixed point, what has no counterpart."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from spacy.tokens import Span

from spacy_xner.alignment import links
from spacy_xner.alignment.affinity import PairAffinity, word_masses
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.transport import (
    affinity_scale,
    transport_plan,
    with_neighbours,
)
from spacy_xner.alignment.transport_alignment import TransportAlignment
from spacy_xner.projection import SpanProjector, transport_projection
from spacy_xner.projection.link_projection import LinkProjection

AFFINITIES = arrays(np.float32, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.floats(-1, 1, width=32))


@given(AFFINITIES, st.floats(-1, 1), st.floats(0, 0.5))
def test_no_word_sends_or_gets_more_than_it_has(affinity: np.ndarray, null: float, neighbours: float) -> None:
    plan = transport_plan(affinity, null, neighbours)
    n_source = len(affinity)
    assert plan.shape == affinity.shape
    assert np.isfinite(plan).all()
    assert (plan >= 0).all()
    assert (plan.sum(axis=1) <= 1 / n_source + 1e-9).all()  # the last step of the iteration is exact for rows
    assert plan.sum() <= 1 + 1e-9


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0)])
def test_empty_sides(shape: tuple[int, int]) -> None:
    assert transport_plan(np.zeros(shape, dtype=np.float32), 0.1, 0.1).shape == shape


def test_one_word_by_hand() -> None:
    """One word on each side: x of the mass goes across where x * x / ((1 - x) * (1 - x)) is the kernel's odds."""
    plan = transport_plan(np.array([[0.3]], dtype=np.float32), null=0.3, neighbours=0.0)
    assert plan[0, 0] == pytest.approx(0.5)  # as good as nothing: half and half
    strong = transport_plan(np.array([[0.3]], dtype=np.float32), null=0.2, neighbours=0.0, temperature=0.05)
    odds = np.exp((0.3 - 0.2) / 0.05)  # the pair's weight against that of a bin; both bins take the rest
    expected = np.sqrt(odds) / (1 + np.sqrt(odds))
    assert strong[0, 0] == pytest.approx(expected, abs=1e-6)


def test_a_word_that_matches_nothing_keeps_its_mass() -> None:
    affinity = np.array([[0.9, -0.2, -0.2], [-0.2, 0.9, -0.2]], dtype=np.float32)
    plan = transport_plan(affinity, null=0.2, neighbours=0.0)
    np.testing.assert_allclose(3 * plan, [[1, 0, 0], [0, 1, 0]], atol=0.05)
    assert plan[:, 2].sum() < 0.01 / 3


def test_a_contested_word_goes_where_it_is_needed() -> None:
    """Both source words are nearest to the first target word, but only one has an alternative."""
    affinity = np.array([[0.6, 0.55], [0.6, 0.0]], dtype=np.float32)
    plan = transport_plan(affinity, null=0.1, neighbours=0.0)
    np.testing.assert_allclose(2 * plan, [[0, 1], [1, 0]], atol=0.08)


def test_more_characters_than_words() -> None:
    """Masses are those of the sentences: a word gives to as many characters as the lengths allow."""
    affinity = np.full((2, 6), -0.5, dtype=np.float32)
    affinity[0, :3] = affinity[1, 3:] = 0.8
    shares = transport_plan(affinity, null=0.1, neighbours=0.0)
    np.testing.assert_allclose(shares[0, :3], 1 / 6, rtol=0.03)
    np.testing.assert_allclose(shares[1, 3:], 1 / 6, rtol=0.03)


def test_neighbours_by_hand() -> None:
    affinity = np.array([[0.5, -0.5], [0.1, 0.2]], dtype=np.float32)
    expected = [[0.5 + 0.1 * 0.2, -0.5], [0.1, 0.2 + 0.1 * 0.5]]
    np.testing.assert_allclose(with_neighbours(affinity, 0.1), expected, atol=1e-6)
    np.testing.assert_allclose(with_neighbours(affinity, 0.0), affinity)


def test_lengths_far_apart() -> None:
    """One word that stands for ten: each of them gets a tenth of what there is, its own mass."""
    plan = transport_plan(np.full((1, 10), 0.9, dtype=np.float32), 0.1, 0.0)
    np.testing.assert_allclose(10 * plan, np.ones((1, 10)), rtol=0.03)
    np.testing.assert_allclose(transport_plan(np.full((10, 1), 0.9, dtype=np.float32), 0.1, 0.0), plan.T, rtol=0.03)


def test_masses_by_hand() -> None:
    """With no way but one, each pair moves the smaller one of its masses."""
    affinity = np.array([[0.9, -0.9], [-0.9, 0.9]], dtype=np.float32)
    plan = transport_plan(affinity, 0.0, 0.0, (np.array([0.75, 0.25]), np.array([0.4, 0.6])))
    np.testing.assert_allclose(plan, [[0.4, 0], [0, 0.25]], atol=0.02)
    equal = np.array([0.5, 0.5])
    np.testing.assert_array_equal(
        transport_plan(affinity, 0.0, 0.0, (equal, equal)), transport_plan(affinity, 0.0, 0.0)
    )


UNIT_SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=5)


@given(UNIT_SIZES, UNIT_SIZES, st.integers(0, 1000))
def test_words_that_share_the_mass_of_their_unit_have_its_plan(
    source_sizes: list[int], target_sizes: list[int], seed: int
) -> None:
    """What `word_masses` are for: it makes no difference into how many words, or characters, a unit is split.

    The words of a unit have its affinities, and share its mass equally. Then the words of two units exchange together
    what the units exchange, at the fixed point of the iteration. At this temperature 20 iterations are enough to see.
    """
    units = np.random.default_rng(seed).uniform(-1, 1, (len(source_sizes), len(target_sizes))).astype(np.float32)
    source, target = (np.repeat(np.arange(len(sizes)), sizes) for sizes in (source_sizes, target_sizes))
    words, masses = units[np.ix_(source, target)], (word_masses(source), word_masses(target))
    expected, found = transport_plan(units, 0.1, 0.0, temperature=0.3), np.zeros(units.shape)
    np.add.at(found, (source[:, None], target), transport_plan(words, 0.1, 0.0, masses, temperature=0.3))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert affinity_scale(words, masses) == pytest.approx(affinity_scale(units), abs=1e-6)


def test_one_plan_a_pair(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Projection by transport computes its own plan alone; links are computed on first use, and once, from two."""
    n_plans = 0

    def counted(*arguments: Any) -> np.ndarray:
        nonlocal n_plans
        n_plans += 1
        return transport_plan(*arguments)

    monkeypatch.setattr(links, "transport_plan", counted)
    monkeypatch.setattr(transport_projection, "transport_plan", counted)
    aligner = EmbeddingAligner(str(tiny_encoder), 1)
    nlp = spacy.blank("en")
    pairs = [(nlp("Paris visited Berlin"), nlp("Berlin Paris")) for _ in range(4)]
    for source, _ in pairs:
        source.set_ents([Span(source, 0, 1, "LOC")])
    assert len(list(SpanProjector(aligner).project(pairs))) == n_plans == 4
    assert len(list(SpanProjector(aligner, LinkProjection()).project(pairs))) == 4
    assert n_plans == 12  # links need a plan of units and one of pieces
    (alignment,) = aligner.align([(["Paris"], ["Paris"])])
    assert n_plans == 12
    assert alignment.links == alignment.links == [(0, 0)]
    assert n_plans == 14


def test_an_alignment_can_be_pickled() -> None:
    alignment = TransportAlignment(PairAffinity.of_words(np.array([[0.9, -0.5], [-0.5, 0.9]], dtype=np.float32)))
    copies = [pickle.loads(pickle.dumps(alignment))]
    assert alignment.links == [(0, 0), (1, 1)]
    copies.append(pickle.loads(pickle.dumps(alignment)))
    for copy in copies:
        assert copy.links == alignment.links
        np.testing.assert_array_equal(copy.affinity, alignment.affinity)
        np.testing.assert_array_equal(copy.masses, [[0.5, 0.5], [0.5, 0.5]])
        np.testing.assert_allclose(copy.similarity, [[0.9, 0], [0, 0.9]])
