"""Fits the logistic regressions of scores (spacy_xner/alignment/logistic.py); the calibration programs share it."""

import numpy as np

from spacy_xner.alignment.logistic import Floats, Logistic

PENALTY = 0.5  # on squared weights, of features scaled to unit variance


def fit_logistic(features: Floats, right: Floats, weights: Floats) -> Logistic:
    """Fit by Newton's method, with a small penalty on the weights.

    features (Floats): (n, n_features).
    right (Floats): (n,), 1 or 0.
    weights (Floats): (n,), how much each row counts.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(features)), (features - mean) / deviation])
    penalty = np.diag([0.0, *[2 * PENALTY] * features.shape[1]])
    coefficients = np.zeros(scaled.shape[1])
    for _ in range(100):
        found = 1 / (1 + np.exp(-scaled @ coefficients))
        gradient = scaled.T @ (weights * (right - found)) - penalty @ coefficients
        hessian = (scaled.T * (weights * found * (1 - found))) @ scaled + penalty
        step = np.linalg.solve(hessian, gradient)
        coefficients += step
        if np.abs(step).max() < 1e-9:
            break
    own = coefficients[1:] / deviation
    return Logistic(float(coefficients[0] - own @ mean), tuple(map(float, own)))


def as_code(fitted: Logistic) -> str:
    """The regression as Python code, rounded."""
    return f"Logistic({fitted.intercept:.3f}, ({', '.join(f'{weight:.3f}' for weight in fitted.weights)}))"
