"""Shards by Ray Data: the same bytes as in one process, with workers that are killed in the middle."""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.shards.inputs import FileSource
from spacy_xner.shards.ray_engine import RayEngine, ShardActor, check_reachable
from spacy_xner.shards.receipts import Receipt, find_shard, leftovers
from spacy_xner.shards.run import Job, finish, prepare, run_shards

from .steps_for_tests import ReverseSpec


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "news.txt"
    lines = (
        "Word" if n % 10 == 9 else f"Let us wait for {n} ." if n % 40 == 25 else f"This is {n} ." for n in range(200)
    )
    path.write_text("\n".join(lines), encoding="utf8")
    return path


@pytest.fixture(scope="module")
def plain(text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], list[Receipt]]:
    """What the plain engine makes."""
    job, step = prepare(tmp_path_factory.mktemp("plain"), ReverseSpec(), FileSource([text], "en"), 20)
    receipts = finish(job, range(10), lambda todo: run_shards(job, step, todo))
    return contents(job.folder), receipts


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a Ray cluster of two nodes on this machine."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    started.add_node(num_cpus=2)
    yield started.address
    started.shutdown()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*"))}


def job_for(folder: Path, text: Path, spec: ReverseSpec) -> Job:
    return prepare(folder, spec, FileSource([text], "en"), 20)[0]


@pytest.mark.slow
def test_killed_workers_leave_the_same_bytes(
    cluster: str, text: Path, plain: tuple[dict[str, bytes], list[Receipt]], tmp_path: Path
) -> None:
    """Three workers on two nodes; two kill themselves in the middle of a shard, and all that work are killed once."""
    (tmp_path / "kill").mkdir()
    (tmp_path / "kill" / "47").touch()
    (tmp_path / "kill" / "183").touch()
    (pids := tmp_path / "pids").mkdir()
    job = job_for(tmp_path / "out", text, ReverseSpec(kill_in=str(tmp_path / "kill"), wait_in=str(pids)))
    killed: list[int] = []

    def kill() -> None:
        while len(working := [int(path.name) for path in pids.iterdir()]) < 3:
            time.sleep(0.05)
        for pid in working:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it has killed itself
                continue
            killed.append(pid)
        (pids / "go").touch()

    (killer := threading.Thread(target=kill, daemon=True)).start()
    receipts = finish(job, range(10), lambda todo: RayEngine(3, cluster).make(job, todo))
    killer.join()
    assert killed
    assert not list((tmp_path / "kill").iterdir())
    assert (contents(job.folder), receipts) == plain


@pytest.mark.slow
def test_an_error_in_a_worker_is_a_sentence(cluster: str, text: Path, tmp_path: Path) -> None:
    job = job_for(tmp_path / "out", text, ReverseSpec(fail_at="183", server=str(tmp_path / "server")))
    with pytest.raises(
        XnerError, match=r"^The server at .* Start it\. \d of 10 shards in .*run the same command again"
    ):
        finish(job, range(10), lambda todo: RayEngine(2, cluster).make(job, todo))
    assert find_shard(job.folder, job.manifest, 9).state == "missing"
    (tmp_path / "server").touch()
    assert len(finish(job, range(10), lambda todo: RayEngine(2, cluster).make(job, todo))) == 10


@pytest.mark.slow
def test_a_shard_that_kills_its_worker_each_time_ends_the_run(cluster: str, text: Path, tmp_path: Path) -> None:
    """As where memory is full. Ray Data starts a worker again a few times."""
    job = job_for(tmp_path / "out", text, ReverseSpec(kill_always="183"))
    with pytest.raises(XnerError, match=r"Ray: a process that made shards has failed .*fewer --workers.* of 10 shards"):
        finish(job, range(10), lambda todo: RayEngine(1, cluster).make(job, todo))
    assert find_shard(job.folder, job.manifest, 0).state == "done"
    assert not leftovers(job.folder)


@pytest.mark.slow
def test_a_worker_with_another_step_ends_the_run(cluster: str, text: Path, tmp_path: Path) -> None:
    """Another version or model on a node of the cluster."""
    job = job_for(tmp_path / "out", text, ReverseSpec())
    other = Job(job.folder, job.manifest, ReverseSpec("fr"), job.source)
    with pytest.raises(XnerError, match=r'begun with other settings \(settings\.lang: "de", now "fr"\)'):
        list(RayEngine(1, cluster).make(other, [0]))


@pytest.mark.slow
def test_more_gpus_than_there_are(cluster: str, text: Path, tmp_path: Path) -> None:
    job = job_for(tmp_path / "out", text, ReverseSpec())
    with pytest.raises(XnerError, match="Ray has 0 GPUs for 2 workers, expected one for each"):
        list(RayEngine(2, cluster, gpu=True).make(job, [0, 1]))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there(address: str) -> None:
    with pytest.raises(XnerError, match=rf"Ray: the cluster {address} cannot be reached .*ray start --head"):
        check_reachable(address)


def missing_model(job: Job) -> None:
    raise FileNotFoundError(2, "No such file or directory", "models/mine")


def test_a_node_without_the_folder(text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its errors say why a relative path is not found; one with the folder raises them as they are."""
    monkeypatch.chdir(tmp_path)
    nowhere, batch = tmp_path / "nowhere", {"item": [9]}
    job = job_for(tmp_path / "out", text, ReverseSpec(fail_at="183", server="server"))
    actor = ShardActor(job, False, str(nowhere))
    (found,) = actor(batch)["found"]
    hint = rf" The node .+ has no folder {nowhere} \(No such file .*\).* relative paths are below {tmp_path} there"
    assert re.search(rf"Start it\.{hint}", json.loads(found)["error"])
    assert "receipt" in json.loads(actor({"item": [0]})["found"][0])  # where all paths are absolute, it does no harm
    assert json.loads(ShardActor(job, False, str(tmp_path))(batch)["found"][0])["error"].endswith("Start it.")
    monkeypatch.setattr(Job, "load", missing_model)
    assert re.search(rf"'models/mine'{hint}", ShardActor(job, False, str(nowhere))(batch)["found"][0])
    with pytest.raises(FileNotFoundError):
        ShardActor(job, False, str(tmp_path))(batch)


def test_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(XnerError, match=r"need the package ray, .*pip install 'spacy-xner\[ray\]'"):
        RayEngine(2)


@pytest.mark.slow
def test_one_worker_leaves_the_same_bytes(
    text: Path, plain: tuple[dict[str, bytes], list[Receipt]], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ray started for this run, quiet; it makes only what is missing.

    The last test: a process that has started a Ray of its own cannot join an earlier cluster again.
    """
    job = job_for(tmp_path / "out", text, ReverseSpec())
    list(run_shards(job, job.load(), [0, 5]))
    asked: list[int] = []

    def make(todo: Sequence[int]) -> Iterator[Receipt]:
        asked.extend(todo)
        return RayEngine(1).make(job, todo)

    receipts = finish(job, range(10), make)
    assert asked == [1, 2, 3, 4, 6, 7, 8, 9]
    assert (contents(job.folder), receipts) == plain
    assert capfd.readouterr() == ("", "")
