"""How long each step of a `spacy project` workflow took, by the time at which its last output was written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly
from rich.table import Table

from ..errors import XnerError
from ..experiments.machine import describe_machine
from ..files import read_json, write_json

VARIABLE = re.compile(r"\$\{vars\.(\w+)\}")


@dataclass(frozen=True)
class StepTime:
    """A step of a workflow, and the seconds that it took; None for one that was skipped, or leaves no files."""

    name: str
    seconds: float | None


def write_start(path: Path, workflow: str, now: float) -> None:
    """Remember when a workflow has started, in seconds since 1970."""
    write_json(path, {"workflow": workflow, "started": now})


def read_step_times(
    project: Path, workflow: str, start: Path, now: float, variables: Mapping[str, str] | None = None
) -> tuple[list[StepTime], float]:
    """The time of each step, and the seconds since the start.

    A step begins when the one before it has written its last output. What weasel skips, because nothing has changed,
    has outputs from before the start.

    project (Path): the file project.yml; outputs are beside it.
    start (Path): from `write_start`.
    variables (Mapping[str, str] | None): the project's variables that had other values in this run.
    RAISES: XnerError where one of the files is missing or damaged, or the project has no such workflow.
    """
    config = read_project(project, variables or {})
    known = config.get("workflows") or {}
    if workflow not in known:
        raise XnerError(f"{project} has no workflow {workflow}, expected one of {', '.join(known) or 'some'}.")
    if not start.is_file():
        raise XnerError(f"{start}: there is no such file. Expected what the first step of {workflow} writes.")
    found = read_json(start)
    if not isinstance(found, dict) or found.get("workflow") != workflow or not isinstance(found.get("started"), float):
        raise XnerError(
            f"{start}: not the start of the workflow {workflow}, but {str(found)[:80]}. Its first step writes it: "
            f"`xner times {workflow} --start`."
        )
    before = started = found["started"]
    commands = {command["name"]: command for command in config["commands"]}
    times = []
    for name in config["workflows"][workflow]:
        written = last_written([project.parent / each for each in commands[name].get("outputs", ())])
        if written is None or written <= started:
            times.append(StepTime(name, None))
        else:
            times.append(StepTime(name, max(written - before, 0.0)))
            before = max(before, written)
    return times, now - started


def read_project(path: Path, changed: Mapping[str, str]) -> dict[str, Any]:
    """A project file, with the values of its variables in the names of outputs."""
    if not path.is_file():
        raise XnerError(f"{path}: there is no such file. Expected the project.yml of a spaCy project.")
    config: dict[str, Any] = srsly.read_yaml(path)
    variables: Mapping[str, Any] = {**config.get("vars", {}), **changed}
    for command in config.get("commands", []):
        command["outputs"] = [
            VARIABLE.sub(lambda match: str(variables.get(match[1], match[0])), output)
            for output in command.get("outputs", [])
        ]
    return config


def last_written(paths: list[Path]) -> float | None:
    """When the newest file of files and folders was written, in seconds since 1970; None where there is none."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return max((file.stat().st_mtime for file in files), default=None)


def step_table(times: list[StepTime], total: float) -> Table:
    """The times as a table for the console."""
    table = Table(title="Time of each step", title_justify="left")
    table.add_column("step")
    table.add_column("min:s", justify="right")
    for step in times:
        if step.seconds is not None:
            table.add_row(step.name, minutes(step.seconds))
    table.add_section()
    table.add_row("since the start", minutes(total))
    return table


def skipped_line(times: list[StepTime]) -> str:
    """The steps without a time, in a sentence; empty where there are none."""
    skipped = ", ".join(step.name for step in times if step.seconds is None)
    return f"Without a time: {skipped} (nothing to do, or no output)." if skipped else ""


def describe_times(workflow: str, times: list[StepTime], total: float) -> dict[str, Any]:
    """The times in seconds, and the machine, as JSON: a skipped step has null."""
    steps = {step.name: step.seconds for step in times}
    return {"workflow": workflow, "machine": describe_machine(), "seconds": total, "steps": steps}


def minutes(seconds: float) -> str:
    """Seconds as 1:05."""
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"
