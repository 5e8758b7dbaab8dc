"""Similarities between the word pieces of two sentences, and between their words."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .matching import Matches
from .types import Similarity

Vectors = npt.NDArray[np.float32]
"""(n_pieces, width), or (n_layers, n_pieces, width) where stated."""

Indices = npt.NDArray[np.intp]
"""(n,): indices of words or pieces. The words of pieces are in ascending order."""


def cosine_similarity(source: Vectors, target: Vectors) -> Similarity:
    """Cosines of all pairs, mapped to [0, 1] by (cos + 1) / 2, as SimAlign does; the mean over the layers.

    source (Vectors): (n_layers, n_source, width).
    target (Vectors): (n_layers, n_target, width).
    RETURNS (Similarity): (n_source, n_target).
    """
    cosines = normalize(source) @ normalize(target).swapaxes(-1, -2)
    similarity = (cosines + np.float32(1)) / np.float32(2)
    mean: Similarity = similarity[0] if len(similarity) == 1 else similarity.mean(axis=0)
    return mean


def normalize(vectors: Vectors) -> Vectors:
    """Scale vectors along the last axis to length 1; zero vectors stay."""
    norms = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    norms[norms == 0] = 1
    unit: Vectors = vectors / norms[..., None]
    return unit


def words_with_pieces(word_of_piece: Indices) -> tuple[Indices, Indices]:
    """The words that have pieces, and the first piece of each: two arrays of equal length."""
    words, starts = np.unique(word_of_piece, return_index=True)
    return words, starts


def pool_words(vectors: Vectors, word_of_piece: Indices) -> Vectors:
    """The mean of each word's pieces, for the words that have any.

    vectors (Vectors): (n_layers, n_pieces, width).
    RETURNS (Vectors): (n_layers, n_words_with_pieces, width).
    """
    if not len(word_of_piece):
        return vectors
    _, starts = words_with_pieces(word_of_piece)
    sizes = np.diff(np.append(starts, len(word_of_piece))).astype(np.float32)
    sums: Vectors = np.add.reduceat(vectors, starts, axis=1)
    return np.divide(sums, sizes[:, None], dtype=np.float32)


def word_similarity(
    similarity: Similarity,
    source_words: Indices,
    target_words: Indices,
    shape: tuple[int, int],
) -> Similarity:
    """The greatest similarity of two pieces for each pair of words; 0 for a word without pieces.

    similarity (Similarity): (n_source_pieces, n_target_pieces).
    source_words, target_words (Indices): the word of each row and of each column.
    shape (tuple[int, int]): numbers of source and target words.
    RETURNS (Similarity): `shape`, in [0, 1].
    """
    words = np.zeros(shape, dtype=np.float32)
    if similarity.size:
        rows, columns = words_with_pieces(source_words)[0], words_with_pieces(target_words)[0]
        words[np.ix_(rows, columns)] = greatest_of_words(similarity, source_words, target_words).clip(0, 1)
    return words


def greatest_of_words(values: npt.NDArray[Any], source_words: Indices, target_words: Indices) -> npt.NDArray[Any]:
    """The greatest value of two pieces for each pair of words that have pieces, (n_source, n_target).

    values (numpy.ndarray): (n_source_pieces, n_target_pieces).
    source_words, target_words (Indices): the word of each row and of each column, ascending.
    """
    row_starts, column_starts = words_with_pieces(source_words)[1], words_with_pieces(target_words)[1]
    greatest: npt.NDArray[Any] = np.maximum.reduceat(
        np.maximum.reduceat(values, row_starts, axis=0), column_starts, axis=1
    )
    return greatest


def word_links(matches: Matches, source_words: Indices, target_words: Indices) -> list[tuple[int, int]]:
    """The pairs of words with matching pieces, sorted, without duplicates.

    matches (Matches): (n_source_pieces, n_target_pieces).
    """
    rows, columns = np.nonzero(matches)
    pairs = zip(source_words[rows].tolist(), target_words[columns].tolist(), strict=True)
    return sorted(set(pairs))
