"""Scores of alignment links by transport: the probability that a link is right (sure or possible in gold alignments).

The coefficients are those that `python benchmarks/alignment_calibration.py` prints. It fits them on gold alignments of
English-French, Romanian-English, Chinese-English and Japanese-English, and on the same sentences with wrong
translations, which count a tenth; and it prints the calibration error on each pair of languages with coefficients that
were fitted on the other three. Fit again after any change of affinities or of the shares of links.
"""

from typing import Any

import numpy as np

from .links import LinkShares
from .logistic import Logistic
from .types import Affinity, Links

FEATURES = (
    "log of the share of mass that the units exchange, relative to the scale of affinities",
    "affinity",
    "log of the mass of the whole pair",
)
LINKS = Logistic(1.903, (2.842, 1.913, 7.268))


def link_features(links: Links, shares: LinkShares, affinity: Affinity) -> np.ndarray:
    """The features of links of units, (n_links, 3), see `FEATURES`.

    affinity (Affinity): (n_source_units, n_target_units).
    """
    rows, columns = np.array(links, dtype=np.intp).reshape(-1, 2).T
    relative = shares.shares[rows, columns] / shares.scale
    of_links = [np.log(relative + 1e-9), affinity[rows, columns], np.full(len(rows), np.log(shares.mass + 0.001))]
    return np.column_stack(of_links).astype(np.float64)


def link_scores(links: Links, shares: LinkShares, affinity: Affinity) -> list[float]:
    """The probability that each link is right."""
    return [float(score) for score in LINKS(link_features(links, shares, affinity))]


def identity() -> dict[str, Any]:
    """What determines the scores, as plain JSON."""
    return {"links": [LINKS.intercept, *LINKS.weights]}
