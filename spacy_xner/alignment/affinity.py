"""How much two words mean the same in their sentences: cosines without what all words of the pair have in common."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..languages.scripts import is_unspaced_text
from .similarity import Vectors, normalize, pool_words, words_with_pieces
from .types import NO_PIECES, Affinity, Words

if TYPE_CHECKING:
    from .encoder import EncodedSentence

PRIOR_WORDS = 2
"""Words at the origin that the mean of a pair counts in: two words alone do not tell what all words have in common."""

NAME_DOTS = frozenset("·・‧•")
"""Stand between the parts of foreign names in scripts without spaces."""

REACH = 4
"""Characters to each side that a word of an unspaced script shares its affinities with, and"""
SHARING = 0.4
"""the temperature of how much, by the cosine of the two."""


def word_affinity(
    source: "EncodedSentence", target: "EncodedSentence", source_words: Words, target_words: Words
) -> Affinity:
    """The mean over the layers of the cosines of all pairs of words.

    A word's vector is the mean of its pieces, without those of punctuation if it has others, minus the mean of all
    words of the pair: vectors of an encoder share a large direction (Ethayarajh 2019,
    https://aclanthology.org/D19-1006), which makes everything look alike.

    In scripts without spaces a word is a character, and a character says little: each takes the affinities of its
    neighbours in, the more the more alike they are, so that the characters of a name hold together.

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
        cosines = shared(cosines, X, [source_words[i] for i in rows.tolist()])
        cosines = shared(cosines.T, Y, [target_words[j] for j in columns.tolist()]).T
        affinity[np.ix_(rows, columns)] = cosines
    return affinity


def shared(cosines: Affinity, vectors: Vectors, words: Sequence[str]) -> Affinity:
    """The cosines of each word with those of its neighbours mixed in, where the script has no spaces.

    cosines (Affinity): (n_words, n_others).
    vectors (Vectors): (n_layers, n_words, width), of length 1.
    """
    unspaced = np.array([is_unspaced_text(word) or word in NAME_DOTS for word in words])
    if not unspaced.any():
        return cosines
    run = np.cumsum(~unspaced)  # the same for words between which all is unspaced
    total, mixed = np.ones((len(words), 1), dtype=np.float32), cosines.copy()  # a word itself weighs 1
    for shift in range(1, min(REACH, len(words) - 1) + 1):
        near = unspaced[:-shift] & unspaced[shift:] & (run[:-shift] == run[shift:])
        alike = np.einsum("lid,lid->i", vectors[:, :-shift], vectors[:, shift:]) / len(vectors)
        weights = np.where(near, np.exp((alike - 1) / SHARING), 0).astype(np.float32)[:, None]
        mixed[:-shift] += weights * cosines[shift:]
        mixed[shift:] += weights * cosines[:-shift]
        total[:-shift] += weights
        total[shift:] += weights
    mixed /= total
    return mixed
