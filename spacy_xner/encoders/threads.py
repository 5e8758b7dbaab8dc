"""Torch's threads: several batches at the same time, and the worker processes of `nlp.pipe(n_process=2)`."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

_forked = False


def _mark_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_fork)

Task = TypeVar("Task")
Result = TypeVar("Result")


def use_one_thread_if_forked() -> None:
    """In a forked process, let torch use one thread only.

    `nlp.pipe(n_process=2)` forks on Linux. OpenMP's threads do not survive a fork, and torch would wait for them
    without end.
    """
    if _forked:
        torch.set_num_threads(1)


def run_in_threads(function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """Run a function that computes with torch on each task, in as many threads as torch has; results in order.

    Threads that share every operation wait for each other after each operation; threads with a batch each do not.
    In total, torch uses as many threads as before.
    """
    n_threads = torch.get_num_threads()
    if min(n_threads, len(tasks)) < 2:
        return [function(task) for task in tasks]
    try:
        # A pool for each call: threads do not survive a fork, and take little time compared with a batch.
        with ThreadPoolExecutor(n_threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(function, tasks))
    finally:
        torch.set_num_threads(n_threads)  # the initializer has changed a setting of the whole process too
