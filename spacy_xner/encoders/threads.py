"""Torch's threads: several batches at the same time, a server's threads, and forked worker processes."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal, TypeVar, get_args

import torch

from ..extras import needs_extra

Task = TypeVar("Task")
Result = TypeVar("Result")

Purpose = Literal["threads", "encoder", "tokenizer"]

_forked = False
_locks: dict[Purpose, threading.RLock] = {}
_this_thread = threading.local()  # in_pool: whether it is one of a pool, which must not wait for the others
_pools: dict[int, ThreadPoolExecutor] = {}  # by their number of threads


def _make_locks() -> None:
    for purpose in get_args(Purpose):
        _locks[purpose] = threading.RLock()


_make_locks()


def _after_fork() -> None:
    """In a forked process there is this thread only, and locks that other threads held would stay locked."""
    global _forked
    _forked = True
    _make_locks()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def one_at_a_time(purpose: Purpose) -> Iterator[None]:
    """Inside the block is one thread at a time: for what is made once and shared, and for what is not thread-safe.

    The locks belong to the process: they are not part of pickled objects, and are free in a forked process.

    purpose (str): "encoder": making the encoder for predictions; "tokenizer": saving a tokenizer; "threads": changing
        or reading torch's number of threads.
    """
    with _locks[purpose]:
        yield


def count_threads() -> int:
    """The number of torch's threads, as `torch.get_num_threads`; not a number that is set for a moment only."""
    with one_at_a_time("threads"):
        return torch.get_num_threads()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread in the block, in torch and in numpy's linear algebra.

    How a product is divided among threads, and a text's batch, which depends on their number, change the last digits
    of results. With one thread, they are the same on machines with the same kind of CPU.
    """
    with needs_extra("align", "Shards need"):
        from threadpoolctl import threadpool_limits

    with one_at_a_time("threads"):
        before = torch.get_num_threads()
        torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def use_one_thread_if_forked() -> None:
    """In a forked process, let torch use one thread only; call it before torch computes.

    `nlp.pipe(n_process=2)` forks on Linux. OpenMP's threads do not survive a fork, and torch would wait for them
    without end.
    """
    if _forked:
        torch.set_num_threads(1)


def run_in_threads(function: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """Run a function that computes with torch on each task, in as many threads as torch has; results in order.

    Threads that share every operation wait for each other after each operation; threads with a batch each do not.
    Calls at the same time share these threads, so that torch uses as many as before.
    """
    n_threads = count_threads()
    if min(n_threads, len(tasks)) < 2 or getattr(_this_thread, "in_pool", False):
        return [function(task) for task in tasks]
    return list(_get_pool(n_threads).map(function, tasks))


def _get_pool(n_threads: int) -> ThreadPoolExecutor:
    """Threads that compute with one thread of torch each; made at the first call, and kept.

    `torch.set_num_threads` sets the number for the thread that calls it, and for all threads that have not computed
    yet. A pool for each call would limit every thread that starts in the meantime to one thread, for ever.
    """
    with one_at_a_time("threads"):
        if n_threads not in _pools:
            pool = ThreadPoolExecutor(n_threads, thread_name_prefix="spacy-xner")
            ready = threading.Barrier(n_threads)

            def prepare(_: int) -> None:
                torch.get_num_threads()  # a thread's first question sets its number to that of the process
                torch.set_num_threads(1)
                _this_thread.in_pool = True
                ready.wait()  # so that each thread does this once

            try:
                list(pool.map(prepare, range(n_threads)))
            except BaseException:  # no more threads can be started
                ready.abort()
                raise
            finally:
                torch.set_num_threads(n_threads)  # for threads to come
            _pools[n_threads] = pool
        return _pools[n_threads]
