"""Drops rows whose text occurs in an earlier file, with eight bytes of memory for each text."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..corpus.filters import without_case_and_spacing
from ..errors import XnerError
from .row import Row
from .rows import PARQUET, read_rows, write_rows


def drop_duplicates(
    paths: Sequence[Path],
    folder: Path,
    counts: Counter[str],
    progress: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> list[Path]:
    """Write files of rows without those whose target (of rows without one: source) has the text of an earlier row,
    apart from case and white space. The filter `duplicates` of `synthesize_batch` does so within a shard.

    Texts are compared by 64-bit hashes: among ten million different texts, the probability that any two of them are
    taken for the same one is three in a million. Needs one pass, in one process.

    paths (Sequence[Path]): Parquet files of rows with different names, in the order in which the first row counts.
    folder (Path): where the new files are written, with the same names. One that is complete is written again.
    counts (Counter[str]): receives counts of rows that are "kept" and of "duplicates".
    progress (Callable): wraps the files while they are read.
    RETURNS (list[Path]): the new files. One can have no row.
    RAISES: XnerError for files that are no rows, have the same name, or are in the folder itself.
    """
    names = Counter(path.name for path in paths)
    for path in paths:
        if names[path.name] > 1 or path.suffix != PARQUET or path.resolve().parent == folder.resolve():
            raise XnerError(
                f"{path}: expected Parquet files (.parquet) with different names, which are not in the folder for the "
                f"new files, {folder}."
            )
    counts.update(kept=0, duplicates=0)
    known = KnownKeys()
    made = []
    for path in progress(paths):
        new: set[int] = set()
        write_rows(folder / path.name, _first_ones(path, known, new, counts))
        made.append(folder / path.name)
        known.add(new)
    return made


class KnownKeys:
    """A set of 64-bit keys, eight bytes each: sorted arrays, each shorter than the one before it, so that to add a key
    takes logarithmic time.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []

    def add(self, new: set[int]) -> None:
        """Add keys that are not in the set."""
        keys = np.sort(np.fromiter(new, dtype=np.uint64, count=len(new)))
        while self.arrays and len(self.arrays[-1]) <= len(keys):
            keys = np.concatenate([self.arrays.pop(), keys])
            keys.sort()
        self.arrays.append(keys)

    def __contains__(self, key: int) -> bool:
        for keys in self.arrays:
            place = int(np.searchsorted(keys, np.uint64(key)))
            if place < len(keys) and int(keys[place]) == key:
                return True
        return False


def _first_ones(path: Path, known: KnownKeys, new: set[int], counts: Counter[str]) -> Iterator[Row]:
    """The rows of a file whose text is not known. new (set[int]): receives the keys of their texts."""
    for row in read_rows(path):
        key = _key(row)
        if key in new or key in known:
            counts["duplicates"] += 1
            continue
        new.add(key)
        counts["kept"] += 1
        yield row


def _key(row: Row) -> int:
    words, spaces = (row.source_words, row.source_spaces) if row.words is None else (row.words, row.spaces or [])
    text = "".join(word + " " * space for word, space in zip(words, spaces or [True] * len(words), strict=True))
    digest = hashlib.blake2b(without_case_and_spacing(text).encode("utf8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest())
