"""Affinities of words in two sentences: mean-centred cosines of their contextual vectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..languages.scripts import is_unspaced_text
from .similarity import Vectors, normalize, pool_words, words_with_pieces
from .types import NO_PIECES, Affinity, Words

if TYPE_CHECKING:
    from .encoder import EncodedSentence

PRIOR_WORDS = 2
"""Zero vectors counted in the mean of a pair: the mean of few words is shrunk towards 0."""

NAME_DOTS = frozenset("·・‧•")
"""Separators of the parts of foreign names in scripts without spaces."""

SMOOTHING_WINDOW = 4
"""Number of neighbours to each side over which affinities of words in scripts without spaces are smoothed."""
SMOOTHING_TEMPERATURE = 0.4
"""Temperature of the neighbours' weights, which depend on the cosine of the two words."""


def word_affinity(
    source: "EncodedSentence", target: "EncodedSentence", source_words: Words, target_words: Words
) -> Affinity:
    """Compute the cosines of all pairs of words, averaged over the layers.

    A word's vector is the mean of its pieces (without pieces of punctuation if it has others) minus the mean of all
    words of the pair. All vectors of an encoder have a large component in common (Ethayarajh 2019,
    https://aclanthology.org/D19-1006), so that without this all cosines are high.

    In scripts without spaces a word is a character, whose vector says little. Their affinities are smoothed over
    similar neighbours, so that the characters of a name get similar affinities (see `smooth_unspaced`).

    RETURNS (Affinity): (n_source, n_target) of float32, in [-1, 1].
    """
    sides, indices = [], []
    for sentence in (source, target):
        words = sentence.words[sentence.content]
        sides.append(pool_words(sentence.vectors[:, sentence.pieces[sentence.content]], words))
        indices.append(words_with_pieces(words)[0])
    n_words = sum(map(len, indices))
    affinity = np.full((len(source_words), len(target_words)), NO_PIECES, dtype=np.float32)
    if all(map(len, indices)):
        common = (sides[0].sum(axis=1, keepdims=True) + sides[1].sum(axis=1, keepdims=True)) / (n_words + PRIOR_WORDS)
        X, Y = (normalize(side - common) for side in sides)
        cosines = (X @ Y.swapaxes(-1, -2)).mean(axis=0)
        rows, columns = indices
        cosines = smooth_unspaced(cosines, X, [source_words[i] for i in rows.tolist()])
        cosines = smooth_unspaced(cosines.T, Y, [target_words[j] for j in columns.tolist()]).T
        affinity[np.ix_(rows, columns)] = cosines
    return affinity


def smooth_unspaced(cosines: Affinity, vectors: Vectors, words: Sequence[str]) -> Affinity:
    """Average the cosines of each word in a script without spaces with those of its neighbours, weighted by similarity.

    cosines (Affinity): (n_words, n_others).
    vectors (Vectors): (n_layers, n_words, width), of length 1.
    RETURNS (Affinity): (n_words, n_others); `cosines` itself if all words are of other scripts.
    """
    unspaced = np.array([is_unspaced_text(word) or word in NAME_DOTS for word in words])
    if not unspaced.any():
        return cosines
    run = np.cumsum(~unspaced)  # equal for words of one unspaced run
    total, mixed = np.ones((len(words), 1), dtype=np.float32), cosines.copy()  # a word itself weighs 1
    for shift in range(1, min(SMOOTHING_WINDOW, len(words) - 1) + 1):
        near = unspaced[:-shift] & unspaced[shift:] & (run[:-shift] == run[shift:])
        alike = np.einsum("lid,lid->i", vectors[:, :-shift], vectors[:, shift:]) / len(vectors)
        weights = np.where(near, np.exp((alike - 1) / SMOOTHING_TEMPERATURE), 0).astype(np.float32)[:, None]
        mixed[:-shift] += weights * cosines[shift:]
        mixed[shift:] += weights * cosines[:-shift]
        total[:-shift] += weights
        total[shift:] += weights
    mixed /= total
    return mixed
