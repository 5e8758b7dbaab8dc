"""examples/ray: the commands of the job, the cluster file, and the job on a Ray of two nodes on this machine."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from spacy_xner.corpus.docs import load_docs

from ..docs.rules import check_options
from .util import EXAMPLES, load

ray = pytest.importorskip("ray", reason="needs Ray: the extra `ray` has it, and so has `test`")
job = load("ray/job.py")
SETTINGS: dict[str, Any] = tomllib.loads((EXAMPLES / "ray/job.toml").read_text(encoding="utf8"))


def test_commands() -> None:
    """Their options exist. Each step reads the folder that the one before it made."""
    steps = job.commands(SETTINGS, "auto")
    for step in steps:
        check_options(step)
    outputs = [step[step.index("--output") + 1] for step in steps[:3]]
    assert [outputs[0] in steps[1], outputs[1] in steps[2], steps[3][-1]] == [True, True, outputs[2]]


def test_cluster_file() -> None:
    """It has what Ray's schema asks for."""
    cluster = yaml.safe_load((EXAMPLES / "ray/cluster.yaml").read_text(encoding="utf8"))
    assert cluster["provider"].keys() == {"type", "head_ip", "worker_ips"}
    schema = json.loads((Path(ray.__file__).parent / "autoscaler/ray-schema.json").read_text(encoding="utf8"))
    pytest.importorskip("jsonschema").validate(cluster, schema)


def test_machines_that_differ() -> None:
    same = {"python": "3.11.1", "spacy-xner": "1", "torch": "2", "files that are missing": []}
    assert job.compare({"a": same, "b": same}) == []
    other = same | {"torch": "3", "files that are missing": ["models/teacher"]}
    assert job.compare({"a": same, "b": other}) == [
        "Machines differ in torch: {'a': '2', 'b': '3'}",
        "b does not have models/teacher",
    ]


def test_missing_files(tmp_path: Path) -> None:
    (tmp_path / "en.txt").touch()
    found = job.describe(str(tmp_path), ["en.txt", "models/teacher"])
    assert found["files that are missing"] == ["models/teacher"]


@pytest.fixture
def cluster() -> Iterator[str]:
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    started.add_node(num_cpus=1)
    yield started.address
    started.shutdown()


@pytest.mark.slow
def test_job(cluster: str, tiny_encoder: Path, tiny_pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("[London](LOC) and [Paris](LOC)\nNothing was there .\n", encoding="utf8")
    rows = ["en\tde", "London and Paris\tLondon und Paris", "Nothing was there .\tNichts war da ."]
    (tmp_path / "memory.tsv").write_text("".join(f"{row}\n" for row in rows), encoding="utf8")
    (tmp_path / "job.toml").write_text(
        f'folder = "{tmp_path}"\ntexts = "en.txt"\nsource_lang = "en"\nlang = "de"\nencoder = "{tiny_encoder}"\n'
        f'teacher = "{tiny_pipeline}"\nshard_size = 1\n[translator]\nname = "memory"\npath = "memory.tsv"\n',
        encoding="utf8",
    )
    command = [sys.executable, EXAMPLES / "ray/job.py", tmp_path / "job.toml", "--address", cluster]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([str(word) for word in command], env=variables, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("'files that are missing': []") == 2
    docs = [doc for path in sorted((tmp_path / "distilled/de").glob("*.spacy")) for doc in load_docs(path)]
    assert [doc.text for doc in docs] == ["London und Paris", "Nichts war da ."]
    assert all(doc._.xner_soft_labels is not None for doc in docs)
