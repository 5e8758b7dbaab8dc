"""`xner` and `python -m spacy xner`: help, version and mistakes."""

import errno

import pytest
import typer
from spacy.util import registry
from typer.testing import CliRunner

import spacy_xner
from spacy_xner.cli import XnerGroup
from spacy_xner.errors import XnerError

from .util import COMMANDS, Command, failing, ok, process, run_spacy, xner

ROOMS = [(), *sorted({command[:1] for command in COMMANDS if len(command) > 1})]


def test_all_commands_are_there() -> None:
    corpus = [
        "check",
        "convert",
        "deduplicate",
        "distill",
        "generate",
        "label",
        "project",
        "shards",
        "stats",
        "synthesize",
        "translate",
    ]
    known = ["adapt", *("align " + name for name in ("file", "show", "train")), "average", "calibrate"]
    known += [*("corpus " + name for name in corpus), "encoder fetch", "encoder trim"]
    known += ["evaluate", "info", "layers", "package", "predict", "project", "report", "study", "times"]
    assert sorted(" ".join(command) for command in COMMANDS) == known


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_a_command(command: Command) -> None:
    """It says what the command does, with an example that begins as one types it."""
    out = ok(*command, "--help")
    assert "Example" in out
    typed = " ".join(part for part in command if part != "file")  # `xner align FILE` is short for `align file FILE`
    assert f"xner {typed} " in out.split("Example", 1)[1]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: " ".join(("xner", *room)))
def test_help_of_a_group(room: Command) -> None:
    """It names what is below it, also where nothing is asked for."""
    out = ok(*room, "--help")
    below = {command[len(room)] for command in COMMANDS if command[: len(room)] == room}
    assert all(name in out for name in below)
    assert set(below) <= set(xner(*room).output.split())


def test_version() -> None:
    assert ok("--version").strip() == spacy_xner.__version__


def test_below_spacy() -> None:
    """As `python -m spacy` finds it, by its entry point; `test_a_mistake_in_a_process_of_its_own` starts a process."""
    registry.cli.get_all()
    out = run_spacy("xner", "--help")
    assert "Named entity recognition in languages without labelled data" in out
    assert {command[0] for command in COMMANDS} <= set(out.split())


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["layers", "nowhere"], "✘ nowhere: no installed package or folder of that name."),
        (["corpus", "check", "nowhere"], "✘ nowhere/corpus.toml: file not found."),
        (["encoder", "fetch", "./nowhere", "-o", "there"], "✘ There is no folder './nowhere', and it cannot be"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(args: list[str], sentence: str) -> None:
    assert failing(*args).startswith(sentence)


@pytest.mark.parametrize("program", [["xner"], ["python", "-m", "spacy", "xner"]], ids=" ".join)
def test_a_mistake_in_a_process_of_its_own(program: list[str]) -> None:
    result = process([*program, "layers", "nowhere"])
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("✘ nowhere: no installed package or folder of that name.")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("args", [["nothing"], ["layers"], ["evaluate", "a", "b", "--nothing"]])
def test_wrong_usage(args: list[str]) -> None:
    result = xner(*args)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_a_bug_keeps_its_traceback() -> None:
    """Only mistakes that a user can mend become sentences; markup in them is printed as it is."""
    app = typer.Typer(cls=XnerGroup)

    @app.command()
    def mistake() -> None:
        raise XnerError("Found [red], expected [/].")

    @app.command()
    def bug() -> None:
        raise KeyError("lost")

    run = CliRunner().invoke
    result = run(app, ["mistake"])
    assert (result.exit_code, result.stderr) == (1, "✘ Found [red], expected [/].\n")
    assert isinstance(run(app, ["bug"]).exception, KeyError)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x.spacy"), "there is no space to write"),
        (OSError(errno.EFBIG, "File too large"), "there is no space to write"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "there is no space"),
        (PermissionError(errno.EACCES, "Permission denied", ".a-0.lock"), "'.a-0.lock': this user may not read or"),
        (OSError(errno.EROFS, "Read-only file system", "x.spacy"), "this user may not read or write there"),
    ],
)
def test_a_full_or_locked_disk_is_no_bug(error: OSError, message: str) -> None:
    """It is one sentence, without a traceback. Other errors of the system are bugs."""
    app = typer.Typer(cls=XnerGroup)

    @app.command()
    def write(bug: bool = False) -> None:
        raise OSError(errno.EIO, "Input/output error") if bug else error

    @app.command()
    def other() -> None:
        """A second command, so that there is a group."""

    found = CliRunner().invoke(app, ["write"])
    assert found.exit_code == 1
    assert message in found.output
    assert isinstance(found.exception, SystemExit)
    assert isinstance(CliRunner().invoke(app, ["write", "--bug"]).exception, OSError)
