"""Returning free memory to the system during training."""

import ctypes
import functools
from collections.abc import Callable

UPDATES_PER_RELEASE = 4
"""Updates of an encoder between two calls of `release_memory`, each of which takes milliseconds."""


def release_memory() -> None:
    """Return free memory to the system where the C library is glibc; elsewhere do nothing.

    Array sizes differ from batch to batch, from a few megabytes to a hundred. The heap becomes fragmented and grows:
    from 2 to 6 GB in a hundred steps of 800 words, 4 GB of which were free.
    """
    trim = malloc_trim()
    if trim is not None:
        trim(0)


@functools.cache
def malloc_trim() -> Callable[[int], int] | None:
    """glibc's function of that name; None where there is none, as on macOS."""
    try:
        function = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    function.argtypes = [ctypes.c_size_t]
    trim: Callable[[int], int] = function
    return trim
