"""The whole pipeline, encoder included, where others run it: threads, forks, spawned processes, pickles, copies."""

import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import torch
from spacy.language import Language
from thinc.api import fix_random_seed

from spacy_xner.encoders import shim as shim_module

from .aggregation.util import TEXTS, make_examples, torch_encoder

ALL = [text for text, _ in TEXTS] * 2
Found = list[list[tuple[str, str, float]]]


@pytest.fixture(scope="module")
def loaded(tiny_pipeline: Path) -> Language:
    return spacy.load(tiny_pipeline)


@pytest.fixture
def nlp(tiny_pipeline: Path) -> Language:
    """A pipeline that has not predicted anything yet."""
    return spacy.load(tiny_pipeline)


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Torch with two threads, as on most machines."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def found(docs: Any) -> Found:
    return [[(ent.text, ent.label_, round(ent._.confidence, 3)) for ent in doc.ents] for doc in docs]


@pytest.fixture(scope="module")
def expected(loaded: Language) -> Found:
    result = found(loaded.pipe(ALL))
    assert result[0] != []
    return result


# Copies


def update(nlp: Language, **settings: Any) -> None:
    nlp.update(make_examples(nlp), sgd=nlp.resume_training(), **settings)


STATES: dict[str, Callable[[Language], Any]] = {
    "fresh": lambda nlp: None,
    "after use": lambda nlp: nlp(TEXTS[0][0]),
    "after an update": update,
    "after an update of the encoder alone": lambda nlp: update(nlp, exclude=["xner"]),
    "after an update of the recogniser alone": lambda nlp: update(
        nlp, exclude=["transformer"], annotates=["transformer"]
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_copies_predict_the_same(nlp: Language, state: str) -> None:
    STATES[state](nlp)
    expected = found(nlp.pipe(ALL))
    for twin in (pickle.loads(pickle.dumps(nlp)), copy.deepcopy(nlp)):
        assert found(twin.pipe(ALL)) == expected
        twin.get_pipe("xner").threshold = 1.0  # type: ignore[union-attr]
        assert found(twin.pipe(ALL)) != expected
    assert found(nlp.pipe(ALL)) == expected
    assert nlp.get_pipe("xner").threshold == 0.0  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize(
    "duplicate", [lambda nlp: pickle.loads(pickle.dumps(nlp)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_a_copy_goes_on_learning_as_the_original(nlp: Language, duplicate: Callable[[Language], Language]) -> None:
    """Its optimizer has the same moments, and its schedules are where they were."""
    nlp.config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": 4,
        "total_steps": 12,
        "initial_rate": 0.01,
    }

    def train(pipeline: Any, steps: int) -> list[float]:
        optimizer: Any = pipeline.resume_training()
        rates = []
        for _ in range(steps):
            fix_random_seed(0)
            pipeline.update(make_examples(pipeline), sgd=False)  # as `spacy train`: no gradients are left
            for name in ("transformer", "xner"):
                pipeline.get_pipe(name).finish_update(optimizer)
            optimizer.step_schedules()
            rates.append(float(optimizer.learn_rate))
        return rates

    train(nlp, 3)
    twin = duplicate(duplicate(nlp))
    ours: Any = nlp.resume_training()
    theirs: Any = twin.resume_training()
    assert ours is not theirs
    assert ours.mom1.keys() == theirs.mom1.keys()
    assert all(numpy.array_equal(moment, theirs.mom1[key]) for key, moment in ours.mom1.items())
    assert train(twin, 3) == train(nlp, 3) == pytest.approx([0.01, 0.00875, 0.0075])
    assert ours.nr_update == theirs.nr_update
    assert set(ours.nr_update.values()) == {6}  # so that the copy's weights have the keys of their moments


def weights_of(nlp: Language) -> numpy.ndarray:
    """All weights of encoder and recogniser in one array."""
    encoder = [weight.detach().numpy().ravel() for weight in torch_encoder(nlp).parameters()]
    model = nlp.get_pipe("xner").model  # type: ignore[attr-defined]
    own = [node.get_param(name).ravel() for node in model.walk() for name in node.param_names if node.has_param(name)]
    return numpy.concatenate([*encoder, *own])


# Threads


def run_together(tasks: list[Callable[[], Any]]) -> list[Any]:
    """The results of functions that start at the same time, each in a thread; errors are raised."""
    barrier, results, errors = threading.Barrier(len(tasks)), [None] * len(tasks), []

    def work(i: int) -> None:
        try:
            barrier.wait()
            results[i] = tasks[i]()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return results


def test_the_first_requests_come_together(nlp: Language, expected: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder for predictions is made once, and every thread sees all of torch's threads."""
    made: list[None] = []
    make = shim_module.make_encoder

    def count(*args: Any) -> Any:
        made.append(None)
        time.sleep(0.05)  # so that the others come while it is made
        return make(*args)

    monkeypatch.setattr(shim_module, "make_encoder", count)

    def work() -> tuple[Found, int]:
        return found(nlp(text) for text in ALL), torch.get_num_threads()

    assert run_together([work] * 6) == [(expected, 2)] * 6
    assert len(made) == 1


def test_pipe_and_calls_and_serialising_together(loaded: Language, expected: Found) -> None:
    results = run_together(
        [
            lambda: found(loaded(text) for text in ALL),
            lambda: found(loaded.pipe(ALL, batch_size=3)),
            lambda: len({loaded.to_bytes() for _ in range(5)}),
            lambda: len({loaded.to_bytes() for _ in range(5)}),
            lambda: found(loaded.pipe(ALL * 3))[: len(ALL)],
            lambda: found(pickle.loads(pickle.dumps(loaded)).pipe(ALL)),
        ]
    )
    assert [results[i] for i in (0, 1, 4, 5)] == [expected] * 4
    assert results[2:4] == [1, 1]


# Processes


def in_fork(task: Callable[[], Any], seconds: float = 60) -> Any:
    """The result of a function in a forked process."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(write, pickle.dumps(task()))
        finally:
            os._exit(0)
    os.close(write)
    end = time.time() + seconds
    while time.time() < end and not os.waitpid(child, os.WNOHANG)[0]:
        time.sleep(0.05)
    else:
        if time.time() >= end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the forked process hangs")
    with os.fdopen(read, "rb") as file:
        return pickle.load(file)


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_after_use(loaded: Language, expected: Found) -> None:
    """Also while another thread predicts, saves and makes encoders: its locks are not locked in the fork."""
    assert found(loaded.pipe(ALL)) == expected
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            shim_module.EncoderShim.forget_encoder(loaded.get_pipe("transformer").model.encoder_shim)  # type: ignore[attr-defined]
            list(loaded.pipe(ALL))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(3):
            assert in_fork(lambda: found(loaded.pipe(ALL))) == expected
    finally:
        stop.set()
        thread.join()


@fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_can_train(nlp: Language) -> None:
    update(nlp)

    def train() -> float:
        before = weights_of(nlp).copy()
        update(nlp)
        return float(numpy.abs(weights_of(nlp) - before).max())

    assert in_fork(train) > 1e-4


@fork
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forked_workers(nlp: Language, expected: Found) -> None:
    """After an update too; scores come back with the docs."""
    method = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)
    try:
        pairs = list(nlp.pipe(zip(ALL, range(len(ALL)), strict=True), as_tuples=True, n_process=2, batch_size=3))
        update(nlp, exclude=["xner"])
        after = found(nlp.pipe(ALL, n_process=2, batch_size=3))
    finally:
        multiprocessing.set_start_method(method, force=True)
    assert (found(doc for doc, _ in pairs), [row for _, row in pairs]) == (expected, list(range(len(ALL))))
    assert len(after) == len(ALL)


SPAWN = """
import multiprocessing, sys
import spacy
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    nlp = spacy.load(sys.argv[1])
    nlp.resume_training()
    docs = nlp.pipe(sys.argv[2:], n_process=2, batch_size=3)
    print([[(ent.text, ent.label_, round(ent._.confidence, 3)) for ent in doc.ents] for doc in docs])
"""


@pytest.mark.slow
def test_spawned_workers(tiny_pipeline: Path, expected: Found, tmp_path: Path) -> None:
    """As on macOS and Windows, where the pipeline is pickled for each worker."""
    (tmp_path / "main.py").write_text(SPAWN, encoding="utf8")
    command = [sys.executable, str(tmp_path / "main.py"), str(tiny_pipeline), *ALL]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(expected)
