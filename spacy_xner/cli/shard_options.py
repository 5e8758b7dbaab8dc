"""Options of commands whose output can be a folder of shards, and the run that they describe."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..paths import is_special
from .console import STREAM, make_notes
from .costs import confirm
from .outputs import for_each_language
from .progress import print_counts, print_report, resumable_progress
from .usage import UsageError

if TYPE_CHECKING:
    from ..shards.inputs import FileSource, PairSource
    from ..shards.step import StepSpec

FormatName = StrEnum("FormatName", ["parquet", "docbin"])
PANEL = "With a folder as output, which gets shards"
ShardSizeOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Rows that are read for a shard. Default: 10,000.", show_default=False, rich_help_panel=PANEL
    ),
]
FormatOption = Annotated[
    FormatName | None,
    typer.Option(
        "--format",
        help="Shards as Parquet (default), which holds pairs of sentences, or as DocBins of their targets.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="Make shards in this number of processes, by Ray.", show_default=False, rich_help_panel=PANEL
    ),
]
RayOption = Annotated[
    str | None,
    typer.Option(
        "--ray",
        help="Make shards on this Ray cluster, for example auto or HOST:6379; --workers processes, or one for "
        "each CPU (with -g, GPU).",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
PartOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        help="Make this part of the shards, for example 3/16: the third of 16 parts. For jobs of SLURM or Kubernetes.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
PlanOption = Annotated[
    bool, typer.Option("--plan", help="Write manifest.json alone, before many jobs start.", rich_help_panel=PANEL)
]


@dataclass(frozen=True)
class ShardOptions:
    """The options of a run in shards, each None (or False) where it is not given.

    RAISES: UsageError for a part that is none, and for options that exclude each other.
    """

    size: int | None = None
    format: FormatName | None = None
    workers: int | None = None
    ray: str | None = None
    part: str | None = None
    plan: bool = False

    def __post_init__(self) -> None:
        index, of = self.numbers
        if not 1 <= index <= of:
            raise UsageError(f"--shard is {self.part}, expected a part from 1/{of} to {of}/{of}: parts count from 1.")
        if self.plan and (self.part or self.workers or self.ray):
            raise UsageError("Found --plan with --shard, --workers or --ray, expected it alone: it makes no shards.")

    @property
    def numbers(self) -> tuple[int, int]:
        """The part of the shards to make, from 1, and the number of parts."""
        found = re.fullmatch(r"(\d+)/(\d+)", self.part or "1/1")
        if found is None or not int(found[2]):
            raise UsageError(f"--shard is {self.part}, expected a part and the number of parts, for example 3/16.")
        return int(found[1]), int(found[2])

    @property
    def names(self) -> list[str]:
        """The options that are given."""
        given = {"--shard-size": self.size, "--format": self.format, "--workers": self.workers, "--ray": self.ray}
        given |= {"--shard": self.part, "--plan": self.plan}
        return [name for name, value in given.items() if value]

    def want_folder(self, output: Path) -> bool:
        """Whether an output is a folder of shards: it is a folder, has no ending, or one of these options is given.

        RAISES: UsageError for one of the options and the name of a file.
        """
        is_file = output == STREAM or is_special(output)
        is_folder = not is_file and (output.is_dir() or not output.suffix)
        if self.names and not is_folder:
            raise UsageError(
                f"Found {self.names[0]} and the output {output}, a file: expected a folder for shards, without an "
                "ending."
            )
        return is_folder

    def cache(self, kept: Path | bool) -> str | bool:
        """The cache of translations of this run: one in the user's folder may be on a network file system, which its
        SQLite is not for, so that many machines use a cache only if its folder is named.
        """
        if isinstance(kept, bool):
            return kept and not (self.part or self.ray)
        return str(kept)


def write_shards(
    folder: Path,
    spec: "StepSpec",
    source: "FileSource | PairSource",
    options: ShardOptions,
    description: str,
    gpu_id: int = -1,
    yes: bool = False,
) -> None:
    """Make the shards that the options name; prints counts, those of shards of earlier runs included.

    What servers will get, and its price, is printed before.

    yes (bool): do not ask before a server that charges gets texts, see `announce_costs`.
    """
    from ..pipelines import use_gpu
    from ..shards.ray_engine import RayEngine
    from ..shards.receipts import total_counts
    from ..shards.run import Receipt, RowsToDo, finish, prepare, run_shards
    from ..shards.step import PricedStep

    engine = RayEngine(options.workers, options.ray, gpu_id >= 0) if options.workers or options.ray else None
    if engine is None:
        use_gpu(gpu_id)
    format: Any = options.format.value if options.format else None
    job, step = prepare(folder, spec, source, options.size, format)
    print_report(source.report)
    manifest = job.manifest
    shards = manifest.part_of(*options.numbers)
    if isinstance(step, PricedStep):
        confirm(step.estimate(RowsToDo(job, shards)), yes or options.plan)
    if options.plan:
        print_counts(f"{folder}", {"shards to make": len(manifest.ranges), "rows": manifest.n_rows})
        return

    def make(todo: Any) -> Iterable[Receipt]:
        return run_shards(job, step, todo) if engine is None else engine.make(job, todo)

    def warn(found: Any) -> None:
        make_notes().print(f"Shard {found.shard} is damaged and is made again: {found.reason}.", soft_wrap=True)

    receipts = finish(job, shards, make, resumable_progress(description, "shards"), warn)
    counts = {"shards": len(receipts), "rows": sum(each.rows for each in receipts)}
    print_counts(f"{folder}", counts | total_counts(receipts))


def first_language(source: "FileSource", lang: str, output: Path) -> str:
    """The language of the first text. Where a folder of `output` has a manifest, the format of the text is that.

    lang (str): languages that {lang} in the output stands for.
    RAISES: XnerError as `FileSource.first_language`.
    """
    from ..shards.manifest import read_manifest, set_formats

    for _, (folder,) in for_each_language(lang, output):
        if (manifest := read_manifest(folder)) is not None:
            set_formats(manifest, source)
            break
    return source.first_language()


def file_source(path: Path, lang: str | None) -> "FileSource":
    """The rows of a file, or of the files of a folder. RAISES: XnerError as `find_row_files`."""
    from ..shards.inputs import FileSource, find_row_files

    return FileSource(find_row_files(path), lang)
