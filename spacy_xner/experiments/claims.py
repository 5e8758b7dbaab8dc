"""Locks that let several processes share the runs of a study."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from .run import Run


class TrainedElsewhereError(Exception):
    """Another process trains a run, or one that it needs."""


@contextmanager
def claimed(run: Run, wait: bool = True) -> Iterator[bool]:
    """Keep other processes from training the same run.

    wait (bool): wait until the process that trains it has finished.
    YIELDS: whether this process has the run now.
    """
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(run.folder.with_name(f".{run.name}.lock"))
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
