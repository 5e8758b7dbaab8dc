"""`xner times`: how long each step of a `spacy project` workflow took."""

import time
from pathlib import Path
from typing import Annotated

import typer

from .console import STREAM, make_console, write_json
from .options import JsonOption, QuietOption
from .usage import UsageError


def times(
    workflow: Annotated[str, typer.Argument(help="Name of the workflow.")] = "all",
    start: Annotated[bool, typer.Option("--start", help="The workflow starts now: write down when.")] = False,
    project: Annotated[Path, typer.Option(help="The project's file.")] = Path("project.yml"),
    var: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE: a variable of the project that has another value. Repeatable.")
    ] = None,
    file: Annotated[Path, typer.Option(help="Where the time of the start is kept.")] = Path("metrics/started.json"),
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Print how long each step of a workflow took.

    `xner times --start` is the first step of the workflow, `xner times` its last one. The time of a step ends when its
    last output is written.

    Example: `xner times all`
    """
    from ..reporting.step_times import describe_times, read_step_times, skipped_line, step_table, write_start

    if start:
        write_start(file, workflow, time.time())
    else:
        if wrong := [each for each in var or () if "=" not in each]:
            raise UsageError(f"--var is {wrong[0]}, expected KEY=VALUE.")
        variables = dict(each.split("=", 1) for each in var or ())
        found, total = read_step_times(project, workflow, file, time.time(), variables)
        if json:
            write_json(json, describe_times(workflow, found, total))
        if json != STREAM:
            console = make_console()
            console.print(step_table(found, total))
            if line := skipped_line(found):
                console.print(line, soft_wrap=True)
