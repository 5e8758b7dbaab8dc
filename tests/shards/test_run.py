"""Runs in shards: what is written, resumed, damaged and refused."""

import errno
import os
import re
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from spacy_xner.corpus.formats.reading import Format
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.errors import XnerError
from spacy_xner.shards import run as module
from spacy_xner.shards.inputs import FileSource, content_of_row, digest_of
from spacy_xner.shards.receipts import Found, Receipt, find_shard, leftovers, total_counts
from spacy_xner.shards.row import Row
from spacy_xner.shards.rows import read_rows
from spacy_xner.shards.run import Job, finish, prepare, run_shards

from .steps_for_tests import ReverseSpec


def make(folder: Path, source: FileSource, spec: ReverseSpec | None = None, part: tuple[int, int] = (1, 1)) -> Job:
    job, step = prepare(folder, spec or ReverseSpec(), source, 20)
    finish(job, job.manifest.part_of(*part), lambda todo: run_shards(job, step, todo))
    return job


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*"))}


def test_shards_hold_what_the_step_makes(source: FileSource, tmp_path: Path) -> None:
    job, step = prepare(tmp_path / "out", ReverseSpec(), source, 20)
    receipts = finish(job, range(3), lambda todo: run_shards(job, step, todo))
    rows = [row for name in contents(tmp_path / "out") for row in read_rows(tmp_path / "out" / name)]
    assert [row.words for row in rows] == [[".", str(n), "is", "This"] for n in range(50) if n % 10 != 9]
    assert [receipt.rows for receipt in receipts] == [18, 18, 9]
    assert total_counts(receipts) == {"sentences": 50, "single words": 5}
    assert not leftovers(tmp_path / "out")


def test_docbin_shards_are_a_corpus(source: FileSource, tmp_path: Path) -> None:
    job, step = prepare(tmp_path / "out", ReverseSpec(), source, 20, "docbin")
    finish(job, range(3), lambda todo: run_shards(job, step, todo))
    assert [path.name for path in find_docbins(tmp_path / "out")] == [f"shard-0000{n}.spacy" for n in range(3)]


