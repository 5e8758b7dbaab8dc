"""The long commands that robustness.py kills and disturbs, and what they leave."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import ROOT

TIMES = ("minutes", "parts", "seconds", "words_per_second", "machine", "time")
"""Keys of records whose values are durations, or say where a run took place."""

TEXTS = (("gold", "en/train/*.txt", 300), ("dev", "en/dev.txt", 40), ("test", "de/test.txt", 40))
"""Files of the corpus, and their first lines that are used."""

STUDY = """
[study]
name = "killed"
config = "{root}/configs/xner.cfg"
encoder = "embedded"
gold = "{room}/gold.spacy"
dev = "{room}/dev.spacy"
test = "{room}/test"
seeds = [0]
held_back = 0.0
steps = 6
batch_words = 60
eval_every = 2
folder = "{room}/training"
records = "{room}/records"

[study.settings]
components.transformer.model.max_layers = 1

[arms]

[arms.a]
title = "one layer"

[arms.a.settings]
components.xner.model.tok2vec.aggregator.@architectures = "spacy_xner.LastLayer.v1"
"""


@dataclass
class Job:
    """A command that can be resumed.

    arguments (list[str]): of `python -m spacy_xner`, with paths in the folder `{room}`.
    results (list[str]): files or folders that the command makes, in the folder.
    """

    name: str
    arguments: list[str]
    results: list[str]
    inputs: list[list[str]] = field(default_factory=list)


def list_jobs(pipeline: str) -> list[Job]:
    """Translate, project, distill and study, each on a corpus of the project."""
    memory = str(ROOT / "corpus/translations")
    gold, dev, test = (
        ["corpus", "convert", f"{{room}}/{name}.txt", "--lang", lang, "--output", f"{{room}}/{output}.spacy"]
        for name, lang, output in (("gold", "en", "gold"), ("dev", "en", "dev"), ("test", "de", "test/de"))
    )
    translate = ["corpus", "translate", "{room}/gold.spacy", "--lang", "de", "--memory", memory]
    translate += ["--cache", "{room}/cache"]
    texts = [*translate, "--output", "{room}/de.text.spacy"]
    out = ["out.spacy"]
    to_out = ["--output", "{room}/out.spacy"]
    project = ["project", "{room}/gold.spacy", "{room}/de.text.spacy", *to_out]
    distill = ["corpus", "distill", pipeline, "{room}/de.text.spacy", "--batch-size", "16", *to_out]
    return [
        Job("translate", [*translate, *to_out], out, [gold]),
        Job("project", project, out, [gold, texts]),
        Job("distill", distill, out, [gold, texts]),
        Job("study", ["study", "{room}/study.cfg"], ["records"], [gold, dev, test]),
    ]


def command(arguments: Sequence[str], room: Path) -> list[str]:
    """The command line, with the folder's name in place of `{room}`."""
    return [sys.executable, "-m", "spacy_xner", *(part.replace("{room}", str(room)) for part in arguments)]


def environment() -> dict[str, str]:
    """One thread for each process, since several run at the same time."""
    return os.environ | {"OMP_NUM_THREADS": "1"}


def run_whole(arguments: Sequence[str], room: Path) -> None:
    """Run a command to its end. RAISES: RuntimeError with what it printed, if it fails."""
    done = subprocess.run(command(arguments, room), capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")


def prepare(job: Job, room: Path) -> None:
    """Make the inputs of a job in a folder, of the first sentences of the corpus."""
    (room / "test").mkdir(parents=True)
    for name, source, n_lines in TEXTS:
        files = sorted((ROOT / "corpus").glob(source))
        lines = [line for file in files for line in file.read_text(encoding="utf8").splitlines(keepends=True)]
        (room / f"{name}.txt").write_text("".join(lines[:n_lines]), encoding="utf8")
    for arguments in job.inputs:
        run_whole(arguments, room)
    (room / "study.cfg").write_text(STUDY.format(root=ROOT, room=room), encoding="utf8")


def digest(room: Path, job: Job) -> str:
    """A hash of all files that a job made; of records, without durations."""
    sha = hashlib.sha256()
    for path in (each for name in job.results for each in walk(room / name)):
        content = path.read_bytes()
        if path.suffix == ".json":
            content = json.dumps(without_times(json.loads(content)), sort_keys=True).encode()
        sha.update(str(path.relative_to(room)).encode() + b"\0" + content.replace(str(room).encode(), b""))
    return sha.hexdigest()


def walk(path: Path) -> Iterator[Path]:
    """A file, or all files in a folder and below, hidden ones too, in order."""
    yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def without_times(value: Any) -> Any:
    """JSON without the keys in `TIMES`."""
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in TIMES}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def fresh(inputs: Path, room: Path) -> Path:
    """A copy of the inputs, at the same place for each run, since outputs may contain their path."""
    shutil.rmtree(room, ignore_errors=True)
    shutil.copytree(inputs, room)
    study = room / "study.cfg"
    study.write_text(study.read_text(encoding="utf8").replace(str(inputs), str(room)), encoding="utf8")
    return room
