""".ci/run and .ci/steps.sh: the first command that fails ends them, with its exit status; programs are hidden.

Python and pip are stubs, so that a run takes moments.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STEPS = ["tests", "program", "slow", "lint", "docs", "wheel", "main"]
# `python -m venv FOLDER` makes an environment of stubs. Each stub notes how it was called; pip exits with $PIP_EXIT.
PYTHON = """#!/usr/bin/env bash
name=$(basename "$0")
echo "$name $*" >> "$CALLS"
if [ "$name $1 $2" = "python3 -m venv" ]; then
    mkdir -p "$3/bin"
    for stub in python pip ruff mypy; do cp "$0" "$3/bin/$stub"; done
    echo "PATH=$3/bin:\\$PATH" > "$3/bin/activate"
elif [ "$name" = pip ]; then
    exit "$PIP_EXIT"
elif [ "$name $2" = "python pytest" ]; then
    echo "== 3 passed, 1 skipped in 0.01s =="
elif [ "$name $2" = "python build" ]; then
    mkdir -p "$4" && touch "$4/spacy_xner-0.0.0-py3-none-any.whl"
elif [ "$name $1" = "python -c" ]; then
    echo /room/site-packages/spacy_xner
fi
"""

pytestmark = pytest.mark.skipif(not (ROOT / ".ci/steps.sh").is_file(), reason="not a checkout: it has no .ci/steps.sh")


def write_program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf8")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git repository with the CI scripts and a package to remove."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    write_program(folder / "spacy_xner/__init__.py")
    write_program(folder / "configs/xner.cfg")
    for command in (
        ["git", "init", "--quiet"],
        ["git", "add", "."],
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "a"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder


def run(script: list[str], checkout: Path, pip_exit: int = 0, path: str = "") -> tuple[int, str, list[str]]:
    """Run a CI script with stubs. RETURNS: its exit status, what it prints and the stubs' calls."""
    room = checkout.parent / "room"
    room.mkdir()
    calls = checkout.parent / "calls"
    calls.touch()
    variables = {
        "PYTHON": str(write_program(checkout.parent / "stubs/python3", PYTHON)),
        "PATH": f"{path}{os.environ['PATH']}",
        "ROOM": str(room),
        "CALLS": str(calls),
        "PIP_EXIT": str(pip_exit),
        "TMPDIR": str(room),
    }
    result = subprocess.run(
        ["bash", *script],
        cwd=checkout,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return result.returncode, result.stdout, calls.read_text(encoding="utf8").splitlines()


@pytest.mark.parametrize("step", ["tests", "main"])
def test_a_failing_pip_ends_a_step(checkout: Path, step: str) -> None:
    """Constraints that cannot be met: what follows `&&` does not run, and the step fails."""
    status, _, calls = run([".ci/steps.sh", step], checkout, pip_exit=3)
    assert status == 3
    assert [call.split()[0] for call in calls] == ["python3", "pip"]


def test_a_failing_step_ends_the_run(checkout: Path) -> None:
    status, printed, calls = run([".ci/run"], checkout, pip_exit=3)
    assert status == 3
    assert "== done" not in printed
    assert "FAILED with exit status 3" in printed
    assert [line.split()[0] for line in printed.splitlines() if line.endswith("did not run")] == STEPS[1:]
    assert not any("-m pytest" in call for call in calls)


def test_all_steps_run(checkout: Path) -> None:
    """The table has each step and pytest's closing lines; what a user made in the checkout stays."""
    record = write_program(checkout / "metrics/study/record.json", "{}")
    status, printed, calls = run([".ci/run"], checkout)
    assert status == 0, printed
    table = printed.split("== CI, step by step\n")[1].splitlines()
    assert [line.split()[0] for line in table] == [*STEPS, "total", "=="]
    assert table[0].endswith("3 passed, 1 skipped in 0.01s ")
    assert table[-1] == "== done"
    assert "pip install -c constraints.txt -e .[offline]" in calls
    assert record.is_file()
    assert list((checkout.parent / "room").iterdir()) == []


def test_programs_are_hidden(checkout: Path) -> None:
    """A folder with Apertium is replaced by links to the rest of its programs; the checkout's own PATH order stays."""
    programs = checkout.parent / "programs"
    for name in ("apertium", "apertium-en-es", "lt-proc", "chromium", "other"):
        write_program(programs / name)
    status, printed, _ = run([".ci/steps.sh", "tests"], checkout, path=f"{programs}{os.pathsep}")
    assert status == 0, printed
    hidden = checkout.parent / "room/path/1"
    assert [path.name for path in hidden.iterdir()] == ["other"]
    assert f"Some programs of {programs} are hidden." in printed


def test_a_step_without_its_environment_says_so(checkout: Path) -> None:
    status, printed, _ = run([".ci/steps.sh", "lint"], checkout)
    assert status == 1
    assert "needs the environment that the step 'tests' makes" in printed


def test_unknown_steps_are_refused(checkout: Path) -> None:
    assert run([".ci/steps.sh", "everything"], checkout)[0] == 2
