"""Limits how many requests, and how many tokens, are sent in a second or a minute."""

import re
import threading
import time
from collections.abc import Callable

from ..errors import XnerError

SECONDS = {"s": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
RATE = re.compile(rf"\s*(\d+(?:\.\d+)?)\s*/\s*({'|'.join(SECONDS)})\s*")


def parse_rate(rate: str | None, setting: str) -> float | None:
    """Read `5/s`, `300/min` or `90000/h`. RETURNS: the number in a second; None for no limit.

    setting (str): its name, for the message.
    RAISES: XnerError for anything else.
    """
    if rate is None:
        return None
    found = RATE.fullmatch(str(rate))
    if not found or not float(found[1]):
        raise XnerError(f"The setting {setting} is {rate!r}, expected a number in a time, such as 5/s or 300/min.")
    return float(found[1]) / SECONDS[found[2]]


class RateLimit:
    """Says how long to wait before something is sent, so that a rate is never exceeded. Threads may share it.

    What is sent is spread evenly over time: after something of size n comes a pause of n / rate seconds.

    rate (float | None): size that may be sent in a second; None: no limit.
    clock (Callable[[], float]): the time in seconds.
    """

    def __init__(self, rate: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.clock = rate, clock
        self._next = float("-inf")  # the earliest time for what is sent next
        self._lock = threading.Lock()

    def reserve(self, size: float = 1.0) -> float:
        """Reserve a place for something of this size. RETURNS: seconds to wait before it is sent."""
        with self._lock:
            now = self.clock()
            start = max(now, self._next)
            if self.rate:
                self._next = start + size / self.rate
            return start - now

    def correct(self, size: float) -> None:
        """Change the size of what was reserved, by this much: what was sent is larger, or for < 0 smaller."""
        if self.rate:
            with self._lock:
                self._next += size / self.rate

    def hold(self, seconds: float) -> None:
        """Send nothing for some seconds, because the server asks for that."""
        with self._lock:
            self._next = max(self._next, self.clock() + seconds)
