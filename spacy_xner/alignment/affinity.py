"""Affinities of two sentences: mean-centred cosines of the contextual vectors of their pieces, units and words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .similarity import Indices, Vectors, greatest_of_words, normalize, pool_words, words_with_pieces
from .types import NO_PIECES, Affinity, Words
from .units import alignment_units

if TYPE_CHECKING:
    from .encoder import EncodedSentence

PRIOR_WORDS = 2
"""Zero vectors counted in the mean of a pair: the mean of few words is shrunk towards 0."""

CHARACTER_WEIGHT = 0.3
"""Share of its own affinity, beside that of its unit, of a word that is one of several in a unit."""


@dataclass(frozen=True, eq=False)
class PairAffinity:
    """Affinities of a sentence pair, by words, by units of alignment (see `alignment_units`), and by word pieces.

    words (Affinity): (n_source, n_target).
    units (Affinity): (n_source_units, n_target_units).
    pieces (Affinity): (n_source_pieces, n_target_pieces).
    source_units, target_units (Indices): the unit of each word, (n_source,) and (n_target,).
    source_pieces, target_pieces (tuple[Indices, Indices]): pairs of a piece and the unit that it is part of, sorted by
        unit, without punctuation in units that have other pieces.
    """

    words: Affinity
    units: Affinity
    pieces: Affinity
    source_units: Indices
    target_units: Indices
    source_pieces: tuple[Indices, Indices]
    target_pieces: tuple[Indices, Indices]

    @classmethod
    def of_words(cls, affinity: Affinity) -> "PairAffinity":
        """The affinities of words alone, each a unit and a piece.

        affinity (Affinity): (n_source, n_target).
        """
        rows, columns = map(np.arange, affinity.shape)
        return cls(affinity, affinity, affinity, rows, columns, (rows, rows), (columns, columns))

    @property
    def masses(self) -> tuple[np.ndarray, np.ndarray]:
        """The share of each word in the mass of its sentence, (n_source,) and (n_target,): units have equal shares."""
        return word_masses(self.source_units), word_masses(self.target_units)


def word_masses(units: Indices) -> np.ndarray:
    """The mass of each word: the units of a sentence share a mass of 1 equally, and the words of a unit its mass."""
    if not len(units):
        return np.zeros(0)
    masses: np.ndarray = 1 / (np.bincount(units)[units] * (units[-1] + 1))
    return masses


def pair_affinity(
    source: "EncodedSentence", target: "EncodedSentence", source_words: Words, target_words: Words
) -> PairAffinity:
    """Compute the affinities of a sentence pair, averaged over the layers.

    The affinity of two pieces is the cosine of their vectors minus the mean of all pieces of the pair. All vectors of
    an encoder have a large component in common (Ethayarajh 2019, https://aclanthology.org/D19-1006), so that without
    this all cosines are high. The affinity of two units is the mean of two numbers: the cosine of the means of their
    pieces, with the mean of all units of the pair subtracted, and the greatest affinity of two of their pieces. The
    second is high for words of which a part has a counterpart: compounds, and words with endings.

    The affinity of two words is that of their units. Where a unit has several words, their own affinities, computed in
    the same way, count `CHARACTER_WEIGHT`.
    """
    source_units, target_units = alignment_units(source_words), alignment_units(target_words)
    pieces = centred_cosines(source.vectors, target.vectors, NO_PIECES)
    of_source, of_target = (
        _pairs(sentence, units) for sentence, units in ((source, source_units), (target, target_units))
    )
    n_units = tuple(int(units[-1]) + 1 if len(units) else 0 for units in (source_units, target_units))
    of_units = _combined(source, target, pieces, of_source, of_target, n_units)
    words = of_units
    if n_units != (len(source_words), len(target_words)):
        n_words = (len(source_words), len(target_words))
        own = _combined(
            source,
            target,
            pieces,
            _pairs(source, np.arange(n_words[0])),
            _pairs(target, np.arange(n_words[1])),
            n_words,
        )
        words = of_units[np.ix_(source_units, target_units)]
        shared = (np.bincount(source_units) > 1)[source_units][:, None] | (np.bincount(target_units) > 1)[target_units]
        words = np.where(shared, (1 - CHARACTER_WEIGHT) * words + CHARACTER_WEIGHT * own, words).astype(np.float32)
    return PairAffinity(words, of_units, pieces, source_units, target_units, of_source, of_target)


def centred_cosines(source: Vectors, target: Vectors, empty: float = 0.0) -> Affinity:
    """The cosines of all pairs of vectors minus their common mean, averaged over the layers.

    source, target (Vectors): (n_layers, n_source, width), (n_layers, n_target, width).
    RETURNS (Affinity): (n_source, n_target); `empty` everywhere if a side has no vectors.
    """
    n_source, n_target = source.shape[1], target.shape[1]
    if not n_source or not n_target:
        return np.full((n_source, n_target), empty, dtype=np.float32)
    common = source.sum(axis=1, keepdims=True) + target.sum(axis=1, keepdims=True)
    common /= n_source + n_target + PRIOR_WORDS
    # The mean of products of several matrices is the product of one, without an array of pairs for each layer.
    rows, columns = (normalize(side - common).swapaxes(0, 1).reshape(side.shape[1], -1) for side in (source, target))
    cosines: Affinity = rows @ columns.T / np.float32(len(source))
    return cosines


def _pairs(sentence: "EncodedSentence", units: Indices) -> tuple[Indices, Indices]:
    """Each pair of a piece and a unit once, sorted by unit; without punctuation, see `EncodedSentence`."""
    pairs = np.stack([units[sentence.words[sentence.content]], sentence.pieces[sentence.content]], axis=1)
    units_of_pieces, pieces = np.unique(pairs, axis=0).T
    return pieces, units_of_pieces


def _combined(
    source: "EncodedSentence",
    target: "EncodedSentence",
    pieces: Affinity,
    of_source: tuple[Indices, Indices],
    of_target: tuple[Indices, Indices],
    shape: tuple[int, ...],
) -> Affinity:
    """The affinity of units, see `pair_affinity`; `shape` is their numbers."""
    affinity = np.full(shape, NO_PIECES, dtype=np.float32)
    (source_pieces, rows), (target_pieces, columns) = of_source, of_target
    if len(rows) and len(columns):
        means = centred_cosines(
            pool_words(source.vectors[:, source_pieces], rows), pool_words(target.vectors[:, target_pieces], columns)
        )
        present, greatest = greatest_of_units(pieces, of_source, of_target)
        affinity[present] = (means + greatest) / 2
    return affinity


def greatest_of_units(
    pieces: np.ndarray, of_source: tuple[Indices, Indices], of_target: tuple[Indices, Indices]
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The greatest value of two pieces for each pair of units that have pieces.

    pieces (numpy.ndarray): (n_source_pieces, n_target_pieces).
    of_source, of_target (tuple[Indices, Indices]): see `PairAffinity.source_pieces`; not empty.
    RETURNS: the place of these units in a matrix of all units, and their values.
    """
    (source_pieces, rows), (target_pieces, columns) = of_source, of_target
    present = np.ix_(words_with_pieces(rows)[0], words_with_pieces(columns)[0])
    return present, greatest_of_words(pieces[np.ix_(source_pieces, target_pieces)], rows, columns)
