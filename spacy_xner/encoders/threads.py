"""Torch's threads: several batches at a time, and the worker processes of `nlp.pipe(n_process=2)`."""

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
    """Keep torch from waiting for ever, in a forked worker, for threads that only the parent process has.

    OpenMP's threads do not survive a fork; `nlp.pipe(n_process=2)` forks on Linux. One thread needs no others.
    """
    if _forked:
        torch.set_num_threads(1)


def side_by_side(function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """The results of a function that computes with torch, in order; as many tasks at a time as torch has threads.

    Threads that share every operation wait for each other after each; a thread with a batch of its own does not.
    The number of threads that torch may use is the same before, meanwhile (in sum) and after.
    """
    n_threads = torch.get_num_threads()
    if min(n_threads, len(tasks)) < 2:
        return [function(task) for task in tasks]
    try:
        # A pool for each call: threads do not survive a fork, and cost nothing beside a batch.
        with ThreadPoolExecutor(n_threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(function, tasks))
    finally:
        torch.set_num_threads(n_threads)  # a part of it is not the thread's own, but the process's
