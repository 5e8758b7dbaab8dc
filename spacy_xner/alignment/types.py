"""What every aligner takes and gives."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

Words: TypeAlias = Sequence[str]
"""A sentence as its words."""

Links: TypeAlias = list[tuple[int, int]]
"""(source word, target word), 0-based, sorted, each pair once."""

Similarity: TypeAlias = npt.NDArray[np.float32]
"""(n_source, n_target), float32."""

Affinity: TypeAlias = npt.NDArray[np.float32]
"""(n_source, n_target), float32, in [-1, 1]."""

NO_PIECES = -1.0
"""The affinity of words that the tokenizer leaves without pieces."""

Method = Literal["transport", "inter", "itermax", "mwmf"]
TokenType = Literal["bpe", "word"]


@dataclass(frozen=True, eq=False)
class Alignment:
    """The links between the words of two sentences, and how much alike any two of their words are.

    links (Links): sorted pairs of 0-based word indices, source first.
    similarity (Similarity): (n_source, n_target), in [0, 1]; the best of their word pieces for each pair of words, and
        0 for a word without word pieces.
    affinity (Affinity | None): (n_source, n_target), in [-1, 1]; cosines of words without what all words have in
        common, see `word_affinity`. None from aligners that do not look at it.
    """

    links: Links
    similarity: Similarity
    affinity: Affinity | None = None

    @classmethod
    def empty(cls, n_source: int, n_target: int, *, transport: bool = False) -> "Alignment":
        """No links and no similarity between `n_source` and `n_target` words; with affinities for `transport`."""
        shape = n_source, n_target
        affinity = np.full(shape, NO_PIECES, dtype=np.float32) if transport else None
        return cls([], np.zeros(shape, dtype=np.float32), affinity)


@runtime_checkable
class Aligner(Protocol):
    """Aligns sentence pairs; what `projection` needs and a config can choose."""

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the links, as plain JSON: registered name, encoder, layers, method. Goes into provenance."""
        ...

    def align(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[Alignment]:
        """Align (source words, target words) pairs lazily, in order; one `Alignment` for each."""
        ...
