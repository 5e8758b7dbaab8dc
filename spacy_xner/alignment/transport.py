"""Alignment as transport: each sentence sends its mass to the other, and what finds no counterpart goes nowhere."""

import numpy as np
import numpy.typing as npt

from .types import Affinity, Links

Plan = npt.NDArray[np.float64]
"""(n_source, n_target): the mass that goes from word to word. Rows sum to at most 1 / n_source, columns to at most
1 / n_target; what they lack has no counterpart."""

TEMPERATURE = 0.05
ITERATIONS = 20
LOPSIDED = 2 / 3  # a sentence shorter than this share of the other one says little in each of its words


def transport_plan(affinity: Affinity, null: float, neighbours: float, temperature: float = TEMPERATURE) -> Plan:
    """The entropy-regularised transport plan between the words of two sentences (Sinkhorn; Cuturi 2013).

    Each sentence has a mass of 1, which its words share equally, and a bin that takes any of the other's mass: words
    have no counterpart where their affinities are below that of the bin, or where others need their counterparts more
    (the dustbin of Sarlin et al. 2020, https://arxiv.org/abs/1911.11763; Arase et al. 2023,
    https://aclanthology.org/2023.acl-long.219, find the like of it good for aligning words).

    affinity (Affinity): (n_source, n_target).
    null (float): the affinity of the bins.
    neighbours (float): what the affinities of the pairs before and behind a pair add to its own, if they are positive.
    temperature (float): how soft the plan is; an affinity higher by so much weighs e times as much.
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
    """Affinities, plus `weight` times those of the pairs (i - 1, j - 1) and (i + 1, j + 1) where they are positive."""
    scores = affinity.astype(np.float64)
    if weight:
        support = weight * np.maximum(scores, 0)
        scores[1:, 1:] += support[:-1, :-1]
        scores[:-1, :-1] += support[1:, 1:]
    return scores


def plan_links(plan: Plan, least: float) -> Links:
    """The pairs of words that exchange at least this share, see `plan_shares`."""
    return [(int(i), int(j)) for i, j in np.argwhere(plan_shares(plan) >= least)]


def plan_shares(plan: Plan) -> Plan:
    """What share of its mass the word of the shorter sentence sends to each word, (n_source, n_target), in [0, 1].

    A word of a much shorter sentence has more mass than a word of the other one can take: lengths count as no farther
    apart than `LOPSIDED`.
    """
    shorter, longer = sorted(plan.shape)
    return plan * max(shorter, LOPSIDED * longer)
