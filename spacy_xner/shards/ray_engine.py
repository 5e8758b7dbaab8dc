"""Runs a step on shards by Ray Data: several processes on this machine, or on a cluster. Needs the extra `ray`.

Ray Data gives shards to actors, each of which loads the step once, and starts a new actor where one has died. An actor
writes its shards itself, so that no rows travel: only the numbers of shards go out, and their receipts come back.
"""

import json
import logging
import os
import re
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import XnerError
from ..extras import needs_extra
from ..pipelines import use_gpu
from .receipts import Receipt
from .run import Job, Step

RETRIES = 3  # of a shard whose process has died, and of processes that die while they start
REACHED_WITHIN = 10  # seconds
MAX_BLOCKS = 10_000  # a block of shards is the least that Ray Data gives to an actor
STORE_BYTES = 100 * 2**20  # for objects in memory, of which this engine has small ones only
# No telemetry, and no messages of Ray's own programs that a user can do nothing about.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1", "RAY_BACKEND_LOG_LEVEL": "fatal"}


@dataclass(frozen=True)
class RayEngine:
    """Makes shards by Ray Data.

    workers (int | None): number of processes that make shards; None: one for each CPU (or GPU) of the cluster.
    address (str | None): of a cluster, such as "auto" or "HOST:6379"; None: Ray is started on this machine, and
        stopped at the end.
    gpu (bool): each process uses one GPU.
    RAISES: XnerError where Ray is not installed.
    """

    workers: int | None = None
    address: str | None = None
    gpu: bool = False

    def __post_init__(self) -> None:
        import_ray()

    def make(self, job: Job, shards: Sequence[int]) -> Iterator[Receipt]:
        """Make shards; each is in place when its receipt is yielded, in the order in which they are finished.

        RAISES: XnerError for the first shard that fails, where a shard's process has died more than `RETRIES` times,
            and for a cluster that cannot be reached or has no GPU.
        """
        ray = import_ray()
        with _connected(ray, self.address, self.workers):
            kind = "GPU" if self.gpu else "CPU"
            n_units = int(ray.cluster_resources().get(kind, 0))
            n_workers = min(self.workers or n_units, len(shards))
            if not n_units or (self.gpu and n_workers > n_units):
                raise XnerError(
                    f"Ray has {n_units} {kind}s for {self.workers or 'any number of'} workers, expected one for each. "
                    "Give fewer --workers, or run without -g."
                )
            yield from _map_shards(ray, job, shards, n_workers, self.gpu)


class ShardActor:
    """Makes shards in a process of Ray's, with a step that it loads once.

    folder (str): the folder in which the command was started. Relative paths, such as that of a translation model, are
        below it; a cluster starts its processes elsewhere. A node need not have it where all paths are absolute; errors
        on a node without it say so.
    """

    def __init__(self, job: Job, gpu: bool, folder: str) -> None:
        self.job, self.gpu = job, gpu
        self.hint = ""
        try:
            os.chdir(folder)
        except OSError as error:
            self.hint = (
                f" The node {socket.gethostname()} has no folder {folder} ({error.strerror}), in which the command was "
                f"started: relative paths are below {os.getcwd()} there. Give absolute paths, or make the folder and "
                "what the paths name on each node."
            )
        self.step: Step | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """batch (dict[str, Any]): under "item" the number of a shard. RETURNS: under "found" its receipt as JSON, or an
        error that a user can fix: Ray Data would show it with a traceback."""
        try:
            if self.step is None:
                use_gpu(0 if self.gpu else -1)  # Ray shows each process its own GPU alone
                self.step = self.job.load()
            (shard,) = batch["item"]
            return {"found": [json.dumps({"receipt": asdict(self.job.make_shard(self.step, int(shard)))})]}
        except (XnerError, FileNotFoundError) as error:
            if not isinstance(error, XnerError) and not self.hint:
                raise
            return {"found": [json.dumps({"error": f"{error}{self.hint}"})]}


def import_ray() -> Any:
    """The package Ray, without its telemetry. RAISES: XnerError where it or its part Ray Data is not installed."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with needs_extra("ray", "--workers and --ray need"):
        import ray
        import ray.data
    return ray


@contextmanager
def _connected(ray: Any, address: str | None, workers: int | None) -> Iterator[None]:
    """Start Ray on this machine or join a cluster; leave both at the end. A Ray that the caller has started is used."""
    if ray.is_initialized():
        yield
        return
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        settings |= {"address": "local", "include_dashboard": False, "object_store_memory": STORE_BYTES}
        settings |= {"num_cpus": max(workers, os.cpu_count() or 1) if workers else None}
    else:
        check_reachable(address)
        settings |= {"address": address}
    try:
        with _without_stderr():
            ray.init(**settings)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ImportError) as error:
        where = f"the cluster {address} cannot be reached" if address else "it cannot be started on this machine"
        raise XnerError(f"Ray: {where} ({error}).") from error
    try:
        yield
    finally:
        ray.shutdown()


def check_reachable(address: str) -> None:
    """RAISES: XnerError for a cluster at HOST:PORT where nothing listens: Ray itself would try for minutes."""
    found = re.fullmatch(r"(?:ray://)?([^/]+):(\d+)", address)
    if found is None:  # "auto", or what Ray alone understands
        return
    try:
        socket.create_connection((found[1].strip("[]"), int(found[2])), timeout=REACHED_WITHIN).close()
    except (OSError, OverflowError) as error:
        raise XnerError(
            f"Ray: the cluster {address} cannot be reached ({error}). Start it: ray start --head"
        ) from error


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Drop what native code prints on standard error in the block, such as that it has read `ENVIRONMENT`."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _map_shards(ray: Any, job: Job, shards: Sequence[int], n_workers: int, gpu: bool) -> Iterator[Receipt]:
    _set_up(ray)
    items = ray.data.from_items(list(shards), override_num_blocks=min(len(shards), MAX_BLOCKS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `max_task_retries` gets another way of giving it in a later version
        made = items.map_batches(
            ShardActor,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=n_workers),
            fn_constructor_args=(job, gpu, os.getcwd()),
            num_cpus=1,
            num_gpus=1 if gpu else 0,
            max_restarts=-1,
            max_task_retries=RETRIES,
        )
    try:
        for row in made.iter_rows():
            found = json.loads(row["found"])
            if "error" in found:
                raise XnerError(found["error"])
            yield Receipt(**found["receipt"])
    except ray.exceptions.RayError as error:
        raise XnerError(_explain(ray, error)) from error


def _set_up(ray: Any) -> None:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.max_consecutive_actor_init_deaths = RETRIES
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # errors are raised, and shown by the command


def _explain(ray: Any, error: Exception) -> str:
    """A sentence for an error of Ray: a process that has died too often, or a node that is lost."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    what = lines[-1] if lines else type(error).__name__
    return (
        f"Ray: a process that made shards has failed ({type(error).__name__}: {what[:300]}). If memory was full, "
        "give fewer --workers, or write to another folder with a smaller --shard-size. Ray's logs are in its session "
        "folder, by default /tmp/ray/session_latest/logs."
    )
