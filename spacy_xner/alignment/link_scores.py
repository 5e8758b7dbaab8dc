"""Scores of alignment links by transport: the probability that a link is right (sure or possible in gold alignments).

The coefficients are those that `python benchmarks/alignment_calibration.py` prints. It fits them on gold alignments of
English-French and Romanian-English, and of Chinese-English and Japanese-English, and on the same sentences with wrong
translations, which count a tenth; and it prints the calibration error on each pair of languages with coefficients that
were fitted on the other one of its kind. Fit again after any change of affinities or of the plan of links.
"""

from typing import Any

import numpy as np

from .links import LinkShares
from .logistic import Logistic
from .types import Affinity, Links

FEATURES = ("log of the share of mass that the units exchange", "affinity", "log of the mass of the whole pair", "scale")

SPACED = Logistic(4.202, (3.216, 1.193, 3.991, 0.0))
UNSPACED = Logistic(5.643, (3.641, -1.349, 2.238, 0.0))


def link_features(links: Links, shares: LinkShares, affinity: Affinity) -> np.ndarray:
    """The features of links of units, (n_links, 4), see `FEATURES`.

    affinity (Affinity): (n_source_units, n_target_units).
    """
    rows, columns = np.array(links, dtype=np.intp).reshape(-1, 2).T
    of_pair = [np.full(len(rows), value) for value in (np.log(shares.mass + 0.001), shares.scale)]
    features = [np.log(shares.shares[rows, columns] + 1e-9), affinity[rows, columns], *of_pair]
    return np.column_stack(features).astype(np.float64)


def link_scores(links: Links, shares: LinkShares, affinity: Affinity, unspaced: bool) -> list[float]:
    """The probability that each link is right.

    unspaced (bool): whether a side is in a script without spaces, see `is_unspaced_pair`.
    """
    return [float(score) for score in (UNSPACED if unspaced else SPACED)(link_features(links, shares, affinity))]


def identity() -> dict[str, Any]:
    """What determines the scores, as plain JSON."""
    return {name: [part.intercept, *part.weights] for name, part in (("spaced", SPACED), ("unspaced", UNSPACED))}
