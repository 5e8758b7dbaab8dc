"""`xner study`: arms and seeds of a study."""

from pathlib import Path
from typing import Annotated

import typer

from .options import GpuOption


def study(
    config: Annotated[Path, typer.Argument(help="The study's .cfg: [study] and an [arms.NAME] for each arm.")],
    arms: Annotated[str | None, typer.Option(help="Only these arms, with commas.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Other seeds than the file's, with commas.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Other shares of the source labels than the file's, as 0.01,0.1,1.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Other number of training steps than the file's.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Another encoder than the file's.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Another folder for pipelines than the file's.")] = None,
    records: Annotated[Path | None, typer.Option(help="Another folder for records than the file's.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all inputs, say what is to be run, and stop.")
    ] = False,
    write_held_back: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="PROJECTED FOLDER",
            help="Train nothing: write the held-back sentences of the projected corpora in PROJECTED to FOLDER.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many --write-held-back sentences per language.")] = 1000,
    gpu_id: GpuOption = -1,
) -> None:
    """Train and score the arms of a study, with every seed, and keep a record of each run.

    Stopped, it goes on where it was: a run whose record is there is not run again. Started twice, both share the work.
    `xner report` makes the tables and the page of the records.

    Examples:

    ```
    xner study configs/studies/shipped.cfg --dry-run
    xner study configs/studies/shipped.cfg --arms a,e --seeds 0,1,2
    xner study configs/studies/conll.cfg --write-held-back corpora/conll-projected corpora/conll-held-back
    ```
    """
    from rich.table import Table

    from ..errors import XnerError
    from ..experiments.held_back import write_held_back as write_files
    from ..experiments.input_checks import check_inputs
    from ..experiments.plan_file import read_study
    from ..experiments.run import Run
    from ..experiments.runner import Runner, is_done
    from ..pipelines import use_gpu
    from .console import make_console

    def numbers(text: str | None, kind: type, name: str) -> list[float] | None:
        if text is None:
            return None
        try:
            return [kind(part) for part in text.split(",")]
        except ValueError:
            raise XnerError(f"--{name} is '{text}', expected numbers with commas between them.") from None

    overrides = {
        "seeds": numbers(seeds, int, "seeds"),
        "labels": numbers(labels, float, "labels"),
        "steps": steps,
        "encoder": encoder,
        "folder": folder and str(folder),
        "records": records and str(records),
    }
    plan = read_study(config, overrides)
    console = make_console()
    if write_held_back:
        for made in write_files(plan, *write_held_back, limit):
            console.print(
                f"{made.path}: {made.n_docs:,} of {made.n_held_back:,} held-back sentences; {made.n_incomplete:,} with "
                "an entity that was not projected were left out",
                highlight=False,
            )
        return
    chosen = plan.chosen([name.strip() for name in arms.split(",")] if arms else None)
    needed = plan.with_teachers(chosen)
    check_inputs(plan, needed)
    runner = Runner(plan, gpu_id, lambda line: console.print(line, highlight=False))
    runner.check(needed)
    use_gpu(gpu_id)
    runs = [Run(plan, arm, int(seed), share) for seed in plan.seeds for share in plan.labels for arm in chosen]
    waiting = [run for run in runs if not is_done(run)]
    console.print(
        f"{len(runs)} run{'s' * (len(runs) > 1)}, {len(runs) - len(waiting)} of them done: {runner.records}",
        highlight=False,
    )
    if dry_run:
        for run in waiting:
            console.print(f"  {run.name}", highlight=False)
        return
    table = Table(title=f"Study {plan.name}: F1 on {plan.test}", title_justify="left")
    for column in ("run", "F1", "minutes"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for run, record in runner.all_records(runs):
        macro = record["scores"]["macro_f"]
        table.add_row(run.name, "-" if macro is None else f"{100 * macro:.1f}", f"{record['minutes']:.1f}")
    console.print(table)
    console.print(f"Next: xner report {runner.records} --output report.html", highlight=False)
