"""Batches in torch's threads."""

import threading

import pytest
import torch

from spacy_xner.encoders import threads
from spacy_xner.encoders.threads import count_threads, run_in_threads


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("n_tasks", [0, 1, 2, 7])
def test_results_are_in_order_and_threads_as_before(n_threads: int, n_tasks: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        assert run_in_threads(lambda i: (i, torch.ones(i).sum().item()), range(n_tasks)) == [
            (i, i) for i in range(n_tasks)
        ]
        assert torch.get_num_threads() == n_threads
        seen: list[int] = []
        other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert seen == [n_threads]
    finally:
        torch.set_num_threads(before)


def test_errors_come_through() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        run_in_threads(lambda i: 1 / i, [1, 0, 2])
    assert torch.get_num_threads() == before


def test_threads_that_start_meanwhile_have_all_of_torchs_threads() -> None:
    """Each thread asks for its number for the first time, and keeps it, while others compute; pools are shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        threads._pools.pop(3, None)  # so that the pool is made now
        computing, done = threading.Event(), threading.Event()

        def compute(i: int) -> int:
            computing.set()
            assert done.wait(60)
            return torch.get_num_threads()

        inside: list[int] = []
        caller = threading.Thread(target=lambda: inside.extend(run_in_threads(compute, range(3))))
        caller.start()
        assert computing.wait(60)
        seen: list[int] = []
        for _ in range(4):
            other = threading.Thread(target=lambda: seen.append(count_threads()))
            other.start()
            other.join()
        done.set()
        caller.join()
        assert (seen, inside) == ([3] * 4, [1] * 3)
        pool = threads._pools[3]
        run_in_threads(compute, range(9))
        assert threads._pools[3] is pool
    finally:
        torch.set_num_threads(before)


def test_a_task_can_use_threads_itself() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        nested = run_in_threads(lambda i: run_in_threads(lambda j: i * j, range(3)), range(8))
        assert nested == [[0, i, 2 * i] for i in range(8)]
    finally:
        torch.set_num_threads(before)


def test_no_more_threads_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error, not a pool that waits without end; the next call can work."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    threads._pools.pop(2, None)
    start = threading.Thread.start
    started: list[None] = []

    def limited(thread: threading.Thread) -> None:
        started.append(None)
        if len(started) > 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    try:
        monkeypatch.setattr(threading.Thread, "start", limited)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            run_in_threads(lambda i: i, range(4))
        monkeypatch.undo()
        assert torch.get_num_threads() == 2
        assert run_in_threads(lambda i: i, range(4)) == [0, 1, 2, 3]
    finally:
        torch.set_num_threads(before)
