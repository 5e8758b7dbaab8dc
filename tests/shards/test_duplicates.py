"""Duplicates across files of rows."""

import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from spacy_xner.errors import XnerError
from spacy_xner.shards.duplicates import KnownKeys, drop_duplicates
from spacy_xner.shards.row import Row
from spacy_xner.shards.rows import read_rows, write_rows

pytest.importorskip("pyarrow")


def make(folder: Path, *texts: str) -> list[Path]:
    """Files with a row for each word group of a text, separated by slashes."""
    paths = []
    for number, text in enumerate(texts):
        rows = [Row(part, "de", "en", ["a"], [False], words=part.split(), spaces=[]) for part in text.split("/")]
        write_rows(folder / f"{number}.parquet", rows)
        paths.append(folder / f"{number}.parquet")
    return paths


def test_drop_duplicates(tmp_path: Path) -> None:
    paths = make(tmp_path / "in", "Eins zwei/drei/DREI", "eins ZWEI/vier", "vier/Drei")
    rows = list(read_rows(paths[0]))
    write_rows(paths[0], [*rows, Row("no target", "en", "en", ["vier"], [False])])
    counts = Counter[str]()
    made = drop_duplicates(paths, tmp_path / "out", counts)
    assert [[row.id for row in read_rows(path)] for path in made] == [["Eins zwei", "drei", "no target"], [], []]
    assert [path.name for path in made] == [path.name for path in paths]
    assert counts == {"kept": 3, "duplicates": 5}
    assert [[row.id for row in read_rows(path)] for path in drop_duplicates(paths[1:], tmp_path / "out", counts)] == [
        ["eins ZWEI", "vier"],
        ["Drei"],
    ]


def test_known_keys_are_those_of_a_set() -> None:
    random = np.random.default_rng(0)
    known, expected = KnownKeys(), set[int]()
    for size in (3, 0, 1, 50, 2, 2, 7, 100):
        new = {int(key) for key in random.integers(0, 300, size, dtype=np.uint64)} - expected
        known.add(new)
        expected |= new
        assert {key for key in range(301) if key in known} == expected
    known.add({2**64 - 1})
    assert 2**64 - 1 in known
    assert all(len(one) > len(other) for one, other in itertools.pairwise(known.arrays))


def test_refused(tmp_path: Path) -> None:
    (path,) = make(tmp_path / "in", "a")
    for paths, folder in (([path], path.parent), ([path, path], tmp_path), ([tmp_path / "a.spacy"], tmp_path / "out")):
        with pytest.raises(XnerError, match=re.escape(f"which are not in the folder for the new files, {folder}")):
            drop_duplicates(paths, folder, Counter())
