"""Running commands as a user does: in this process, and as processes of their own."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from spacy.cli import app as spacy_app
from typer.testing import CliRunner, Result

from spacy_xner.cli import app

Command = tuple[str, ...]
WIDTH = "120"  # of the terminal, in characters


def xner(*args: object, input: str | bytes | None = None) -> Result:
    """Run `xner` in this process; an exception other than an exit is raised, as it would be a bug."""
    result = CliRunner(env={"COLUMNS": WIDTH}).invoke(app, [str(arg) for arg in args], input=input)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ok(*args: object, input: str | bytes | None = None) -> str:
    """Run `xner` in this process; it succeeds. RETURNS: its standard output."""
    result = xner(*args, input=input)
    assert result.exit_code == 0, result.output
    return result.stdout


def failing(*args: object, status: int = 1) -> str:
    """Run `xner` in this process; it exits with a status, 1 for errors in data. RETURNS: standard error on one line."""
    result = xner(*args)
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    return " ".join(result.stderr.split())


def misused(*args: object) -> str:
    """As `failing`, with the exit status of wrong usage, 2."""
    return failing(*args, status=2)


def run_spacy(*args: object) -> str:
    """Run `python -m spacy` in this process; it succeeds. RETURNS: its output."""
    result = CliRunner().invoke(spacy_app, [str(arg) for arg in args])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.output


def process(
    args: Iterable[str | Path], *, site: Path | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, offline, with this Python and its scripts, and `site` on Python's path."""
    scripts = sysconfig.get_path("scripts")
    variables = {"PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}", "COLUMNS": WIDTH, "HF_HUB_OFFLINE": "1"}
    variables |= {"PYTHONPATH": str(site)} if site else {}
    program, *rest = map(str, args)
    command = [sys.executable if program == "python" else program, *rest]
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=600
    )


def leaves(group: Any, path: Command = ()) -> Iterator[Command]:
    """The path of every command below a (click) group that does something."""
    below = getattr(group, "commands", {})
    if not below:
        yield path
    for name, command in below.items():
        yield from leaves(command, (*path, name))


COMMANDS = list(leaves(typer.main.get_command(app)))
