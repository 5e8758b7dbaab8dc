"""Kills long commands at random moments for robustness.py, and compares what the resumed runs write."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from robustness_jobs import Job, command, digest, environment, fresh, prepare, run_whole


def kill_jobs(jobs: Sequence[Job], folder: Path, kills: int, seed: int) -> list[dict[str, Any]]:
    """The rows of jobs, several at the same time."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: kill_at_random(job, folder / job.name, kills, seed), jobs))


def kill_at_random(
    job: Job, folder: Path, kills: int, seed: int, tell: Callable[[str], None] = print
) -> dict[str, Any]:
    """Run a job again and again, kill it at random moments, until it was killed so many times.

    RETURNS: the row of the record: kills, completed runs, and runs whose files have other bytes than those of a run
        that was not killed.
    """
    rng = random.Random(f"{job.name} {seed}")
    inputs = folder / "inputs"
    prepare(job, inputs)
    whole = fresh(inputs, folder / "run")
    start = time.perf_counter()
    run_whole(job.arguments, whole)
    seconds = time.perf_counter() - start
    expected, done, others, runs = digest(whole, job), 0, 0, 0
    while done < kills:
        room = fresh(inputs, folder / "run")
        ended = False
        while done < kills and not ended:
            ended = ends_within(rng.uniform(0, seconds), job, room)
            done += not ended
        if not ended:
            run_whole(job.arguments, room)
        runs += 1
        others += digest(room, job) != expected
        tell(f"{job.name}: {done} kills, {runs} runs, {others} with other bytes")
    row = {"part": "kills", "command": job.name, "seconds": round(seconds, 1)}
    return row | {"kills": done, "runs": runs, "other_bytes": others}


def ends_within(seconds: float, job: Job, room: Path) -> bool:
    """Start a job, and kill it with all its processes after so many seconds. RETURNS: whether it ended before that."""
    process = subprocess.Popen(
        command(job.arguments, room),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment(),
    )
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
