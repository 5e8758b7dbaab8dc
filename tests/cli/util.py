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


def xner(*args: str | Path) -> Result:
    """Run `xner` in this process; an exception that is no exit is raised, as it would be a bug."""
    result = CliRunner(env={"COLUMNS": WIDTH}).invoke(app, [str(arg) for arg in args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ok(*args: str | Path) -> str:
    """Run `xner` in this process; it succeeds. RETURNS: its standard output."""
    result = xner(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def failing(*args: str | Path) -> str:
    """Run `xner` in this process; it exits with 1, for a user's mistake. RETURNS: the sentence without line breaks."""
    result = xner(*args)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    return " ".join(result.stderr.split())


def run_spacy(*args: str | Path) -> str:
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
