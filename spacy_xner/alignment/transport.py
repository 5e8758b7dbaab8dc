"""Optimal transport: the transport plan of a sentence pair."""

import numpy as np
import numpy.typing as npt

from .types import Affinity, Plan

TEMPERATURE = 0.05
ITERATIONS = 20


def transport_plan(
    affinity: Affinity,
    null: float,
    neighbours: float,
    masses: tuple[np.ndarray, np.ndarray] | None = None,
    temperature: float = TEMPERATURE,
) -> Plan:
    """Compute the entropy-regularised transport plan between the words of two sentences (Sinkhorn; Cuturi 2013).

    Each sentence has a mass of 1, distributed over its words, and a bin that can take any of the other
    sentence's mass. A word has no counterpart where its affinities are below that of the bin, or where other words need
    its counterparts more. The bin is the dustbin of Sarlin et al. 2020 (https://arxiv.org/abs/1911.11763); Arase et al.
    2023 (https://aclanthology.org/2023.acl-long.219) find a similar one useful for word alignment.

    affinity (Affinity): (n_source, n_target).
    null (float): the affinity of the bins.
    neighbours (float): weight of the affinities of the pairs before and after a pair, which are added to its own where
        they are positive.
    masses (tuple[numpy.ndarray, numpy.ndarray] | None): the mass of each word, (n_source,) and (n_target,), each with
        the sum 1; None for equal masses.
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
    row_mass[:-1], column_mass[:-1] = masses or (1 / n_source, 1 / n_target)
    rows = np.ones(n_source + 1)
    for _ in range(ITERATIONS):
        columns = column_mass / (rows @ kernel)
        rows = row_mass / (kernel @ columns)
    kernel *= rows[:, None]
    kernel *= columns
    plan: Plan = kernel[:-1, :-1]
    return plan


def affinity_scale(affinity: Affinity, masses: tuple[np.ndarray, np.ndarray] | None = None) -> float:
    """The mean of the greatest affinity of each word, over both sentences alike, negative ones as 0; in [0, 1].

    It is some 0.5 for English and French, and 0.35 for English and Japanese, so that a setting that counts times the
    scale suits both.

    masses (tuple[numpy.ndarray, numpy.ndarray] | None): as for `transport_plan`: weights of the words.
    RETURNS: 0 for an empty side.
    """
    if not affinity.size:
        return 0.0
    rows, columns = affinity.max(axis=1).clip(0), affinity.max(axis=0).clip(0)
    if masses is None:
        return float(rows.mean() + columns.mean()) / 2
    return float(rows @ masses[0] + columns @ masses[1]) / 2


def with_neighbours(affinity: Affinity, weight: float) -> npt.NDArray[np.float64]:
    """Add to each affinity `weight` times those of the pairs (i - 1, j - 1) and (i + 1, j + 1), where positive."""
    scores = affinity.astype(np.float64)
    if weight:
        support = weight * np.maximum(scores, 0)
        scores[1:, 1:] += support[:-1, :-1]
        scores[:-1, :-1] += support[1:, 1:]
    return scores
