"""`xner study`: train and score the arms of a study."""

from pathlib import Path
from typing import Annotated

import typer

from .options import GpuOption, QuietOption
from .usage import UsageError, usage_errors


def study(
    config: Annotated[Path, typer.Argument(help="The study's .cfg: [study] and an [arms.NAME] for each arm.")],
    arms: Annotated[str | None, typer.Option(help="Run these arms only, as a,e.")] = None,
    seeds: Annotated[str | None, typer.Option(help="Seeds, as 0,1,2. Default: the file's.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Shares of the source labels, as 0.01,0.1,1. Default: the file's.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps. Default: the file's.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Encoder. Default: the file's.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder for pipelines. Default: the file's.")] = None,
    records: Annotated[Path | None, typer.Option(help="Folder for records. Default: the file's.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check all inputs, list the runs that are missing, and stop.")
    ] = False,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Train and score the arms of a study with each seed, and write a record of each run.

    Interrupted studies resume: a run with a record is not repeated. Two processes that run the same study share the
    work. `xner report` makes tables and a page from the records.

    Examples:

    ```
    xner study configs/studies/shipped.cfg --dry-run
    xner study configs/studies/shipped.cfg --arms a,e --seeds 0,1,2
    ```
    """
    from rich.table import Table

    from ..experiments.checks import check_inputs
    from ..experiments.plan import read_study
    from ..experiments.run import Run, Runner
    from ..pipelines import use_gpu
    from .console import make_console, make_notes

    def numbers(text: str | None, kind: type, name: str) -> list[float] | None:
        if text is None:
            return None
        try:
            return [kind(part) for part in text.split(",")]
        except ValueError:
            raise UsageError(f"--{name} is '{text}', expected numbers separated by commas.") from None

    overrides = {
        "seeds": numbers(seeds, int, "seeds"),
        "labels": numbers(labels, float, "labels"),
        "steps": steps,
        "encoder": encoder,
        "folder": folder and str(folder),
        "records": records and str(records),
    }
    plan = read_study(config, overrides)
    with usage_errors():
        chosen = plan.chosen([name.strip() for name in arms.split(",")] if arms else None)
    needed = {arm.name: arm for arm in chosen}
    for arm in chosen:
        while arm.teacher:
            arm = plan.arms[arm.teacher]
            needed[arm.name] = arm
    check_inputs(plan, needed.values())
    console, notes = make_console(), make_notes()
    runner = Runner(plan, gpu_id, notes.print)
    runner.check(needed.values())
    use_gpu(gpu_id)
    runs = [Run(arm, int(seed), share) for seed in plan.seeds for share in plan.labels for arm in chosen]
    waiting = [run for run in runs if not runner.is_done(run)]
    notes.print(f"{len(runs)} run{'s' * (len(runs) > 1)}, {len(runs) - len(waiting)} of them done: {runner.records}")
    if dry_run:
        for run in waiting:
            console.print(f"  {run.name}")
        return
    table = Table(title=f"Study {plan.name}: F1 on {plan.test}", title_justify="left")
    for column in ("run", "F1", "minutes"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for run, record in runner.all_records(runs):
        macro = record["scores"]["macro_f"]
        table.add_row(run.name, "-" if macro is None else f"{100 * macro:.1f}", f"{record['minutes']:.1f}")
    console.print(table)
    notes.print(f"Next: xner report {runner.records} --output report.html")
