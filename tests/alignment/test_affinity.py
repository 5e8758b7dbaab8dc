"""Affinities of words, units and pieces: what is taken away, what is left out, what characters have of their own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.alignment.affinity import (
    CHARACTER_WEIGHT,
    PRIOR_WORDS,
    PairAffinity,
    centred_cosines,
    pair_affinity,
    word_masses,
)
from spacy_xner.alignment.encoder import EncodedSentence, with_content
from spacy_xner.alignment.transport_alignment import TransportAlignment


def encoded(vectors: list[list[float]], words: list[int], content: list[bool] | None = None) -> EncodedSentence:
    """A sentence of one layer whose pieces belong to these words, each to one."""
    return EncodedSentence(
        np.array([vectors], dtype=np.float32).reshape(1, len(words), len(vectors[0]) if vectors else 2),
        np.arange(len(words)),
        np.array(words, dtype=np.intp),
        np.array(content or [True] * len(words), dtype=bool),
    )


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def centred(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """All cosines after their mean, with that of two vectors more at the origin, is taken away: by loops."""
    common = (X.sum(axis=0) + Y.sum(axis=0)) / (len(X) + len(Y) + PRIOR_WORDS)
    return np.array([[cosine(x - common, y - common) for y in Y] for x in X])


def test_by_hand() -> None:
    """The mean of all words of the pair is taken away, as of two words more at the origin."""
    X, Y = np.array([[3.0, 1.0], [3.0, -1.0]]), np.array([[3.0, 1.5]])
    found = pair_affinity(encoded(X.tolist(), [0, 1]), encoded(Y.tolist(), [0]), ["a", "b"], ["A"])
    common = np.array([3 + 3 + 3, 1 - 1 + 1.5]) / (3 + 2)
    expected = [[cosine(x - common, Y[0] - common)] for x in X]
    for affinity in (found.words, found.units, found.pieces):  # each word is one unit and one piece
        np.testing.assert_allclose(affinity, expected, atol=1e-6)
        assert affinity.dtype == np.float32
    assert cosine(X[1], Y[0]) > 0.6  # before; the two mean nothing alike
    assert found.words[1, 0] < 0.25 < found.words[0, 0]


def test_means_and_greatest_pieces_count_alike() -> None:
    """A compound of two pieces, and the words of its parts."""
    X, Y = np.array([[2.0, 1.0, 0.0], [0.5, 1.0, 2.0], [-1.0, 0.5, 0.5]]), np.array([[2.0, 0.8, 0.1], [0.3, 1.0, 1.8]])
    found = pair_affinity(encoded(X.tolist(), [0, 0, 1]), encoded(Y.tolist(), [0, 1]), ["ab", "c"], ["A", "B"])
    pieces, means = centred(X, Y), centred(np.array([(X[0] + X[1]) / 2, X[2]]), Y)
    greatest = np.array([pieces[:2].max(axis=0), pieces[2]])
    np.testing.assert_allclose(found.pieces, pieces, atol=1e-6)
    np.testing.assert_allclose(found.units, (means + greatest) / 2, atol=1e-6)
    assert found.words is found.units
    assert (found.units[0] > means[0]).all()  # both parts are nearer to their counterparts than the compound is
    assert found.source_units.tolist() == found.target_units.tolist() == [0, 1]
    assert [indices.tolist() for indices in found.source_pieces] == [[0, 1, 2], [0, 0, 1]]


def test_a_piece_of_several_words() -> None:
    """It is part of each of them, and once part of their unit."""
    words = ["北", "京", "来"]
    source = EncodedSentence(
        np.array([[[1.0, 0.2], [0.1, 1.0]]], dtype=np.float32),
        np.array([0, 0, 1]),
        np.array([0, 1, 2]),
        np.ones(3, dtype=bool),
    )
    pytest.importorskip("jieba")
    found = pair_affinity(source, encoded([[1.0, 0.1], [0.0, 1.0]], [0, 1]), words, ["Peking", "comes"])
    assert found.source_units.tolist() == [0, 0, 1]
    assert [indices.tolist() for indices in found.source_pieces] == [[0, 1], [0, 1]]
    np.testing.assert_allclose(found.units, found.pieces, atol=1e-6)  # one piece each


def test_characters_have_a_share_of_their_own() -> None:
    """Where a unit has several words, and in no other place."""
    pytest.importorskip("jieba")
    X, Y = np.array([[2.0, 1.0], [0.5, 1.5], [-1.0, 0.5]]), np.array([[2.0, 0.8], [-0.7, 0.6]])
    words = ["北", "京", "来"]
    found = pair_affinity(encoded(X.tolist(), [0, 1, 2]), encoded(Y.tolist(), [0, 1]), words, ["Peking", "comes"])
    pieces, means = centred(X, Y), centred(np.array([(X[0] + X[1]) / 2, X[2]]), Y)
    units = (means + np.array([pieces[:2].max(axis=0), pieces[2]])) / 2
    np.testing.assert_allclose(found.units, units, atol=1e-6)
    expected = [*((1 - CHARACTER_WEIGHT) * units[0] + CHARACTER_WEIGHT * pieces[i] for i in (0, 1)), units[1]]
    np.testing.assert_allclose(found.words, expected, atol=1e-6)  # own: one piece each, so that both numbers are its
    assert found.words.dtype == np.float32
    turned = pair_affinity(encoded(Y.tolist(), [0, 1]), encoded(X.tolist(), [0, 1, 2]), ["Peking", "comes"], words)
    np.testing.assert_allclose(turned.words, found.words.T, atol=1e-6)
    given_words = pair_affinity(
        encoded(X.tolist(), [0, 0, 1]), encoded(Y.tolist(), [0, 1]), ["北京", "来"], ["Peking", "comes"]
    )
    np.testing.assert_allclose(given_words.units, units, atol=1e-6)


def test_mean_over_layers() -> None:
    rng = np.random.default_rng(0)
    X, Y = (rng.normal(size=(2, 3, 4)).astype(np.float32) for _ in range(2))
    whole, *single = (
        pair_affinity(
            EncodedSentence(X[layers], np.arange(3), np.arange(3), np.ones(3, dtype=bool)),
            EncodedSentence(Y[layers], np.arange(3), np.arange(3), np.ones(3, dtype=bool)),
            list("abc"),
            list("ABC"),
        ).words
        for layers in ([0, 1], [0], [1])
    )
    np.testing.assert_allclose(whole, (single[0] + single[1]) / 2, atol=1e-6)


@pytest.mark.parametrize(("n_source", "n_target"), [(0, 0), (0, 2), (3, 0)])
def test_centred_cosines_of_nothing(n_source: int, n_target: int) -> None:
    source, target = (np.ones((2, n, 4), dtype=np.float32) for n in (n_source, n_target))
    assert centred_cosines(source, target).shape == (n_source, n_target)
    one, other = (encoded([[1.0, 0.0]] * n, list(range(n))) for n in (n_source, n_target))
    pairs = pair_affinity(one, other, ["a"] * n_source, ["b"] * n_target)
    assert pairs.words.shape == pairs.units.shape == pairs.pieces.shape == (n_source, n_target)
    assert [len(masses) for masses in pairs.masses] == [n_source, n_target]


def test_punctuation_of_a_word_does_not_count() -> None:
    """Except as a piece by itself: all pieces have affinities."""
    source, target = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.1], [-0.1, 0.1], [0.0, 1.0]]
    stuck = pair_affinity(
        encoded(source, [0, 1]), encoded(target, [0, 0, 1], [True, False, True]), ["a", "b"], ["A,", "B"]
    )
    pieces, means = centred(np.array(source), np.array(target)), centred(np.array(source), np.array(target)[[0, 2]])
    np.testing.assert_allclose(stuck.pieces, pieces, atol=1e-6)
    np.testing.assert_allclose(stuck.units, (means + pieces[:, [0, 2]]) / 2, atol=1e-6)
    assert [indices.tolist() for indices in stuck.target_pieces] == [[0, 2], [0, 1]]


def test_words_without_pieces() -> None:
    source, target = encoded([[1.0, 0.0]], [1]), encoded([[1.0, 0.0]], [0])
    found = pair_affinity(source, target, ["", "a"], ["A", ""])
    for affinity in (found.words, found.units):
        assert affinity.tolist()[0] == [-1.0, -1.0]
        assert affinity[1, 1] == -1
        assert affinity[1, 0] > 0.9  # one word each: what they have in common is not only what all words have
    assert found.pieces.shape == (1, 1)
    assert TransportAlignment(found).links == [(1, 0)]
    nothing = encoded([], [])
    assert pair_affinity(nothing, target, [""], ["A", ""]).words.tolist() == [[-1, -1]]


def test_content() -> None:
    pieces, words = np.array([0, 1, 2, 3, 4]), np.array([0, 0, 1, 2, 2])
    empty = np.array([True, False, True, True, True])
    assert with_content(pieces, words, empty).tolist() == [False, True, True, True, True]


def test_masses_by_hand() -> None:
    """Three units have a third each, and the two words of the first one a sixth."""
    np.testing.assert_allclose(word_masses(np.array([0, 0, 1, 2])), [1 / 6, 1 / 6, 1 / 3, 1 / 3])
    assert word_masses(np.zeros(0, dtype=np.intp)).shape == (0,)
    of_words = PairAffinity.of_words(np.zeros((2, 4), dtype=np.float32))
    assert [masses.tolist() for masses in of_words.masses] == [[0.5] * 2, [0.25] * 4]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_units_have_equal_masses(sizes: list[int]) -> None:
    units = np.repeat(np.arange(len(sizes)), sizes)
    masses = word_masses(units)
    assert masses.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.bincount(units, weights=masses), 1 / len(sizes))
    assert all(len(set(masses[units == unit])) == 1 for unit in range(len(sizes)))


def test_words_alone() -> None:
    """Each is a unit and a piece: the alignments of other aligners, and of tests."""
    affinity = np.array([[0.9, -0.5, 0.1], [-0.5, 0.9, 0.2]], dtype=np.float32)
    found = PairAffinity.of_words(affinity)
    assert found.words is found.units is found.pieces is affinity
    assert found.source_units.tolist() == [0, 1]
    assert found.target_units.tolist() == [0, 1, 2]
    assert [indices.tolist() for indices in found.target_pieces] == [[0, 1, 2]] * 2
