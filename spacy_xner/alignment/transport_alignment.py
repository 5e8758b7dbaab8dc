"""`TransportAlignment`: the alignment of a sentence pair by optimal transport."""

from functools import cached_property

import numpy as np

from .affinity import PairAffinity
from .link_scores import link_scores
from .links import link_shares
from .types import Alignment, Links, Similarity


class TransportAlignment(Alignment):
    """An alignment by transport.

    `links` and `scores` are computed on first use, since projection by transport needs a plan of its own and no links.
    `scores` has the probability that each link is right, see `link_scores`.

    affinities (PairAffinity): affinities of words, units and pieces, see `pair_affinity`.
    """

    affinities: PairAffinity

    def __init__(self, affinities: PairAffinity) -> None:
        object.__setattr__(self, "affinities", affinities)
        object.__setattr__(self, "affinity", affinities.words)

    @cached_property
    def _scored_links(self) -> dict[tuple[int, int], float]:
        """Links of units, expanded to the words of both."""
        shares = link_shares(self.affinities)
        links = shares.chosen()
        source, target = self.affinities.source_units, self.affinities.target_units
        found = {}
        for (i, j), score in zip(links, link_scores(links, shares, self.affinities.units), strict=True):
            for row in np.flatnonzero(source == i).tolist():
                for column in np.flatnonzero(target == j).tolist():
                    found[row, column] = score
        return dict(sorted(found.items()))

    @property
    def links(self) -> Links:
        """Sorted pairs of 0-based word indices, source first."""
        return list(self._scored_links)

    @property
    def scores(self) -> list[float]:
        """The probability that each link is right."""
        return list(self._scored_links.values())

    @property
    def masses(self) -> tuple[np.ndarray, np.ndarray]:
        """The mass of each word in transport plans, (n_source,) and (n_target,), see `PairAffinity.masses`."""
        return self.affinities.masses

    @cached_property
    def similarity(self) -> Similarity:
        """(n_source, n_target), in [0, 1]: the affinities, 0 for negative ones."""
        return self.affinities.words.clip(0, 1)
