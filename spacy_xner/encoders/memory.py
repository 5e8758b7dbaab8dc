"""Memory that training gives back."""

import ctypes
import functools
from collections.abc import Callable

UPDATES = 8
"""So many updates of an encoder pass between two calls of `release_memory`; a call takes milliseconds."""


def release_memory() -> None:
    """Give free memory back to the system, where the C library is glibc; elsewhere do nothing.

    Each batch has arrays of other sizes, some a few megabytes, some a hundred. The holes that they leave fit ever fewer
    of the next ones, and the heap grows: from 2 to 6 GB in a hundred steps of 800 words, of which 4 were free.
    """
    trim = malloc_trim()
    if trim is not None:
        trim(0)


@functools.cache
def malloc_trim() -> Callable[[int], int] | None:
    """The function of glibc; None where there is none, as on macOS."""
    try:
        function = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    function.argtypes = [ctypes.c_size_t]
    trim: Callable[[int], int] = function
    return trim
