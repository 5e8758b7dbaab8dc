"""Torch in the worker processes of `nlp.pipe(n_process=2)`."""

import multiprocessing

import torch


def use_one_thread_if_forked() -> None:
    """Keep torch from waiting for ever, in a forked worker, for threads that only the parent process has.

    OpenMP's threads do not survive a fork; `nlp.pipe(n_process=2)` forks on Linux. One thread needs no others.
    """
    if multiprocessing.parent_process() is not None and multiprocessing.get_start_method(allow_none=True) == "fork":
        torch.set_num_threads(1)
