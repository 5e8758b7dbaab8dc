"""Locks that let several processes share the runs of a study."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from filelock import FileLock, Timeout

from .run import Run


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


def has_free_parents(run: Run) -> bool:
    """Whether no other process is training a run that this one needs, or one that such a run needs."""
    for parent in chain.from_iterable(run.parents.values()):
        with claimed(parent, wait=False) as free:
            if not free:
                return False
        if not has_free_parents(parent):
            return False
    return True
