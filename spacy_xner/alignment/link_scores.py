"""Scores of alignment links by transport: the probability that a link is right (sure or possible in gold alignments).

The coefficients are those that `python benchmarks/alignment_calibration.py` prints. It fits them on gold alignments of
English-French and Romanian-English, and of Chinese-English and Japanese-English, and on the same sentences with wrong
translations, which count a tenth; and it prints the calibration error on each pair of languages with coefficients that
were fitted on the other one of its kind. Fit again after any change of affinities or of the plan of links.
"""

from typing import Any

import numpy as np

from .logistic import Logistic
from .types import Affinity, Links, Plan

FEATURES = ("log of the share of their mass that the words exchange", "affinity", "log of the mass of the whole pair")

SPACED = Logistic(4.202, (3.216, 1.193, 3.991))
UNSPACED = Logistic(5.643, (3.641, -1.349, 2.238))


def link_features(links: Links, shares: Plan, plan: Plan, affinity: Affinity) -> np.ndarray:
    """The features of links, (n_links, 3), see `FEATURES`.

    shares (Plan), plan (Plan), affinity (Affinity): (n_source, n_target), see `plan_shares`.
    """
    rows, columns = np.array(links, dtype=np.intp).reshape(-1, 2).T
    of_links = [np.log(shares[rows, columns]), affinity[rows, columns], np.full(len(rows), np.log(plan.sum() + 0.001))]
    return np.column_stack(of_links).astype(np.float64)


def link_scores(links: Links, shares: Plan, plan: Plan, affinity: Affinity, unspaced: bool) -> list[float]:
    """The probability that each link is right.

    unspaced (bool): whether a side is in a script without spaces, see `is_unspaced_pair`.
    """
    features = link_features(links, shares, plan, affinity)
    return [float(score) for score in (UNSPACED if unspaced else SPACED)(features)]


def identity() -> dict[str, Any]:
    """What determines the scores, as plain JSON."""
    return {name: [part.intercept, *part.weights] for name, part in (("spaced", SPACED), ("unspaced", UNSPACED))}
