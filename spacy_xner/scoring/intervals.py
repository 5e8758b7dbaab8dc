"""95% intervals of F1 over test texts, by the bootstrap. They do not cover the variance between trainings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .entities import Counts

RESAMPLES = 1000
CHUNK = 4_000_000  # numbers in an array of weights: 32 MB
LEVELS = (0.025, 0.975)

Floats = NDArray[np.float64]


def resampled_f1(texts: Iterable[Counts], seed: Sequence[int], resamples: int = RESAMPLES) -> Floats:
    """F1 on resampled texts (Efron 1979), (resamples,); 0 where there are no entities.

    texts (Iterable[Counts]): the counts of each text. Docs of the same text are one observation: give their sum.
    seed (Sequence[int]): the same seed and texts give the same values, in any order of the texts.
    """
    counts = np.array(sorted((each.tp, each.fp, each.fn) for each in texts), dtype=np.float64).reshape(-1, 3)
    random = np.random.default_rng(list(seed))
    parts = [_drawn(random, size, len(counts)) @ counts for size in _sizes(resamples, len(counts))]
    tp, fp, fn = np.concatenate(parts).T
    whole = 2 * tp + fp + fn
    return np.asarray(np.divide(2 * tp, whole, out=np.zeros_like(whole), where=whole > 0))


def interval(values: Floats, observed: float) -> tuple[float, float]:
    """The ends of the 95% interval, which includes the observed value."""
    low, high = np.quantile(values, LEVELS)
    return min(float(low), observed), max(float(high), observed)


def _drawn(random: np.random.Generator, size: int, n: int) -> Floats:
    """How often each text is drawn, (size, n)."""
    if not n:
        return np.zeros((size, 0))
    drawn = random.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def _sizes(resamples: int, n: int) -> Iterator[int]:
    size = max(1, CHUNK // max(n, 1))
    for start in range(0, resamples, size):
        yield min(size, resamples - start)
