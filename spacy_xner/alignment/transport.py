"""Word alignment by optimal transport: the transport plan of a sentence pair, and the alignment links of a plan."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from .link_scores import link_scores
from .types import Affinity, Alignment, Links, Plan, Similarity

TEMPERATURE = 0.05
ITERATIONS = 20
MIN_LENGTH_RATIO = 2 / 3  # of the shorter sentence to the longer one, for shares of a word's mass

# Settings of links. Function words have few good matches, so the affinity of the bins must be low. Chosen on the
# English-French and Romanian-English gold alignments of WPT 2003 and 2005 (benchmarks/alignment.py); values near these
# do about as well.
NULL, NEIGHBOURS, LEAST_SHARE = 0.1, 0.15, 0.36


def transport_plan(affinity: Affinity, null: float, neighbours: float, temperature: float = TEMPERATURE) -> Plan:
    """Compute the entropy-regularised transport plan between the words of two sentences (Sinkhorn; Cuturi 2013).

    Each sentence has a mass of 1, distributed equally over its words, and a bin that can take any of the other
    sentence's mass. A word has no counterpart where its affinities are below that of the bin, or where other words need
    its counterparts more. The bin is the dustbin of Sarlin et al. 2020 (https://arxiv.org/abs/1911.11763); Arase et al.
    2023 (https://aclanthology.org/2023.acl-long.219) find a similar one useful for word alignment.

    affinity (Affinity): (n_source, n_target).
    null (float): the affinity of the bins.
    neighbours (float): weight of the affinities of the pairs before and after a pair, which are added to its own where
        they are positive.
    temperature (float): a pair whose affinity is higher by this much weighs e times as much.
    RETURNS (Plan): (n_source, n_target) of float64.
    """
    n_source, n_target = affinity.shape
    if not n_source or not n_target:
        return np.zeros((n_source, n_target))
    scores = np.full((n_source + 1, n_target + 1), null, dtype=np.float64)
    scores[:-1, :-1] = with_neighbours(affinity, neighbours)
    scores -= scores.max()
    scores /= temperature
    kernel = np.exp(scores, out=scores)  # in place: a pair can have 10,000 words on each side
    row_mass, column_mass = np.ones(n_source + 1), np.ones(n_target + 1)
    row_mass[:-1] /= n_source
    column_mass[:-1] /= n_target
    rows = np.ones(n_source + 1)
    for _ in range(ITERATIONS):
        columns = column_mass / (rows @ kernel)
        rows = row_mass / (kernel @ columns)
    kernel *= rows[:, None]
    kernel *= columns
    plan: Plan = kernel[:-1, :-1]
    return plan


def with_neighbours(affinity: Affinity, weight: float) -> npt.NDArray[np.float64]:
    """Add to each affinity `weight` times those of the pairs (i - 1, j - 1) and (i + 1, j + 1), where positive."""
    scores = affinity.astype(np.float64)
    if weight:
        support = weight * np.maximum(scores, 0)
        scores[1:, 1:] += support[:-1, :-1]
        scores[:-1, :-1] += support[1:, 1:]
    return scores


def plan_links(plan: Plan, least: float) -> Links:
    """Link the pairs of words that exchange at least this share of their mass, see `plan_shares`."""
    return [(int(i), int(j)) for i, j in np.argwhere(plan_shares(plan) >= least)]


def plan_shares(plan: Plan) -> Plan:
    """The share of its mass that a word of the shorter sentence sends to each word, (n_source, n_target), in [0, 1].

    A word of a much shorter sentence has more mass than a word of the other one can take. So the ratio of the lengths
    counts as at least `MIN_LENGTH_RATIO`.
    """
    shorter, longer = sorted(plan.shape)
    return plan * max(shorter, MIN_LENGTH_RATIO * longer)


class TransportAlignment(Alignment):
    """An alignment by transport.

    `links` and `scores` are computed on first use, since projection by transport needs a plan of its own and no links.
    `scores` has the probability that each link is right, see `link_scores`.

    affinity (Affinity): (n_source, n_target), see `word_affinity`.
    unspaced (bool): whether a side is in a script without spaces, see `is_unspaced_pair`: for the scores.
    """

    affinity: Affinity
    unspaced: bool

    def __init__(self, affinity: Affinity, unspaced: bool = False) -> None:
        object.__setattr__(self, "affinity", affinity)
        object.__setattr__(self, "unspaced", unspaced)

    @cached_property
    def _scored_links(self) -> tuple[Links, list[float]]:
        plan = transport_plan(self.affinity, NULL, NEIGHBOURS)
        links = plan_links(plan, LEAST_SHARE)
        return links, link_scores(links, plan_shares(plan), plan, self.affinity, self.unspaced)

    @property
    def links(self) -> Links:
        """Sorted pairs of 0-based word indices, source first."""
        return self._scored_links[0]

    @property
    def scores(self) -> list[float]:
        """The probability that each link is right."""
        return self._scored_links[1]

    @cached_property
    def similarity(self) -> Similarity:
        """(n_source, n_target), in [0, 1]: the affinities, 0 for negative ones."""
        return self.affinity.clip(0, 1)
