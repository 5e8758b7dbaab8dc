"""Windows over sentences longer than the encoder's limit."""

from itertools import pairwise

import numpy as np

from .similarity import Vectors

OVERLAP = 0.25  # share of a window that the next one repeats


def window_starts(length: int, window: int) -> list[int]:
    """Starts of windows that cover `length` pieces; the last window is full too. No windows for no pieces."""
    if length <= window:
        return [0] if length else []
    stride = max(1, window - int(window * OVERLAP))
    return [*range(0, length - window, stride), length - window]


def join_windows(parts: list[tuple[int, Vectors]]) -> Vectors:
    """Join (start, vectors) windows, in order, into one array; overlaps are divided in the middle."""
    if len(parts) == 1:
        return parts[0][1]
    cuts = [(next_start + start + vectors.shape[1]) // 2 for (start, vectors), (next_start, _) in pairwise(parts)]
    first, last = 0, parts[-1][0] + parts[-1][1].shape[1]
    bounds = pairwise([first, *cuts, last])
    return np.concatenate(
        [vectors[:, low - start : high - start] for (start, vectors), (low, high) in zip(parts, bounds, strict=True)],
        axis=1,
    )