def test_parquet_without_pyarrow(source: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before the step is loaded; DocBins do not need it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr(ReverseSpec, "load", None)
    with pytest.raises(XnerError, match=r"pip install 'spacy-xner\[parquet\]'"):
        prepare(tmp_path / "out", ReverseSpec(), source, 20)
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    prepare(tmp_path / "out", ReverseSpec(), source, 20, "docbin")


def test_parts_in_any_order_give_the_same_bytes(source: FileSource, tmp_path: Path) -> None:
    for index in (3, 1, 2):
        make(tmp_path / "parts", source, part=(index, 3))
    make(tmp_path / "whole", source)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    assert len(contents(tmp_path / "whole")) == 3


def test_a_second_run_makes_only_what_is_missing(source: FileSource, tmp_path: Path) -> None:
    job = make(tmp_path / "out", source)
    expected = contents(tmp_path / "out")
    (tmp_path / "out" / "shard-00001.parquet").unlink()
    (tmp_path / "out" / ".receipts" / "00001.json").unlink()
    asked: list[list[int]] = []
    shown: list[tuple[int, int]] = []

    def show(items: Iterable[Receipt], start: int, total: int) -> Iterable[Receipt]:
        shown.append((start, total))
        return items

    def make_again(todo: Sequence[int]) -> Iterable[Receipt]:
        asked.append(list(todo))
        return run_shards(job, job.load(), todo)

    receipts = finish(job, range(3), make_again, show)
    assert asked == [[1]]
    assert shown == [(2, 3)]
    assert total_counts(receipts) == {"sentences": 50, "single words": 5}
    assert contents(tmp_path / "out") == expected


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, r"shard-00001\.parquet has [\d,]+ bytes, expected"),
        (flip, r"shard-00001\.parquet has other bytes than those that were written"),
        (Path.unlink, r"shard-00001\.parquet was removed"),
        (lambda path: (path.parent / ".receipts/00001.json").write_text("{"), r"00001\.json: cannot be read"),
    ],
)
def test_damaged_shards_are_said_and_made_again(
    source: FileSource, tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    job = make(tmp_path / "out", source)
    expected = contents(tmp_path / "out")
    damage(tmp_path / "out" / "shard-00001.parquet")
    told: list[Found] = []
    finish(job, range(3), lambda todo: run_shards(job, job.load(), todo), on_damaged=told.append)
    assert [each.shard for each in told] == [1]
    assert re.search(reason, told[0].reason)
    assert contents(tmp_path / "out") == expected


def test_a_file_without_receipt_is_missing(source: FileSource, tmp_path: Path) -> None:
    """A run that is killed between the two has written the shard, but nobody knows its counts."""
    job = make(tmp_path / "out", source)
    (tmp_path / "out" / ".receipts" / "00001.json").unlink()
    assert find_shard(job.folder, job.manifest, 1).state == "missing"


def test_a_server_that_goes_away_leaves_finished_shards(source: FileSource, tmp_path: Path) -> None:
    spec = ReverseSpec(fail_at="27", server=str(tmp_path / "server"))
    with pytest.raises(XnerError, match=r"does not answer\. Start it\. 1 of 3 shards .* run the same command again"):
        make(tmp_path / "out", source, spec)
    assert list(contents(tmp_path / "out")) == ["shard-00000.parquet"]
    (tmp_path / "server").touch()
    make(tmp_path / "out", source, spec)
    make(tmp_path / "whole", source)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_full_disk_leaves_finished_shards(
    source: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, step = prepare(tmp_path / "out", ReverseSpec(), source, 20)
    receipts = run_shards(job, step, range(3))
    next(receipts)
    with monkeypatch.context() as patch:

        def fail(*arguments: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr("os.fsync", fail)
        with pytest.raises(
            XnerError, match=r"No space left on device\. Free some space.*1 of 3 shards .* are finished"
        ):
            finish(job, range(3), lambda todo: run_shards(job, step, todo))
    assert list(contents(tmp_path / "out")) == ["shard-00000.parquet"]
    assert not leftovers(tmp_path / "out")
    make(tmp_path / "out", source)
    make(tmp_path / "whole", source)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_file_that_changes_while_the_run_works(source: FileSource, text: Path, tmp_path: Path) -> None:
    job, step = prepare(tmp_path / "out", ReverseSpec(), source, 20)
    text.write_text(text.read_text().replace("This is 27.", "This is 28."))
    list(run_shards(job, step, [0, 2]))  # these rows are as they were
    with pytest.raises(XnerError, match=r"news\.txt: the rows 21 to 40 are not those .* the file has changed"):
        list(run_shards(job, step, [1]))


def test_workers_with_another_step_are_refused(source: FileSource, tmp_path: Path) -> None:
    job, _ = prepare(tmp_path / "out", ReverseSpec(), source, 20)
    with pytest.raises(XnerError, match=r'begun with other settings \(settings\.lang: "de", now "fr"\)'):
        Job(job.folder, job.manifest, ReverseSpec("fr"), source).load()
    with pytest.raises(XnerError, match=r'settings\.lang: "de", now "fr"'):
        prepare(tmp_path / "out", ReverseSpec("fr"), source)


def test_the_shard_size_of_an_earlier_run_is_kept(source: FileSource, tmp_path: Path) -> None:
    make(tmp_path / "out", source)
    job, _ = prepare(tmp_path / "out", ReverseSpec(), source)
    assert job.manifest.shard_size == 20


def test_two_runs_of_the_same_shards_do_no_harm(source: FileSource, tmp_path: Path) -> None:
    """Both write each shard: the last one wins, with the same bytes and the same receipt."""
    (one, step), (two, other) = (prepare(tmp_path / "out", ReverseSpec(), source, 20) for _ in range(2))
    pairs = zip(run_shards(one, step, range(3)), run_shards(two, other, range(3)), strict=True)
    both: list[tuple[Receipt, Receipt]] = list(pairs)
    assert all(first == second for first, second in both)
    make(tmp_path / "whole", source)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_folders_that_hold_something_else_are_refused(source: FileSource, text: Path, tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"holds other files \(news\.txt\) and no manifest\.json, expected a new"):
        prepare(tmp_path, ReverseSpec(), source)
    with pytest.raises(XnerError, match="is a file, expected a folder"):
        prepare(text, ReverseSpec(), source)


def test_a_step_that_drops_all_rows_writes_an_empty_shard(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("One\nTwo\n")
    for format in module.WRITERS:
        job, step = prepare(tmp_path / format, ReverseSpec(), FileSource([tmp_path / "words.txt"], "en"), 20, format)
        receipt = job.make_shard(step, 0)
        assert receipt.rows == 0
        assert find_shard(job.folder, job.manifest, 0).receipt == receipt


class LongRows:
    """A source of rows of one long word each, which are made when they are read."""

    n_parts = 1
    part_of_files = (0,)

    def __init__(self, file: Path, n_rows: int, length: int) -> None:
        self.files, self.n_rows, self.length = [file], n_rows, length
        self.formats: dict[int, Format] = {}

    def row(self, number: int) -> Row:
        return Row(str(number), "en", "en", [f"{number} " * (self.length // len(f"{number} ")), "."], [True, False])

    def survey(self, part: int) -> Iterator[bytes]:
        return (content_of_row(self.row(number)) for number in range(self.n_rows))

    def read(self, part: int, start: int, stop: int, counts: Counter[str]) -> tuple[list[Row], str]:
        rows = [self.row(number) for number in range(start, stop)]
        return rows, digest_of(map(content_of_row, rows))


def test_memory_does_not_grow_with_the_corpus(text: Path, tmp_path: Path) -> None:
    """A corpus of 8 MB takes no more than one of 0.8 MB: both have shards of 0.4 MB."""

    def peak(n_rows: int, name: str) -> int:
        tracemalloc.start()
        job, step = prepare(tmp_path / name, ReverseSpec(), LongRows(text, n_rows, 40_000), 10)
        receipts = finish(job, range(n_rows // 10), lambda todo: run_shards(job, step, todo))
        _, bytes_used = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sum(receipt.rows for receipt in receipts) == n_rows
        return bytes_used

    peak(20, "first")  # imports what is imported late
    assert peak(200, "large") < peak(20, "small") + 1_000_000
