"""Where translations are kept on disk: texts by key, in one SQLite file that several processes may use at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from diskcache import Cache, Disk, Timeout
from diskcache.core import MODE_RAW

from ..errors import XnerError

ALL_IN_SQLITE = 2**62  # characters from which on a value gets a file of its own: never


class TextDisk(Disk):  # type: ignore[misc,unused-ignore]
    """Keeps texts and nothing else: what diskcache would pickle is an error, and a pickle that is there is not read."""

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
            f"The cache of translations holds something that is no text ({type(value).__name__}), which this program "
            f"did not write. Remove its folder, or name another one."
        )
    return value


class Store:
    """Texts by key in a folder, which is made where it is missing. Nothing is ever thrown out of it. A context.

    folder (Path): where.
    RAISES: XnerError, from every method, where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        settings = {"eviction_policy": "none", "cull_limit": 0, "disk_min_file_size": ALL_IN_SQLITE}
        with self._guard():
            self.cache = Cache(str(folder.expanduser()), disk=TextDisk, **settings)

    def get(self, key: str) -> str | None:
        """What is known, or None."""
        with self._guard():
            found: str | None = self.cache.get(key, retry=True)
        return found

    def add(self, key: str, value: str) -> str:
        """Write down what is not known yet. RETURNS: what is there now, perhaps by another process."""
        with self._guard():
            if self.cache.add(key, value, retry=True):
                return value
        return self.get(key) or value

    def discard(self, key: str) -> None:
        """Forget what is known."""
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
                f"The cache of translations in {self.folder} cannot be used: {error or type(error).__name__}. Name "
                f"another folder, or remove this one (its translations are then made again)."
            ) from error
