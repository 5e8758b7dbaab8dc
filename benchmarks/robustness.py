"""Does anything crash, lose data or grow, whatever comes in and whatever happens?

- inputs: generated texts, damaged files of labelled text, sentence pairs of any words, and changed records go through
  the tokenizer, the readers, the recogniser, the projector and the report. A crash is any exception but an XnerError
  (which says what is wrong with the input), a process that dies, a call that takes more than two minutes, or a result
  that is not what it must be, such as a text that has changed.
- kills: `xner corpus translate`, `project`, `corpus distill` and `study` are killed (SIGKILL) at --kills random moments
  each and run again; a run that was killed must write the bytes of one that was not (of records, all but durations).
- faults: the same commands with a limit on the size of files in place of a full disk, in a folder that they may not
  write, and with a clock that is set back: a clear error, old files as they were, and the same bytes afterwards.
- threads: --threads threads share a pipeline for --minutes; results are those of one thread, memory stays flat.

The pipeline is a trained one, as `spacy project run all` makes. --json keeps parts that it already contains and that
are not run again. Linux only.

    python benchmarks/robustness.py training/xner_agg/model-last --json benchmarks/records/robustness.json
"""

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import srsly
import typer
from common import JsonOption, SeedOption, make_table, report, run, show
from robustness_faults import try_faults
from robustness_inputs import KINDS, try_one
from robustness_jobs import list_jobs
from robustness_kills import kill_jobs
from robustness_threads import share_pipeline

from spacy_xner.errors import XnerError
from spacy_xner.experiments.machine import describe_machine

PARTS = ("inputs", "kills", "faults", "threads")
CHUNK, PATIENCE = 200, 120  # calls of a task; seconds that a call may take


def give_up(*_: Any) -> NoReturn:
    """End a call that hangs."""
    raise TimeoutError(f"more than {PATIENCE} s")


def try_chunk(kind: str, seeds: range, pipeline: str) -> list[str]:
    """Calls with these seeds. RETURNS: how each failed that did."""
    signal.signal(signal.SIGALRM, give_up)
    failures = []
    for seed in seeds:
        signal.alarm(PATIENCE)
        failure = try_one(kind, seed, pipeline)
        signal.alarm(0)
        if failure:
            failures.append(f"{kind}, seed {seed}: {failure}")
    return failures


def try_inputs(n_inputs: int, seed: int, pipeline: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each kind of input, with its crashes."""
    for kind, (_, share, n_each) in KINDS.items():
        n_calls = -(-round(n_inputs * share) // n_each)
        first = seed * 1_000_000
        chunks = [range(start, min(start + CHUNK, first + n_calls)) for start in range(first, first + n_calls, CHUNK)]
        crashes: list[str] = []
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
            tasks = {pool.submit(try_chunk, kind, chunk, pipeline): chunk for chunk in chunks}
            for number, task in enumerate(as_completed(tasks), start=1):
                try:
                    crashes += task.result()
                except BrokenProcessPool as error:
                    crashes.append(f"{kind}, seeds {tasks[task]}: {error}")
                print(f"{kind}: {number} of {len(chunks)} parts, {len(crashes)} crashes", flush=True)
        row = {"part": "inputs", "kind": kind, "inputs": n_calls * n_each, "crashes": len(crashes)}
        yield row | {"first_crashes": [crash[:600] for crash in sorted(crashes)[:5]]}


def main(
    pipeline: Annotated[str, typer.Argument(help="Trained pipeline: a folder, or the name of a package.")],
    parts: Annotated[str, typer.Option(help="Parts to run, with commas.")] = ",".join(PARTS),
    inputs: Annotated[int, typer.Option(help="Generated inputs, of all kinds together.")] = 100_000,
    kills: Annotated[int, typer.Option(help="Kills of each command.")] = 50,
    threads: Annotated[int, typer.Option(help="Threads.")] = 24,
    minutes: Annotated[float, typer.Option(help="Minutes that the threads run.")] = 10,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Run the parts, and print a table of each."""
    chosen = parts.split(",")
    if not set(chosen) <= set(PARTS):
        raise XnerError(f"--parts: found '{parts}', expected some of {','.join(PARTS)}.")
    if Path(pipeline).exists():
        pipeline = str(Path(pipeline).resolve())
    rows = [row for row in read_rows(json) if row["part"] not in chosen]
    where = {"machine": describe_machine(), "version": version("spacy-xner"), "seed": seed}
    with tempfile.TemporaryDirectory() as room:
        for part in chosen:
            found: list[dict[str, Any]] = []
            if part == "inputs":
                found = list(try_inputs(inputs, seed, pipeline))
            elif part == "kills":
                found = kill_jobs(list_jobs(pipeline), Path(room) / "kills", kills, seed)
            elif part == "faults":
                found = try_faults(pipeline, Path(room) / "faults")
            else:
                found = [share_pipeline(pipeline, threads, minutes)]
            rows += [row | where for row in found]
            report(figures_of(rows), rows, json)
    table = make_table("Robustness", "part", "what", "found", n_left=3)
    for row in sorted(rows, key=lambda row: PARTS.index(row["part"])):
        name = " ".join(str(row[key]) for key in ("kind", "command", "fault") if key in row)
        values = (f"{key} {value}" for key, value in row.items() if isinstance(value, int | float) and key != "seed")
        table.add_row(row["part"], name, ", ".join(values))
    show(table)


def read_rows(path: Path | None) -> list[dict[str, Any]]:
    """Rows of an earlier record."""
    return list(srsly.read_json(path)["rows"]) if path and path.exists() else []


def figures_of(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The figures of the parts that there are."""
    names = {"inputs": "inputs", "crashes": "crashes", "kills": "kills", "other_bytes": "kills_with_other_bytes"}
    figures = {name: sum(row[key] for row in rows if key in row) for key, name in names.items()}
    figures["faults"] = sum(row["tries"] for row in rows if "tries" in row)
    figures["faults_gone_wrong"] = sum(len(row["wrong"]) for row in rows if "wrong" in row)
    for row in rows:
        figures |= {key: row[key] for key in ("peak_mb_start", "peak_mb_end") if key in row}
    return figures


if __name__ == "__main__":
    run(main)
