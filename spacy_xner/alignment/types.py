"""Types of word alignment: words, links, similarities, and the protocol of aligners."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Words: TypeAlias = Sequence[str]
"""A sentence as its words."""


class SpacedWords(tuple[str, ...]):
    """Words that know between which of them the text has white space.

    An aligner reads neighbouring words of scripts without spaces as one text, but not across white space. Plain
    sequences of words do not say where the text has any.

    spaces (Sequence[bool]): for each word, whether white space follows it.
    """

    spaces: tuple[bool, ...]

    def __new__(cls, words: Iterable[str], spaces: Iterable[bool]) -> "SpacedWords":
        self = super().__new__(cls, words)
        self.spaces = tuple(spaces)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpacedWords) and super().__eq__(other) and self.spaces == other.spaces

    def __ne__(self, other: object) -> bool:  # that of tuples does not ask __eq__
        return not self == other

    def __hash__(self) -> int:
        return hash((tuple(self), self.spaces))

    def __getnewargs__(self) -> tuple[tuple[str, ...], tuple[bool, ...]]:
        return tuple(self), self.spaces


Links: TypeAlias = list[tuple[int, int]]
"""(source word, target word), 0-based, sorted, each pair once."""

Similarity: TypeAlias = npt.NDArray[np.float32]
"""(n_source, n_target), float32."""

Affinity: TypeAlias = npt.NDArray[np.float32]
"""(n_source, n_target), float32, in [-1, 1]."""

Plan: TypeAlias = npt.NDArray[np.float64]
"""(n_source, n_target): the mass transported from word to word. A row or column sums to at most its word's mass; the
rest has no counterpart."""

NO_PIECES = -1.0
"""The affinity of words for which the tokenizer gives no word pieces."""

Method = Literal["transport", "inter", "itermax", "mwmf"]
TokenType = Literal["bpe", "word"]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Links between the words of two sentences, and similarities of all pairs of words.

    links (Links): sorted pairs of 0-based word indices, source first.
    similarity (Similarity): (n_source, n_target), in [0, 1]; the greatest similarity of two word pieces for each pair
        of words, and 0 for a word without word pieces.
    affinity (Affinity | None): (n_source, n_target), in [-1, 1]; mean-centred cosines of words, see `pair_affinity`.
        None from aligners that do not align by transport (see `TransportAlignment`).
    """

    links: Links
    similarity: Similarity
    affinity: Affinity | None = None

    @property
    def scores(self) -> list[float]:
        """A score for each link, in [0, 1]: the similarity of the two words, which is no probability.

        Alignments by transport have the probability that a link is right instead, see `TransportAlignment`.
        """
        return [float(self.similarity[i, j]) for i, j in self.links]

    @property
    def masses(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The mass of each word in transport plans, (n_source,) and (n_target,): equal, with the sum 1 on each side."""
        n_source, n_target = self.similarity.shape
        return np.full(n_source, 1 / max(1, n_source)), np.full(n_target, 1 / max(1, n_target))

    @classmethod
    def empty(cls, n_source: int, n_target: int) -> "Alignment":
        """An alignment of `n_source` and `n_target` words without links, all similarities 0."""
        return cls([], np.zeros((n_source, n_target), dtype=np.float32))


@runtime_checkable
class Aligner(Protocol):
    """Aligns the words of sentence pairs; registered aligners can be named in a config."""

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the links, as plain JSON: registered name, encoder, layers, method. Kept in provenance."""
        ...

    def align(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[Alignment]:
        """Align (source words, target words) pairs lazily, in order. YIELDS: an `Alignment` for each pair."""
        ...
