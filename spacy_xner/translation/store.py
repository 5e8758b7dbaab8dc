"""A key-value store of texts in one SQLite file, which several processes can use at the same time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..extras import needs_extra

with needs_extra("train", "The cache of translations needs"):
    from diskcache import Cache, Disk, Timeout
    from diskcache.core import MODE_RAW

ALL_IN_SQLITE = 2**62  # minimum number of characters of values that get a file of their own: none do


class TextDisk(Disk):  # type: ignore[misc,unused-ignore]
    """Stores only texts: raises an error for values that diskcache would pickle, and never reads a pickle."""

    def put(self, key: Any) -> tuple[str, bool]:
        return _checked(key), True

    def get(self, key: Any, raw: bool) -> str:
        return _checked(key if raw else None)

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, None, str]:
        return 0, MODE_RAW, None, _checked(value)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> str:
        return _checked(value if mode == MODE_RAW else None)


def _checked(value: Any) -> str:
    if not isinstance(value, str):
        raise XnerError(
            f"The translation cache has a value that is not a text ({type(value).__name__}); this program did not "
            f"write it. Remove the folder of the cache, or name another folder."
        )
    return value


class Store:
    """Stores texts by key in a folder, and never evicts any. A context manager.

    folder (Path): created where it is missing.
    RAISES: XnerError, from every method, where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = {"eviction_policy": "none", "cull_limit": 0, "disk_min_file_size": ALL_IN_SQLITE}
        with self._guard():
            self.cache = Cache(str(folder.expanduser()), disk=TextDisk, **settings)

    def get(self, key: str) -> str | None:
        """The stored text, or None."""
        with self._guard():
            found: str | None = self.cache.get(key, retry=True)
        return found

    def add(self, key: str, value: str) -> str:
        """Store a text under a new key. RETURNS: the stored text, which another process may have stored first."""
        with self._guard():
            if self.cache.add(key, value, retry=True):
                return value
        return self.get(key) or value

    def discard(self, key: str) -> None:
        """Delete a text."""
        with self._guard():
            self.cache.delete(key, retry=True)

    def __len__(self) -> int:
        with self._guard():
            return len(self.cache)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *error: object) -> None:
        self.cache.close()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, Timeout, OSError) as error:
            raise XnerError(
                f"The translation cache in {self.folder} cannot be used: {error or type(error).__name__}. Name another "
                f"folder, or remove this one (its texts are then translated again)."
            ) from error
