"""The time of each step of a workflow."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_xner.cli import app
from spacy_xner.errors import XnerError
from spacy_xner.reporting.step_times import StepTime, minutes, read_step_times, write_start

PROJECT = """
vars:
  name: agg
workflows:
  all: [fetch, train, package, show]
commands:
  - name: fetch
    outputs: [encoder]
  - name: train
    outputs: ["training/${vars.name}/model"]
  - name: package
    outputs: [dist.whl]
  - name: show
    script: [x]
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "project.yml").write_text(PROJECT, encoding="utf8")
    for name, written in (("encoder/a", 500), ("training/agg/model/a", 1060), ("training/agg/model/b", 1100)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf8")
        os.utime(path, (written, written))
    (tmp_path / "dist.whl").write_text("x", encoding="utf8")
    os.utime(tmp_path / "dist.whl", (1130, 1130))
    write_start(tmp_path / "metrics/started.json", "all", 1000.0)
    return tmp_path


def test_steps(room: Path) -> None:
    times, total = read_step_times(room / "project.yml", "all", room / "metrics/started.json", 1135.0)
    expected = [("fetch", None), ("train", 100.0), ("package", 30.0), ("show", None)]
    assert times == [StepTime(name, seconds) for name, seconds in expected]
    assert total == 135.0


def test_variables_with_other_values(room: Path) -> None:
    (room / "training/agg").rename(room / "training/other")
    start = room / "metrics/started.json"
    plain, _ = read_step_times(room / "project.yml", "all", start, 1135.0)
    changed, _ = read_step_times(room / "project.yml", "all", start, 1135.0, {"name": "other"})
    assert [step.seconds for step in plain] == [None, None, 130.0, None]
    assert [step.seconds for step in changed] == [None, 100.0, 30.0, None]


def test_the_start_of_another_workflow(room: Path) -> None:
    write_start(room / "metrics/started.json", "study", 1000.0)
    with pytest.raises(XnerError, match="not the start of the workflow all"):
        read_step_times(room / "project.yml", "all", room / "metrics/started.json", 0)
    (room / "project.yml").write_text("vars: {a: b}\n", encoding="utf8")
    with pytest.raises(XnerError, match="has no workflow all"):
        read_step_times(room / "project.yml", "all", room / "metrics/started.json", 0)


def test_what_is_missing(room: Path) -> None:
    with pytest.raises(XnerError, match="no workflow study, expected one of all"):
        read_step_times(room / "project.yml", "study", room / "metrics/started.json", 0)
    with pytest.raises(XnerError, match="there is no such file"):
        read_step_times(room / "project.yml", "all", room / "x.json", 0)
    with pytest.raises(XnerError, match=r"Expected the project\.yml"):
        read_step_times(room / "x.yml", "all", room / "metrics/started.json", 0)


def test_command(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(room)
    found = CliRunner().invoke(app, ["times"])
    assert found.exit_code == 0
    assert "Without a time: fetch, show" in found.output
    assert [line.split()[1::2] for line in found.output.splitlines() if "train" in line] == [["train", "1:40"]]
    found = json.loads(CliRunner().invoke(app, ["times", "--json", "-"]).output)
    assert found["steps"] == {"fetch": None, "train": 100.0, "package": 30.0, "show": None}
    assert found["workflow"] == "all"
    assert found["seconds"] > 1135
    assert CliRunner().invoke(app, ["times", "--var", "name"]).exit_code == 2
    assert CliRunner().invoke(app, ["times", "--start"]).exit_code == 0
    found = CliRunner().invoke(app, ["times"])
    assert "Without a time: fetch, train, package, show" in found.output


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (65, "1:05"), (3600, "60:00")])
def test_minutes(seconds: float, text: str) -> None:
    assert minutes(seconds) == text
