"""Links: the scale of a pair, the shares that units exchange, and the least share of a link."""

import numpy as np
import pytest

from spacy_xner.alignment.affinity import PairAffinity
from spacy_xner.alignment.link_scores import link_features
from spacy_xner.alignment.links import LEAST_SCALE, LinkShares, link_shares
from spacy_xner.alignment.transport import affinity_scale, transport_plan
from spacy_xner.alignment.transport_alignment import TransportAlignment
from spacy_xner.alignment.types import Affinity


def floats(*rows: list[float]) -> Affinity:
    return np.array(rows, dtype=np.float32)


def pair(
    units: Affinity,
    pieces: Affinity,
    source_pieces: tuple[list[int], list[int]],
    target_pieces: tuple[list[int], list[int]],
) -> PairAffinity:
    """Words that are units, with their pieces: pairs of a piece and its unit."""
    rows, columns = map(np.arange, units.shape)
    of_source, of_target = (
        (np.array(side[0], dtype=np.intp), np.array(side[1], dtype=np.intp)) for side in (source_pieces, target_pieces)
    )
    return PairAffinity(units, units, pieces, rows, columns, of_source, of_target)


def test_scale_by_hand() -> None:
    """The mean of the rows' greatest values, 0.8 and 0, and of the columns', 0.8 and 0.2 and 0: of both sides alike."""
    affinity = floats([0.8, 0.2, -0.5], [-0.1, -0.2, -0.3])
    assert affinity_scale(affinity) == pytest.approx((0.8 / 2 + 1.0 / 3) / 2)
    masses = np.array([0.25, 0.75]), np.array([0.5, 0.25, 0.25])
    assert affinity_scale(affinity, masses) == pytest.approx((0.25 * 0.8 + 0.5 * 0.8 + 0.25 * 0.2) / 2)
    assert affinity_scale(-abs(affinity)) == 0
    for shape in ((0, 0), (0, 2), (3, 0)):
        assert affinity_scale(np.zeros(shape, dtype=np.float32)) == 0


def test_least_share_counts_times_the_scale() -> None:
    shares = np.array([[0.5, 0.1], [0.2, 0.0]])
    assert LinkShares(shares, 1.0, 0.5).chosen(0.4) == [(0, 0), (1, 0)]  # at least 0.2
    assert LinkShares(shares, 1.0, 0.5).chosen(0.41) == [(0, 0)]
    assert LinkShares(shares, 1.0, 0.25).chosen(0.4) == [(0, 0), (0, 1), (1, 0)]  # at least 0.1


def test_one_unit_by_hand() -> None:
    """As in `test_one_word_by_hand` of transport plans, with the bin's affinity at 3/4 of the scale, 0.4."""
    found = link_shares(PairAffinity.of_words(floats([0.4])), null_share=0.75, neighbours=0.0)
    odds = np.exp((0.4 - 0.3) / 0.05 / 2)
    assert found.scale == pytest.approx(0.4)
    assert found.mass == pytest.approx(odds / (1 + odds), abs=1e-6)
    np.testing.assert_allclose(found.shares, [[found.mass]])


def test_shares_are_of_a_unit_of_the_longer_sentence() -> None:
    found = link_shares(PairAffinity.of_words(floats([0.8, 0.8, -0.9])), null_share=0.25, neighbours=0.0)
    np.testing.assert_allclose(found.shares, [[1, 1, 0]], atol=0.01)  # each of both gets all that it has room for
    assert found.mass == pytest.approx(2 / 3, abs=0.01)
    assert found.chosen(0.9) == [(0, 0), (0, 1)]


def test_the_plan_of_pieces_counts_half() -> None:
    """Weinkarte (three pieces) and the three words "lista de vinos": its first unit lacks the second's counterpart.

    A unit has the greatest share of its pieces, and the piece 1 is part of no unit.
    """
    units = floats([0.6, 0.1, 0.3])
    pieces = floats([-0.2, -0.2, 0.9], [0.9, 0.9, 0.9], [0.9, -0.2, -0.2])
    affinity = pair(units, pieces, ([0, 2], [0, 0]), ([0, 1, 2], [0, 1, 2]))
    found = link_shares(affinity, null_share=0.5, neighbours=0.1)
    null = 0.5 * affinity_scale(units)
    of_units = 3 * transport_plan(units, null, 0.1)
    of_pieces = 3 * transport_plan(pieces, null, 0.1)[[0, 2]].max(axis=0, keepdims=True)
    np.testing.assert_allclose(found.shares, (of_units + of_pieces) / 2)
    assert found.mass == pytest.approx(of_units.sum() / 3)  # that of the units alone
    assert found.shares[0, 2] > of_units[0, 2] + 0.1


