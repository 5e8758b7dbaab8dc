"""How many sentence pairs a second go through all steps on shards, and how much memory do they take?

Labelled English sentences of random frequent words are translated word by word with a dictionary, projected with a tiny
random encoder, and labelled by a teacher with the same encoder: real steps, but next to no arithmetic, so that the
figures are those of everything around the models. With --encoder and --teacher they are those of real ones. Each row is
a process of its own: `plain` is this process alone, `ray 2` two processes of Ray Data. `peak_mb` is the most resident
memory of the process that makes the shards (not measured with Ray).

--json keeps the rows that it has; a row that is there is not measured again. Shards stay in FOLDER: an interrupted row
resumes, and its time is that of the shards that were made in this run.

    python benchmarks/scale.py FOLDER --sizes 10000,100000,1000000 --json benchmarks/records/scale.json
    python benchmarks/scale.py FOLDER --sizes 10000 --workers 0 --encoder embedded \
      --teacher training/xner_agg/model-last --json benchmarks/records/scale-real.json
"""

import json as json_format
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from common import EncoderOption, JsonOption, make_table, run, show
from scale_models import make_dictionary, make_encoder, make_rows, make_teacher

from spacy_xner.experiments.machine import describe_machine
from spacy_xner.files import atomic_path
from spacy_xner.shards.inputs import FileSource
from spacy_xner.shards.ray_engine import RayEngine
from spacy_xner.shards.rows import write_rows
from spacy_xner.shards.run import finish, prepare, run_shards
from spacy_xner.shards.specs import (
    AlignerSpec,
    ChainSpec,
    DistillSpec,
    ProjectorSpec,
    ProjectSpec,
    TranslateSpec,
    TranslatorSpec,
)

FILE_ROWS = 100_000  # of an input file
KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # ru_maxrss is in bytes on macOS


def prepare_inputs(folder: Path, size: int) -> list[Path]:
    """Models and input files; those that are there are kept."""
    make_encoder(folder / "encoder")
    make_teacher(folder / "teacher", folder / "encoder")
    make_dictionary(folder / "en-de.tsv")
    files = []
    for number in range(-(-size // FILE_ROWS)):
        n_rows = min(FILE_ROWS, size - number * FILE_ROWS)
        files.append(folder / f"input/{n_rows}-{number:03}.parquet")
        if not files[-1].is_file():
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            write_rows(files[-1], make_rows(n_rows, number))
    return files


def measure(
    folder: Path, size: int, workers: int, shard_size: int, encoder: str, teacher: str | None
) -> dict[str, Any]:
    """The figures of a row, in this process. workers (int): 0 for no engine. teacher: None for a tiny one."""
    files = prepare_inputs(folder, size)
    translator = TranslatorSpec("lexicon", "en", "de", {"path": str(folder / "en-de.tsv")})
    aligner = AlignerSpec(str(folder / "encoder"), layers=2) if encoder == "tiny" else AlignerSpec(encoder)
    spec = ChainSpec(
        [
            TranslateSpec(translator, cache=False),
            ProjectSpec(ProjectorSpec(aligner)),
            DistillSpec([teacher or str(folder / "teacher")], keep_entities=True),
        ]
    )
    output = folder / f"output/{size}-{workers}{'' if (encoder, teacher) == ('tiny', None) else '-real'}"
    output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    job, step = prepare(output, spec, FileSource(files), shard_size)
    planned = time.perf_counter() - start
    made = []

    def counted(items: Any, done: int, total: int) -> Iterator[Any]:
        for receipt in items:
            made.append(receipt)
            print(f"{done + len(made)} of {total} shards", file=sys.stderr, flush=True)
            yield receipt

    engine = RayEngine(workers) if workers else None
    shards = range(len(job.manifest.ranges))
    finish(job, shards, lambda todo: engine.make(job, todo) if engine else run_shards(job, step, todo), counted)
    seconds = time.perf_counter() - start - planned
    n_pairs = sum(job.manifest.ranges[r.shard].stop - job.manifest.ranges[r.shard].start for r in made)
    return {
        "pairs": size,
        "workers": workers,
        "shards": len(shards),
        "pairs_made": n_pairs,
        "plan_seconds": round(planned, 1),
        "seconds": round(seconds, 1),
        "pairs_per_second": round(n_pairs / seconds, 1),
        "peak_mb": None if workers else round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB_PER_UNIT / 1024),
        "input_mb": round(sum(file.stat().st_size for file in files) / 1e6, 1),
        "output_mb": round(sum(file.stat().st_size for file in output.rglob("*.parquet")) / 1e6, 1),
    }


def main(
    folder: Annotated[Path, typer.Argument(help="Folder for inputs, models and shards.")],
    sizes: Annotated[str, typer.Option(help="Numbers of pairs.")] = "10000,100000",
    workers: Annotated[str, typer.Option(help="Processes of Ray Data; 0: this process, without Ray.")] = "0,1,2",
    shard_size: Annotated[int, typer.Option(help="Pairs in a shard.")] = 10_000,
    encoder: EncoderOption = "tiny",
    teacher: Annotated[str | None, typer.Option(help="Label with this pipeline. Default: a tiny one.")] = None,
    here: Annotated[bool, typer.Option(hidden=True)] = False,
    json: JsonOption = None,
) -> None:
    """Measure each number of pairs and of processes."""
    rows = [(int(size), int(number)) for size in sizes.split(",") for number in workers.split(",")]
    if here:
        print(json_format.dumps(measure(folder, *rows[0], shard_size, encoder, teacher)))
        return
    found = json_format.loads(json.read_text())["rows"] if json and json.is_file() else []
    for size, number in rows:
        if not any((row["pairs"], row["workers"]) == (size, number) for row in found):
            arguments = [str(folder), "--sizes", str(size), "--workers", str(number), "--shard-size", str(shard_size)]
            arguments += ["--encoder", encoder, *(("--teacher", teacher) if teacher else ())]
            done = subprocess.run([sys.executable, __file__, *arguments, "--here"], stdout=subprocess.PIPE, text=True)
            if done.returncode:
                raise SystemExit(f"The row of {size} pairs with {number} workers failed.")
            found.append(json_format.loads(done.stdout.splitlines()[-1]))
        if json:
            with atomic_path(json) as temporary:
                srsly.write_json(temporary, {"machine": describe_machine(), "shard_size": shard_size, "rows": found})
    table = make_table("Shards", "pairs", "engine", "pairs/s", "peak MB", "output MB")
    for row in found:
        engine = f"ray {row['workers']}" if row["workers"] else "plain"
        cells = (f"{row['pairs_per_second']:,.0f}", str(row["peak_mb"] or "-"), str(row["output_mb"]))
        table.add_row(f"{row['pairs']:,}", engine, *cells)
    show(table)


if __name__ == "__main__":
    run(main)
