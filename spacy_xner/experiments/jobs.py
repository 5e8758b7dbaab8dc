"""Several processes on this machine that share the runs of a study (`claims`)."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..encoders.threads import count_threads
from ..errors import XnerError
from ..pipelines import use_gpu
from .labelled_text import Log
from .plan_file import read_study
from .run import chosen_runs
from .run_training import TRAINING
from .runner import Runner

POLL = 0.2  # seconds
PATIENCE = 10.0  # seconds that an interrupted job has to end by itself
LEFT = 5.0  # seconds to read what a job has printed last
COLOURS = re.compile(r"\x1b\[[\d;]*m")  # of spaCy's messages
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Job:
    """A process that trains and scores runs. It begins no further run when its standard input ends: when it is told to
    stop, and when this process has died.

    number (int): from 1.
    log (Log): receives its output, line by line.
    """

    def __init__(self, number: int, command: Sequence[str], n_threads: int, log: Log) -> None:
        self.number, self.log = number, log
        self.training = self.last_line = ""
        self.process = subprocess.Popen(
            command,
            env=job_environment(n_threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf8",
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches this process alone, which interrupts each job once
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            if line := COLOURS.sub("", line).rstrip():
                self.last_line = line
                if line.startswith(TRAINING):
                    self.training = line.removeprefix(TRAINING)
                self.log(f"[{self.number}] {line}")

    def stop(self) -> None:
        """Let it end what it has begun."""
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()

    def interrupt(self) -> None:
        """As Ctrl-C."""
        with suppress(OSError):
            if os.name == "posix":
                self.process.send_signal(signal.SIGINT)
            else:
                self.process.terminate()

    @property
    def has_failed(self) -> bool:
        return bool(self.process.poll())

    @property
    def failure(self) -> str:
        """What has failed, for a message."""
        status = self.process.returncode
        where = f" at {self.training}" if self.training else ""
        if status < 0:
            name = signal.Signals(-status).name
            reason = ", perhaps because memory was full" if name == "SIGKILL" else ""
            return f"job {self.number} was ended by the signal {name}{reason}{where}"
        return f"job {self.number} failed{where}: {self.last_line or f'exit status {status}'}"


def run_jobs(n_jobs: int, file: Path, overrides: Mapping[str, Any], arms: Sequence[str], log: Log) -> None:
    """Train and score the runs of a study in several processes, which share the threads of this one. Waits for all.

    When this process is interrupted, so are they.

    file (Path), overrides (Mapping[str, Any]): as `read_study`.
    arms (Sequence[str]): names of arms.
    log (Log): receives their output, each line with the number of the job before it.
    RAISES: XnerError if a job fails, after the others have ended the runs that they had begun.
    """
    options = json.dumps({"overrides": dict(overrides), "arms": list(arms)})
    command = [sys.executable, "-m", __name__, str(file), options]
    n_threads = max(1, count_threads() // n_jobs)
    jobs: list[Job] = []
    with _signals_raised():
        try:
            jobs += [Job(number + 1, command, n_threads, log) for number in range(n_jobs)]
            while any(job.process.poll() is None for job in jobs):
                if any(job.has_failed for job in jobs):
                    for job in jobs:
                        job.stop()
                time.sleep(POLL)
        finally:
            _end(jobs)
    if failures := [job.failure for job in jobs if job.has_failed]:
        raise XnerError(
            f"{'; '.join(failures)}. Finished runs have their records: run the same command again for the others."
        )


def _end(jobs: Sequence[Job]) -> None:
    """Interrupt jobs that run, kill those that do not end, and read what they have printed."""
    for job in jobs:
        if job.process.poll() is None:
            job.interrupt()
    deadline = time.monotonic() + PATIENCE
    for job in jobs:
        try:
            job.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            job.process.kill()
            job.process.wait()
        job.reader.join(LEFT)
        job.stop()


@contextmanager
def _signals_raised() -> Iterator[None]:
    """In the block, signals that would end this process at once raise SystemExit, so that jobs do not outlive it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    before = {each: signal.signal(each, leave) for each in ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def job_environment(n_threads: int) -> dict[str, str]:
    """The environment of a job: its number of threads (torch and numpy read it when they are imported), and output that
    is not kept back."""
    return os.environ | {
        "OMP_NUM_THREADS": str(n_threads),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf8",
        "ANSI_COLORS_DISABLED": "1",  # of wasabi, which prints for spaCy
    }


def main(file: str, options: str) -> int:
    """A job: train and score runs until all have records, or standard input ends. RETURNS: the exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts it in the background ignores it
    ended = threading.Event()

    def wait_for_end() -> None:
        while os.read(0, 1):  # not `sys.stdin`, whose lock would keep the interpreter from ending
            pass
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    given = json.loads(options)
    use_gpu(-1)
    try:
        plan = read_study(Path(file), given["overrides"])
        for _ in Runner(plan).all_records(chosen_runs(plan, plan.chosen(given["arms"])), ended.is_set):
            pass
    except XnerError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