def test_units_without_pieces() -> None:
    """They exchange nothing by pieces."""
    units = floats([-1, -1], [-1, 0.8])
    found = link_shares(pair(units, floats([0.8]), ([0], [1]), ([0], [1])))
    assert found.chosen() == [(1, 1)]
    nothing = pair(floats([0.8]), np.zeros((0, 1), dtype=np.float32), ([], []), ([0], [0]))
    np.testing.assert_allclose(link_shares(nothing).shares, link_shares(PairAffinity.of_words(floats([0.8]))).shares)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0)])
def test_empty_sides(shape: tuple[int, int]) -> None:
    found = link_shares(PairAffinity.of_words(np.zeros(shape, dtype=np.float32)))
    assert (found.shares.shape, found.mass, found.scale, found.chosen()) == (shape, 0, LEAST_SCALE, [])


@pytest.mark.parametrize("value", [-1.0, -0.02, 0.0])
def test_nothing_alike_no_links(value: float) -> None:
    """Without a positive affinity the scale is the least one, and the bins take what there is."""
    for shape in ((1, 1), (2, 3)):
        assert TransportAlignment(PairAffinity.of_words(np.full(shape, value, dtype=np.float32))).links == []


def test_the_least_scale() -> None:
    """Sentences that are no translations: their best affinities would be links in a pair whose scale is as low."""
    affinity = floats([0.1, -0.2], [-0.2, 0.1])
    found = link_shares(PairAffinity.of_words(affinity))
    assert found.scale == LEAST_SCALE > affinity_scale(affinity)
    np.testing.assert_allclose(found.shares, 2 * transport_plan(affinity, 0.25 * LEAST_SCALE, 0.15))


def test_low_affinities_everywhere_give_the_same_links() -> None:
    """As in languages far apart: the settings follow the scale."""
    affinity = floats([0.9, 0.1, -0.2], [0.0, 0.8, 0.1], [0.1, -0.1, 0.7])
    for factor in (1.0, 0.5, 0.3):
        found = TransportAlignment(PairAffinity.of_words(affinity * np.float32(factor)))
        assert found.links == [(0, 0), (1, 1), (2, 2)]


def test_links_of_units_are_of_all_their_words() -> None:
    """(unit 0 of two words, unit 1 of one), (unit 0 of one word, unit 1 of three): every word of both, one score."""
    units = floats([0.9, -0.5], [-0.5, 0.7])
    source, target = np.array([0, 0, 1]), np.array([0, 1, 1, 1])
    affinity = PairAffinity(
        units[np.ix_(source, target)], units, units, source, target, *((np.arange(2), np.arange(2)),) * 2
    )
    found = TransportAlignment(affinity)
    assert found.links == [(0, 0), (1, 0), (2, 1), (2, 2), (2, 3)]
    assert found.scores[0] == found.scores[1]
    assert found.scores[2] == found.scores[3] == found.scores[4]
    of_units = TransportAlignment(PairAffinity.of_words(units))
    assert of_units.links == [(0, 0), (1, 1)]
    assert of_units.scores == [found.scores[0], found.scores[2]]
    crossed = TransportAlignment(
        PairAffinity(
            units[::-1][np.ix_(source, target)], units[::-1], units[::-1], source, target, *((np.arange(2),) * 2,) * 2
        )
    )
    assert crossed.links == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 0)]


def test_features_by_hand() -> None:
    """Shares count relative to the scale."""
    affinity = floats([0.1, 0.6], [0.2, -0.3])
    shares = np.array([[0.0, 0.5], [0.25, 0.0]])
    found = link_features([(0, 1), (1, 0)], LinkShares(shares, 0.4, 0.25), affinity)
    np.testing.assert_allclose(found, [[np.log(2), 0.6, np.log(0.401)], [0, 0.2, np.log(0.401)]], atol=1e-6)
    assert link_features([], LinkShares(shares, 0.4, 0.25), affinity).shape == (0, 3)
