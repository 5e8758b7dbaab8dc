"""Similarities of pieces and words, against loops that say the same at length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from simalign import SentenceAligner

from spacy_xner.alignment.similarity import (
    cosine_similarity,
    greatest_of_words,
    pool_words,
    word_links,
    word_similarity,
)

# Numbers of pieces of the words of a sentence; some have none.
SIZES = st.lists(st.integers(0, 3), max_size=6)


def words_of(sizes: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


def vectors(seed: int, n_layers: int, n_pieces: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_layers, n_pieces, 8)).astype(np.float32)


def test_cosine_similarity_is_the_packages() -> None:
    source, target = vectors(0, 1, 20), vectors(1, 1, 30)
    source[0, 3] = 0  # a zero vector stays in the middle: 0.5
    ours, theirs = cosine_similarity(source, target), SentenceAligner.get_similarity(source[0], target[0])
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(ours[3], 0.5, atol=1e-6)


def test_layers_are_averaged_as_similarities() -> None:
    source, target = vectors(0, 3, 4), vectors(1, 3, 5)
    single = [cosine_similarity(source[i : i + 1], target[i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(cosine_similarity(source, target), np.mean(single, axis=0), atol=1e-6)


@given(SIZES)
def test_pool_words(sizes: list[int]) -> None:
    pieces = vectors(0, 2, sum(sizes))
    words = words_of(sizes)
    expected = [pieces[:, words == i].mean(axis=1) for i, size in enumerate(sizes) if size]
    pooled = pool_words(pieces, words)
    assert pooled.dtype == np.float32
    assert pooled.shape == (2, len(expected), 8)
    if expected:
        np.testing.assert_allclose(pooled, np.stack(expected, axis=1), atol=1e-6)


@given(SIZES, SIZES)
def test_words_from_pieces(source: list[int], target: list[int]) -> None:
    rows, columns = words_of(source), words_of(target)
    similarity = np.random.default_rng(0).random((len(rows), len(columns)), dtype=np.float32)
    expected = np.zeros((len(source), len(target)), dtype=np.float32)
    links = set()
    for r, i in enumerate(rows):
        for c, j in enumerate(columns):
            expected[i, j] = max(expected[i, j], similarity[r, c])
            if similarity[r, c] > 0.5:
                links.add((i, j))
    words = word_similarity(similarity, rows, columns, (len(source), len(target)))
    assert np.array_equal(words, expected)
    assert word_links(similarity > 0.5, rows, columns) == sorted(links)


def test_similarity_stays_in_range() -> None:
    similarity = np.array([[1.0000001, -0.0000001]], dtype=np.float32)
    words = word_similarity(similarity, np.array([0]), np.array([0, 1]), (1, 2))
    assert words.min() >= 0
    assert words.max() <= 1


def test_greatest_of_words_by_hand() -> None:
    """Of words that have pieces alone, here 0 and 2 of the source; also negative values, as affinities are."""
    values = np.array([[-0.9, -0.2, 0.1], [-0.5, -0.7, 0.4], [0.3, -0.1, -0.6]])
    found = greatest_of_words(values, np.array([0, 0, 2]), np.array([1, 1, 3]))
    assert found.tolist() == [[-0.2, 0.4], [0.3, -0.6]]
    one = values.astype(np.float32)[:1, :1]
    assert greatest_of_words(one, np.array([4]), np.array([7])).tolist() == one.tolist()
