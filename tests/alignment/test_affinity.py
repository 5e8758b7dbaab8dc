"""Affinities of words: what is taken away, what is left out, and how characters hold together."""

import numpy as np
import pytest

from spacy_xner.alignment.affinity import PRIOR_WORDS, smooth_unspaced, word_affinity
from spacy_xner.alignment.encoder import EncodedSentence, with_content


def encoded(vectors: list[list[float]], words: list[int], content: list[bool] | None = None) -> EncodedSentence:
    """A sentence of one layer whose pieces belong to these words, each to one."""
    return EncodedSentence(
        np.array([vectors], dtype=np.float32).reshape(1, len(words), -1),
        np.arange(len(words)),
        np.array(words, dtype=np.intp),
        np.array(content or [True] * len(words)),
    )


def cosine(x: np.ndarray, y: np.ndarray) -> float:
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def test_by_hand() -> None:
    """The mean of all words of the pair is taken away, as of two words more at the origin."""
    X, Y = np.array([[3.0, 1.0], [3.0, -1.0]]), np.array([[3.0, 1.5]])
    affinity = word_affinity(encoded(X.tolist(), [0, 1]), encoded(Y.tolist(), [0]), ["a", "b"], ["A"])
    common = (X.sum(axis=0) + Y.sum(axis=0)) / (3 + PRIOR_WORDS)
    expected = [[cosine(x - common, Y[0] - common)] for x in X]
    np.testing.assert_allclose(affinity, expected, atol=1e-6)
    assert cosine(X[1], Y[0]) > 0.6  # before; the two mean nothing alike
    assert affinity[1, 0] < 0.25 < affinity[0, 0]


def test_mean_over_layers() -> None:
    rng = np.random.default_rng(0)
    X, Y = (rng.normal(size=(2, 3, 4)).astype(np.float32) for _ in range(2))
    whole, *single = (
        word_affinity(
            EncodedSentence(X[layers], np.arange(3), np.arange(3), np.ones(3, dtype=bool)),
            EncodedSentence(Y[layers], np.arange(3), np.arange(3), np.ones(3, dtype=bool)),
            list("abc"),
            list("ABC"),
        )
        for layers in ([0, 1], [0], [1])
    )
    np.testing.assert_allclose(whole, (single[0] + single[1]) / 2, atol=1e-6)


def test_punctuation_of_a_word_does_not_count() -> None:
    source, target = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.1], [-5.0, 5.0], [0.0, 1.0]]
    plain = word_affinity(encoded(source, [0, 1]), encoded([target[0], target[2]], [0, 1]), ["a", "b"], ["A", "B"])
    stuck = word_affinity(
        encoded(source, [0, 1]), encoded(target, [0, 0, 1], [True, False, True]), ["a", "b"], ["A,", "B"]
    )
    np.testing.assert_allclose(stuck, plain)


def test_words_without_pieces() -> None:
    affinity = word_affinity(encoded([[1.0, 0.0]], [1]), encoded([[1.0, 0.0]], [0]), ["", "a"], ["A", ""])
    assert affinity.tolist()[0] == [-1.0, -1.0]
    assert affinity[1, 1] == -1
    assert affinity[1, 0] > 0.9  # one word each: what they have in common is not only what all words have


def test_content() -> None:
    pieces, words = np.array([0, 1, 2, 3, 4]), np.array([0, 0, 1, 2, 2])
    empty = np.array([True, False, True, True, True])
    assert with_content(pieces, words, empty).tolist() == [False, True, True, True, True]


def test_characters_of_a_name_hold_together() -> None:
    """Neighbours share by likeness; spaced words, and characters beyond one, do not."""
    vectors = np.array([[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [1.0, 0.0]]], dtype=np.float32)
    words = np.eye(4, dtype=np.float32)
    shares = smooth_unspaced(words, vectors, ["北", "京", ",", "北"])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    other = np.exp((0.8 - 1) / 0.4)
    np.testing.assert_allclose(shares[0], [1 / (1 + other), other / (1 + other), 0, 0], rtol=1e-5)
    assert shares[3].tolist() == [0, 0, 0, 1]  # the comma stands between
    assert smooth_unspaced(words, vectors, ["a", "b", ",", "a"]) is words


@pytest.mark.parametrize("dot", ["·", "・"])
def test_a_dot_inside_a_name_does_not_divide(dot: str) -> None:
    vectors = np.ones((1, 3, 2), dtype=np.float32) / np.sqrt(np.float32(2))
    shares = smooth_unspaced(np.eye(3, dtype=np.float32), vectors, ["安", dot, "东"])
    assert shares[0, 2] > 0.3
