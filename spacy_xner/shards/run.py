"""Runs a step on the shards of a folder in this process, and resumes where an earlier run ended."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import XnerError
from ..files import check_writable
from ..journal import Progress
from .arrow import import_pyarrow
from .inputs import RowSource
from .manifest import (
    MANIFEST,
    SHARD_SIZE,
    Manifest,
    OutputFormat,
    check_files,
    check_settings,
    plan,
    read_manifest,
    set_formats,
    write_manifest,
)
from .receipts import Found, Receipt, find_shard, write_receipt
from .row import Row
from .rows import write_row_docs, write_rows
from .step import Step, StepSpec

WRITERS: dict[OutputFormat, Callable[[Path, list[Row]], int]] = {"parquet": write_rows, "docbin": write_row_docs}


@dataclass(frozen=True)
class Job:
    """All that a worker needs to make the shards of a folder; it can be pickled.

    folder (Path): where the shards are written.
    manifest (Manifest): what each shard is made of.
    spec (StepSpec): the step.
    source (RowSource): the rows.
    """

    folder: Path
    manifest: Manifest
    spec: StepSpec
    source: RowSource

    def load(self) -> Step:
        """Load the step. RAISES: XnerError where it is not the one of the manifest: another model or version."""
        step = self.spec.load()
        manifest = self.manifest
        check_settings(self.folder, manifest, manifest.step, step.identity, None, None)
        return step

    def read(self, shard: int, counts: Counter[str]) -> list[Row]:
        """The rows that a shard is made of. RAISES: XnerError for rows that are no longer those of the manifest."""
        rows_of = self.manifest.ranges[shard]
        rows, digest = self.source.read(rows_of.part, rows_of.start, rows_of.stop, counts)
        if digest != rows_of.digest:
            raise XnerError(
                f"{self.source.files[rows_of.part]}: the rows {rows_of.start + 1:,} to {rows_of.stop:,} are not those "
                f"that {self.folder / MANIFEST} was made of: the file has changed. Restore it, or write to another "
                "folder."
            )
        return rows

    def make_shard(self, step: Step, shard: int) -> Receipt:
        """Make a shard: read its rows, apply the step, write the file, then its receipt. Each appears whole or not.

        RAISES: XnerError for rows that are no longer those of the manifest, as the step, and where the file cannot be
            written.
        """
        counts: Counter[str] = Counter(dict.fromkeys(step.count_names, 0))
        made = step(self.read(shard, counts), counts)
        n_rows = WRITERS[self.manifest.output_format](self.folder / self.manifest.shard_name(shard), made)
        return write_receipt(self.folder, self.manifest, shard, n_rows, counts)


@dataclass(frozen=True)
class RowsToDo:
    """The rows of those of some shards that are missing or damaged. They can be read again and again."""

    job: Job
    shards: Sequence[int]

    def __iter__(self) -> Iterator[Row]:
        for shard in self.shards:
            if find_shard(self.job.folder, self.job.manifest, shard).receipt is None:
                yield from self.job.read(shard, Counter())


def prepare(
    folder: Path,
    spec: StepSpec,
    source: RowSource,
    shard_size: int | None = None,
    output_format: OutputFormat | None = None,
) -> tuple[Job, Step]:
    """Divide a source into shards, or check that a folder's manifest fits it.

    folder (Path): a new or empty folder, or the one of an earlier run.
    shard_size (int | None): greatest number of rows of a shard; None: that of the manifest, or SHARD_SIZE.
    output_format (OutputFormat | None): likewise; "parquet" for a new folder.
    RETURNS (tuple[Job, Step]): the job, and the step, loaded.
    RAISES: XnerError for a folder that holds other files, for one that was begun with other files or settings, and as
        `plan`; and for Parquet without the package pyarrow.
    """
    check_folder(folder)
    manifest = read_manifest(folder)
    if (manifest.output_format if manifest else output_format or "parquet") == "parquet":
        import_pyarrow()  # before models are loaded and rows are read
    loaded = spec.load()
    if manifest is None:
        size, format = shard_size or SHARD_SIZE, output_format or "parquet"
        write_manifest(folder, made := plan(source, spec.name, loaded.identity, size, format))
        manifest = read_manifest(folder) or made  # that of another run, if it was faster
    check_settings(folder, manifest, spec.name, loaded.identity, shard_size, output_format)
    check_files(folder, manifest, source)
    set_formats(manifest, source)
    return Job(folder, manifest, spec, source), loaded


def check_folder(folder: Path) -> None:
    """RAISES: XnerError for a file, a folder that cannot be written to, and one with other files and no manifest."""
    if folder.exists() and not folder.is_dir():
        raise XnerError(f"{folder} is a file, expected a folder for shards.")
    check_writable(folder / MANIFEST)
    others = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    if others and not (folder / MANIFEST).is_file():
        raise XnerError(
            f"{folder} holds other files ({', '.join(sorted(others)[:3])}) and no {MANIFEST}, expected a new or empty "
            "folder, or one that an earlier run has begun."
        )


def run_shards(job: Job, step: Step, shards: Sequence[int]) -> Iterator[Receipt]:
    """Make shards in this process, one after another. Two runs of the same shard do no harm: both write the same bytes,
    each under a name of its own, and move them into place.

    YIELDS: the receipt of each shard.
    RAISES: XnerError as `Job.make_shard`.
    """
    for shard in shards:
        yield job.make_shard(step, shard)


def finish(
    job: Job,
    shards: Sequence[int],
    make: Callable[[Sequence[int]], Iterable[Receipt]],
    progress: Progress = lambda items, start, total: items,
    on_damaged: Callable[[Found], object] = lambda found: None,
) -> list[Receipt]:
    """Make those of some shards that are missing or damaged.

    make (Callable): makes shards and yields their receipts in any order, such as `run_shards`.
    progress: wraps the receipts; it also receives how many shards an earlier run has finished, and their total number.
    on_damaged (Callable): receives what was found of each damaged shard, before it is made again.
    RETURNS (list[Receipt]): of all the shards, in order, those of earlier runs included.
    RAISES: XnerError as `make`, with the number of finished shards, which stay.
    """
    receipts: dict[int, Receipt] = {}
    for shard in shards:
        found = find_shard(job.folder, job.manifest, shard)
        if found.receipt is not None:
            receipts[shard] = found.receipt
        elif found.state == "damaged":
            on_damaged(found)
    todo = [shard for shard in shards if shard not in receipts]
    try:
        for receipt in progress(make(todo) if todo else (), len(receipts), len(shards)):
            receipts[receipt.shard] = receipt
    except XnerError as error:
        raise XnerError(
            f"{error} {len(receipts):,} of {len(shards):,} shards in {job.folder} are finished and stay: run the same "
            "command again to resume."
        ) from error
    return [receipts[shard] for shard in shards]
