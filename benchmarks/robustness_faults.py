"""A full disk, a folder that cannot be written and a clock set back, for robustness.py."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from robustness_jobs import Job, command, digest, environment, fresh, list_jobs, prepare, run_whole

LIMITS = (0, 1, 100, 1_000, 4_000, 16_000)  # bytes that a file can have
# A superuser writes where the modes forbid it, unless this capability is gone (setpriv is part of util-linux).
AS_OTHERS = ("setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override")

# Runs `spacy_xner` with a limit on the size of files: a write beyond it fails, as on a full disk. Or with a clock that
# jumps back by a day at each tenth look.
WRAPPER = """
import itertools, resource, signal, sys, time
what, value, sys.argv[1:] = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
from spacy_xner.cli import app
if what == "size":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (value, value))
else:
    looks, now, now_ns = itertools.count(1), time.time, time.time_ns
    time.time = lambda: now() - value * (next(looks) // 10)
    time.time_ns = lambda: now_ns() - value * 10**9 * (next(looks) // 10)
app(prog_name="xner")
"""


def run_wrapped(what: str, value: int, job: Job, room: Path) -> subprocess.CompletedProcess[str]:
    """Run a job in the `WRAPPER`."""
    arguments = command(job.arguments, room)[3:]
    return subprocess.run(
        [sys.executable, "-c", WRAPPER, what, str(value), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )


def try_faults(pipeline: str, folder: Path, tell: Callable[[str], None] = print) -> list[dict[str, Any]]:
    """RETURNS: a row for each job and fault: `tries`, and how many went `wrong`: a traceback, a file in part, an old
    file that is gone, or other bytes after the fault was over.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda job: try_job(job, folder / job.name, tell), list_jobs(pipeline))
        return [row for rows in found for row in rows]


def try_job(job: Job, folder: Path, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """The rows of one job."""
    inputs, place, rows = folder / "inputs", folder / "run", []
    prepare(job, inputs)
    room = fresh(inputs, place)
    run_whole(job.arguments, room)
    expected = digest(room, job)
    for fault, attempt in FAULTS.items():
        tries, wrong = attempt(job, inputs, place, expected)
        rows.append({"part": "faults", "command": job.name, "fault": fault, "tries": tries, "wrong": wrong})
        tell(f"{job.name}, {fault}: {len(wrong)} of {tries} went wrong {' '.join(wrong)[:500]}")
    return rows


def complaint(done: subprocess.CompletedProcess[str], what: str) -> list[str]:
    """What is wrong with the end of a command that had to fail: a success, or a traceback."""
    if done.returncode == 1 and "Traceback" not in done.stderr:
        return []
    return [f"{what}: exit status {done.returncode}, {(done.stderr.strip().splitlines() or [''])[-1]}"]


def fill_disk(job: Job, inputs: Path, place: Path, expected: str) -> tuple[int, list[str]]:
    """Runs with files of limited size; then the same run without a limit."""
    wrong = []
    for limit in LIMITS:
        room = fresh(inputs, place)
        done = run_wrapped("size", limit, job, room)
        if done.returncode:
            wrong += complaint(done, f"{limit} bytes")
            partial = [name for name in job.results if (room / name).is_file()]
            wrong += [f"{limit} bytes: {name} is there" for name in partial]
            run_whole(job.arguments, room)
        if digest(room, job) != expected:
            wrong.append(f"{limit} bytes: other bytes afterwards")
    return len(LIMITS), wrong


def lock_folder(job: Job, inputs: Path, place: Path, expected: str) -> tuple[int, list[str]]:
    """A run by a user who may not write in the folder."""
    room = fresh(inputs, place)
    run_whole(job.arguments, room)
    paths = [room, *room.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    arguments = [*(AS_OTHERS if os.geteuid() == 0 else ()), *command(job.arguments, room)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=environment())
    for path, mode in modes.items():
        path.chmod(mode)
    wrong = complaint(done, "unwritable")
    if digest(room, job) != expected:
        wrong.append("the old files have changed")
    return 1, wrong


def turn_clock(job: Job, inputs: Path, place: Path, expected: str) -> tuple[int, list[str]]:
    """A run whose clock goes back by a day again and again."""
    room = fresh(inputs, place)
    done = run_wrapped("clock", 86_400, job, room)
    wrong = [] if done.returncode == 0 else [f"exit status {done.returncode}, {done.stderr[-300:]}"]
    return 1, wrong if wrong or digest(room, job) == expected else ["other bytes"]


FAULTS = {"disk full": fill_disk, "unwritable folder": lock_folder, "clock set back": turn_clock}
