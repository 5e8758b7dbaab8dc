"""Batches in torch's threads."""

import threading

import pytest
import torch

from spacy_xner.encoders.threads import run_in_threads


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
