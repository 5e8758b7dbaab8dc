"""Links of a sentence pair: which units exchange most of their mass, under the plans of its units and of its pieces."""

from dataclasses import dataclass

import numpy as np

from .affinity import PairAffinity, greatest_of_units
from .transport import affinity_scale, transport_plan
from .types import Links, Plan

# Settings of links. Affinities are lower in some pairs of languages than in others (see `affinity_scale`), so the
# first two count times the scale of the sentence pair. Chosen on gold alignments of four pairs of languages:
# benchmarks/alignment_settings.py chooses them on three of the four in turn and scores the fourth.
NULL_SHARE, LEAST_SHARE, NEIGHBOURS = 0.25, 0.9, 0.15

LEAST_SCALE = 0.35
"""Lower scales count as this one. Those of sentences that are no translations are lower, and right ones seldom are: so
fewer of the former's words are linked, at no cost (benchmarks/alignment.py)."""

PIECE_PLAN_SIZE = 2**24
"""Pairs of pieces up to which there is a plan of pieces: some 4,000 pieces on each side, and half a gigabyte."""


@dataclass(frozen=True, eq=False)
class LinkShares:
    """What links of units are chosen by.

    shares (Plan): (n_source_units, n_target_units): the mass that two units exchange, as a share of the mass of a unit
        of the longer sentence, mean over the plan of units and the plan of pieces.
    mass (float): the mass that the sentences exchange, in [0, 1].
    scale (float): see `affinity_scale`; at least `LEAST_SCALE`.
    """

    shares: Plan
    mass: float
    scale: float

    def chosen(self, least_share: float = LEAST_SHARE) -> Links:
        """The pairs of units that exchange at least this share, times the scale."""
        return [(int(i), int(j)) for i, j in np.argwhere(self.shares >= least_share * self.scale)]


def link_shares(affinity: PairAffinity, null_share: float = NULL_SHARE, neighbours: float = NEIGHBOURS) -> LinkShares:
    """Compute the transport plans of units and of pieces, and the shares that units exchange.

    The plan of pieces finds what that of units misses: parts of a compound with counterparts of their own. A unit's
    share under it is the greatest of its pieces. Texts of thousands of words have the plan of units alone, see
    `PIECE_PLAN_SIZE`.
    """
    scale = max(affinity_scale(affinity.units), LEAST_SCALE)
    if not affinity.units.size:
        return LinkShares(np.zeros(affinity.units.shape), 0.0, scale)
    plan = transport_plan(affinity.units, null_share * scale, neighbours)
    shares = plan * max(plan.shape)
    if affinity.pieces is not affinity.units and 0 < affinity.pieces.size <= PIECE_PLAN_SIZE:
        of_pieces = transport_plan(affinity.pieces, null_share * scale, neighbours) * max(affinity.pieces.shape)
        greatest = np.zeros_like(shares)
        if len(affinity.source_pieces[0]) and len(affinity.target_pieces[0]):
            present, found = greatest_of_units(of_pieces, affinity.source_pieces, affinity.target_pieces)
            greatest[present] = found
        shares = (shares + greatest) / 2
    return LinkShares(shares, float(plan.sum()), scale)
