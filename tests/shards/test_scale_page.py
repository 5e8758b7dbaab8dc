"""The jobs in docs/tasks/scale.md make all shards. tests/docs/ checks its other commands."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from ..cli.util import ok, xner

pytest.importorskip("pyarrow")
PAGE = (Path(__file__).parents[2] / "docs/tasks/scale.md").read_text(encoding="utf8")
MODEL = "--translator seq2seq -s model=models/opus-mt-en-de"
MEMORY = "--memory m.tsv"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.replace(MODEL, MEMORY).splitlines() if line.startswith("xner ")]


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("en.txt").write_text("".join(f"Sentence {n}.\n" for n in range(40)), encoding="utf8")
    Path("m.tsv").write_text("en\tde\n" + "".join(f"Sentence {n}.\tSatz {n}.\n" for n in range(40)), encoding="utf8")


def make_with(words: list[str], old: str, numbers: range) -> None:
    """Write the manifest as the page says, then run a job for each number, the last one first."""
    (plan,) = (each for each in commands("\n".join(blocks("bash"))) if each[-1] == "--plan")
    ok(*plan[1:], "--shard-size", "2")
    for number in reversed(numbers):
        assert xner("corpus", "shards", "de").exit_code == 1
        ok(*(word.replace(old, str(number)) for word in words[1:]))
    assert "missing 0" in " ".join(ok("corpus", "shards", "de").split())


def test_slurm() -> None:
    (script,) = (block for block in blocks("bash") if block.startswith("#!/bin/bash"))
    first, last = map(int, re.findall(r"--array=(\d+)-(\d+)", script)[0])
    (words,) = commands(script)
    assert f"$SLURM_ARRAY_TASK_ID/{last}" in words
    make_with(words, "$SLURM_ARRAY_TASK_ID", range(first, last + 1))


def test_kubernetes() -> None:
    (block,) = blocks("yaml")
    spec = yaml.safe_load(block)["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    (words,) = commands(container["args"][0])
    place = "$((JOB_COMPLETION_INDEX + 1))"
    assert f"{place}/{spec['completions']}" in words
    assert container["command"] == ["/bin/bash", "-c"]  # which computes the expression
    make_with(words, place, range(1, spec["completions"] + 1))
