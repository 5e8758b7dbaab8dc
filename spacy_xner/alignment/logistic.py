"""`Logistic`: a fitted logistic regression, which turns features into a probability."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST, MOST = 1e-6, 1 - 1e-6
"""Range of the probabilities: scores are rounded to 6 digits, and a score of 0 stands for "no score" in some places."""


@dataclass(frozen=True)
class Logistic:
    """The probability 1 / (1 + exp(-(intercept + weights * features))).

    intercept (float), weights (tuple[float, ...]): coefficients; a weight for each feature.
    """

    intercept: float
    weights: tuple[float, ...]

    def __call__(self, features: Floats) -> Floats:
        """Probabilities (n,), in [LEAST, MOST], of rows of features (n, n_features)."""
        log_odds = self.intercept + features @ np.array(self.weights)
        found: Floats = 1 / (1 + np.exp(-log_odds.clip(-50, 50)))
        return found.clip(LEAST, MOST)
