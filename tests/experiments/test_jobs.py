"""`xner study --jobs`: processes that share a study's runs, at the same moment, and what happens when one fails."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import srsly
from typer.testing import CliRunner

from spacy_xner.cli import app
from spacy_xner.experiments.claims import claimed
from spacy_xner.experiments.jobs import job_environment
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.runner import Runner

from .util import make_study

ROOT = Path(__file__).parents[2]
ARMS = """
[arms.d]
projected = "{room}/projected"
start = "b"

[arms.e]
synthetic = "{room}/translated"
teacher = "b"
start = "b"
"""


@pytest.fixture
def file(tmp_path: Path, tiny_encoder: Path) -> Path:
    """A study with two seeds, in which three arms need b, as teacher, as start, or as both."""
    path = make_study(tmp_path, tiny_encoder, str(ROOT / "configs/xner.cfg"))
    path.write_text(path.read_text(encoding="utf8") + ARMS.format(room=tmp_path), encoding="utf8")
    return path


@pytest.fixture
def plan(file: Path) -> Study:
    return read_study(file)


def study(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def trained(output: str) -> Counter[str]:
    """How often each run was trained, by its arm and seed."""
    return Counter(" ".join(found) for found in re.findall(r"\] Training arm (\w+), seed (\d)", output))


def test_two_jobs(file: Path, plan: Study) -> None:
    """Both start at the same moment. Nothing is trained twice, nor labelled twice, and all get their records."""
    result = study(file, "--jobs", 2)
    assert result.exit_code == 0, result.output
    assert trained(result.output) == {f"{arm} {seed}": 1 for arm in "abcde" for seed in (0, 1)}
    assert {line[:3] for line in result.output.splitlines() if "] Training arm" in line} == {"[1]", "[2]"}
    records = {path.stem: srsly.read_json(path) for path in Path(plan.records, "tiny").iterdir()}
    assert sorted(records) == sorted(f"{arm}-{seed}" for arm in "abcde" for seed in (0, 1))
    assert [each["arm"] for each in records["e-1"]["trainings"]] == ["b", "e"]
    assert [path for path in Path(plan.folder, "tiny").iterdir() if not path.name.startswith(".")] == []
    assert "e-1" in result.output[result.output.index("minutes") :]  # the table
    again = study(file, "--jobs", 2)
    assert "10 runs, 10 of them done" in again.output
    assert not trained(again.output)


@pytest.mark.slow
def test_one_job_trains_the_same(file: Path, plan: Study, tmp_path: Path) -> None:
    assert study(file, "--jobs", 2, "--arms", "a,d", "--seeds", 0).exit_code == 0
    other = replace(plan, records=str(tmp_path / "other"), folder=str(tmp_path / "others"))
    for name in "ad":
        alone = Runner(other, log=lambda message: None).record(Run(other, other.arms[name], 0))
        shared = srsly.read_json(Run(plan, plan.arms[name], 0).record)
        assert {key: shared[key] for key in ("scores", "curve")} == {key: alone[key] for key in ("scores", "curve")}


def test_other_work_while_a_start_is_trained(plan: Study) -> None:
    """Runs that need it come last, in the order of the study; one that does not is made first."""
    said: list[str] = []
    runs = [Run(plan, plan.arms[name], 0) for name in "da"]
    with claimed(Run(plan, plan.arms["b"], 0)):
        records = Runner(plan, log=said.append).all_records(runs)
        assert next(records)[0] == runs[1]
        assert "d-0, or a run that it needs, is being trained by another process" in said
        assert [message.split(",")[0] for message in said if message.startswith("Training")] == ["Training arm a"]
    assert [run.name for run, _ in records] == ["d-0"]


def test_waits_where_there_is_no_other_work(plan: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy_xner.experiments.runner.PAUSE", 0.05)
    said: list[str] = []
    released = threading.Event()

    @contextmanager
    def held() -> Iterator[None]:
        with claimed(Run(plan, plan.arms["b"], 0)):
            yield
            time.sleep(0.5)
            released.set()

    def log(message: str) -> None:
        assert released.is_set() or not message.startswith("Training")
        said.append(message)

    claim = held()
    claim.__enter__()
    threading.Thread(target=claim.__exit__, args=(None, None, None)).start()
    ((run, _),) = Runner(plan, log=log).all_records([Run(plan, plan.arms["d"], 0)])
    assert run.name == "d-0"
    assert len([message for message in said if "another process" in message]) == 1  # it is said once


def test_no_further_run_when_told_to_stop(plan: Study) -> None:
    runs = [Run(plan, plan.arms[name], 0) for name in "ab"]
    stop = threading.Event()
    for run, _ in Runner(plan, log=lambda message: None).all_records(runs, stop.is_set):
        assert run == runs[0]
        stop.set()
    assert not runs[1].record.exists()


def test_a_job_that_fails(file: Path, plan: Study) -> None:
    """The message names the arm. The other job ends what it has begun, and begins nothing more."""
    text = file.read_text(encoding="utf8")
    broken = '[arms.bad]\n\n[arms.bad.settings]\ntraining.optimizer.learn_rate.@schedules = "nothing.v1"\n\n[arms.b]'
    file.write_text(text.replace("[arms.b]", broken).replace("seeds = [0, 1]", "seeds = [0,1,2,3]"), encoding="utf8")
    result = study(file, "--jobs", 2, "--arms", "a,bad,b")
    assert result.exit_code == 1
    message = " ".join(result.output[result.output.index("✘") :].split())
    assert re.match(r"✘ job [12] failed at arm bad, seed 0", message)
    assert "run the same command again for the others" in message
    begun = {name.replace(" ", "-") for name in trained(result.output) if not name.startswith("bad")}
    assert {path.stem for path in Path(plan.records, "tiny").iterdir()} == begun
    assert len(begun) < 8


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(file: Path, plan: Study, number: signal.Signals) -> None:
    """Jobs end with the command, at once."""
    command = [sys.executable, "-m", "spacy_xner", "study", str(file), "--jobs", "2", "--steps", "100000"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    begun: set[str] = set()
    for line in process.stdout:
        begun |= {line[:3]} if "] Training arm" in line else set()
        if len(begun) == 2:
            break
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode
    for run in (Run(plan, plan.arms[name], 0) for name in "ab"):
        with claimed(run, wait=False) as free:
            assert free


def test_jobs_on_a_gpu() -> None:
    result = study("study.cfg", "--jobs", 2, "-g", 0)
    assert result.exit_code == 2
    assert "Found --jobs 2 with the GPU 0, expected 1" in " ".join(result.output.split())


def test_threads_of_a_job() -> None:
    assert job_environment(3)["OMP_NUM_THREADS"] == "3"
    command = [sys.executable, "-c", "import torch; print(torch.get_num_threads())"]
    found = subprocess.run(command, env=job_environment(2), capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "2"
