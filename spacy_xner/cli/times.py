"""`xner times`: how long each step of a `spacy project` workflow took."""

import time
from pathlib import Path
from typing import Annotated

import typer

from .console import make_console
from .options import QuietOption


def times(
    workflow: Annotated[str, typer.Argument(help="Name of the workflow.")] = "all",
    start: Annotated[bool, typer.Option("--start", help="The workflow starts now: write down when.")] = False,
    project: Annotated[Path, typer.Option(help="The project's file.")] = Path("project.yml"),
    file: Annotated[Path, typer.Option(help="Where the time of the start is kept.")] = Path("metrics/started.json"),
    quiet: QuietOption = False,
) -> None:
    """Print how long each step of a workflow took.

    `xner times --start` is the first step of the workflow, `xner times` its last one. The time of a step ends when its
    last output is written.

    Example: `xner times all`
    """
    from ..reporting.step_times import read_step_times, skipped_line, step_table, write_start

    if start:
        write_start(file, time.time())
    else:
        found, total = read_step_times(project, workflow, file, time.time())
        console = make_console()
        console.print(step_table(found, total))
        if line := skipped_line(found):
            console.print(line, soft_wrap=True)
