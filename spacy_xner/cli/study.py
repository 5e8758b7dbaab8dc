"""`xner study`: train and score the arms of a study."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from .console import is_quiet, make_console, make_notes
from .options import GpuOption, QuietOption
from .usage import UsageError, usage_errors


def study(
    config: Annotated[Path, typer.Argument(help="The study's .cfg: [study] and an [arms.NAME] for each arm.")],
    arms: Annotated[str | None, typer.Option(help="Run these arms only, for example a,e.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds, for example 0,1,2. Default: the file's.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Shares of the source labels, for example 0.01,0.1,1. Default: the file's.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps of every arm. Default: the file's.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Encoder. Default: the file's.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for pipelines. Default: the file's.")] = None,
    records: Annotated[Path | None, typer.Option(help="Folder for records. Default: the file's.")] = None,
    jobs: Annotated[
        int,
        typer.Option(
            min=1,
            help="Processes on this machine that share the runs, and the processor's threads: two with a thread each "
            "are nearly twice as fast as one with two. Each needs the memory of a training. On the CPU only.",
        ),
    ] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all inputs, list the runs that are missing, and stop.")
    ] = False,
    write_held_back: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="PROJECTED FOLDER",
            help="Train nothing: write the held-back sentences of the projected corpora in PROJECTED to FOLDER.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of --write-held-back sentences per language. [default: 1000]",
            show_default=False,
        ),
    ] = None,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Train and score the arms of a study with each seed, and write a record of each run.

    Interrupted studies resume: a run with a record is not repeated. Processes that run the same study share the work:
    `--jobs 2` starts two, prints each line with the number of its job before it, waits for both, and stops both with
    Ctrl-C. If one fails, the other ends the run that it has begun. `xner report` makes tables and a page from the
    records.

    Examples:

    ```
    xner study configs/studies/shipped.cfg --dry-run
    xner study configs/studies/shipped.cfg --arms a,e --seeds 0,1,2
    xner study configs/studies/shipped.cfg --jobs 2
    xner study configs/studies/conll.cfg --write-held-back corpora/conll-projected corpora/conll-held-back
    ```
    """
    from rich.table import Table

    from ..experiments.held_back import write_held_back as write_files
    from ..experiments.input_checks import absent_tests, check_inputs
    from ..experiments.jobs import run_jobs
    from ..experiments.plan_file import read_study
    from ..experiments.run import chosen_runs
    from ..experiments.runner import Runner, is_done, left_unscored
    from ..pipelines import use_gpu

    def numbers(text: str | None, kind: type, name: str) -> list[float] | None:
        if text is None:
            return None
        try:
            return [kind(part) for part in text.split(",")]
        except ValueError:
            raise UsageError(f"--{name} is '{text}', expected numbers separated by commas.") from None

    if limit is not None and not write_held_back:
        raise UsageError("--limit is the number of --write-held-back sentences, expected it with that option.")
    if jobs > 1 and gpu_id >= 0:
        raise UsageError(
            f"Found --jobs {jobs} with the GPU {gpu_id}, expected 1: a GPU is fastest with one training at a time."
        )
    overrides = {
        "seeds": numbers(seeds, int, "seeds"),
        "labels": numbers(labels, float, "labels"),
        "steps": steps,
        "encoder": encoder,
        "folder": folder and str(folder),
        "records": records and str(records),
    }
    plan = read_study(config, overrides)
    console, notes = make_console(), make_notes()
    if write_held_back:
        for made in write_files(plan, *write_held_back, limit or 1000):
            console.print(
                f"{made.path}: {made.n_docs:,} of {made.n_held_back:,} held-back sentences; {made.n_incomplete:,} with "
                "an entity that was not projected were left out"
            )
        return
    with usage_errors():
        chosen = plan.chosen(None if arms is None else [name.strip() for name in arms.split(",")])
    needed = plan.with_parents(chosen)
    for sentence in [] if is_quiet() else absent_tests(plan):
        typer.echo(f"Note: {sentence}", err=True)
    for note in check_inputs(plan, needed):
        notes.print(note)
    runner = Runner(plan, gpu_id, notes.print)
    runner.check(needed)
    use_gpu(gpu_id)
    runs = chosen_runs(plan, chosen)
    waiting = [run for run in runs if not is_done(run)]
    notes.print(f"{len(runs)} run{'s' * (len(runs) > 1)}, {len(runs) - len(waiting)} of them done: {runner.records}")
    if dry_run:
        for run in waiting:
            console.print(f"  {run.name}")
        return
    if (n_jobs := min(jobs, len(waiting))) > 1:
        run_jobs(n_jobs, config, overrides, [arm.name for arm in chosen], partial(notes.print, soft_wrap=True))
    table = Table(title=f"Study {plan.name}: F1 on {plan.test}", title_justify="left")
    for column in ("run", "F1", "minutes"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for run, record in runner.all_records(runs):
        macro = record["scores"]["macro_f"]
        table.add_row(run.name, "-" if macro is None else f"{100 * macro:.1f}", f"{record['minutes']:.1f}")
    console.print(table)
    for sentence in [] if is_quiet() else left_unscored(runs):
        typer.echo(f"Note: {sentence}", err=True)
    notes.print(f"Next: xner report {runner.records} --output report.html")
