"""A journal of the results of a long run, with which an interrupted run resumes."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from . import __version__
from .errors import XnerError
from .files import check_writable
from .redaction import redact_json

logger = logging.getLogger("spacy_xner")

# Wraps results to show progress. Arguments: results, number of results of an earlier run, total number.
Progress = Callable[[Iterable[Any], int, int], Iterable[Any]]

FORMAT = 2  # increase when the format of any results changes, so that no run resumes with results in an old format


class Journal:
    """Stores results as JSON lines in a hidden file beside the output file. A context manager.

    Runs with different settings have different journal files, so that none overwrites the results of another. The first
    line has the settings, and the version of spacy-xner: a run does not resume with results of another version. Where a
    run cannot resume an interrupted one because something differs, a log message says what. An incomplete last line,
    which a killed run can leave, is dropped.

    output (Path): the output file of the run.
    setting (Mapping[str, Any]): everything that determines the results, as plain JSON: hashes of inputs as they were
        read (tokens, where results have token offsets), names, numbers, and the revision of the algorithm.
    RAISES: XnerError where another run is writing the same output, or the output cannot be written. The output is
        locked until the context ends.

    `done` is the number of stored results, including those of earlier runs.
    """

    def __init__(self, output: Path, setting: Mapping[str, Any]) -> None:
        content = {"format": FORMAT, "spacy-xner": __version__, "setting": redact_json(setting)}
        header = json.dumps(content, sort_keys=True).encode() + b"\n"
        digest = hashlib.sha256(header).hexdigest()[:12]
        self.path = output.with_name(f".{output.name}.{digest}.part.jsonl")
        self._output = output
        self._journal_files = re.compile(rf"\.{re.escape(output.name)}\.[0-9a-f]{{12}}\.part\.jsonl")
        self.done = 0
        check_writable(output)
        self._lock = lock_output(output)
        try:
            if not self.path.is_file() or not self._resume(header):
                self.path.write_bytes(header)
            if not self.done:
                self._report_others(json.loads(header))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *error: object) -> None:
        """Release the lock, so that another run can resume."""
        with suppress(OSError):  # Windows deletes no open file; the empty file does no harm
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()

    def _resume(self, header: bytes) -> bool:
        """Count the results of an earlier run. RETURNS: whether it had the same settings."""
        with self.path.open("r+b") as file:
            if file.readline() != header:
                return False
            end = file.tell()
            for line in file:
                if not line.endswith(b"\n"):
                    break
                end += len(line)
                self.done += 1
            file.truncate(end)
        return True

    def _report_others(self, header: dict[str, Any]) -> None:
        """Log that interrupted runs of this output are not resumed, and what differs."""
        for path in self._find_journals():
            with path.open("rb") as file:
                first, second = file.readline(), file.readline()
            if path != self.path and second.endswith(b"\n"):
                try:
                    differing = ", ".join(differing_keys(flatten(header), flatten(json.loads(first))))
                except (ValueError, AttributeError):
                    differing = "its format"
                logger.warning(
                    "%s: an interrupted run is not resumed, because something is different now: %s. This run starts "
                    "anew. The interrupted one resumes if you run it again with what it had.",
                    self._output,
                    differing,
                )

    def _find_journals(self) -> list[Path]:
        return [path for path in sorted(self.path.parent.iterdir()) if self._journal_files.fullmatch(path.name)]

    def add(self, results: Iterable[Any]) -> Iterator[Any]:
        """Write each result to the file, then yield it."""
        with self.path.open("ab") as file:
            for result in results:
                file.write(json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                file.flush()
                self.done += 1
                yield result

    def __iter__(self) -> Iterator[Any]:
        """Yield all stored results, in order."""
        with self.path.open("rb") as file:
            file.readline()
            for line in file:
                yield json.loads(line.decode("utf-8", "surrogatepass"))

    def remove(self) -> None:
        """Delete the journals of this output, also those with other settings. Call it when the output is complete."""
        for path in self._find_journals():
            path.unlink(missing_ok=True)


def lock_output(output: Path) -> FileLock:
    """Lock an output file. RAISES: XnerError where another run has locked it.

    Each run deletes its lock file before it releases it. A run that has opened that very file would then hold a lock
    that nobody else sees; so a lock counts only if its file is still in place. While a file is open, no other one gets
    its inode.
    """
    path = output.with_name(f".{output.name}.part.lock")
    while True:
        path.touch()
        before = inode_of(path)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise XnerError(
                f"{output} is being written by another run: wait until it ends, or choose another output file."
            ) from None
        if before is not None and before == inode_of(path):
            return lock
        lock.release()


def inode_of(path: Path) -> int | None:
    """The number of the file at a path; None where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def flatten(header: Mapping[str, Any]) -> dict[str, Any]:
    """The header of a journal without its inner `setting`: one mapping of everything that can differ."""
    setting = header.get("setting")
    return {**header, **(setting if isinstance(setting, dict) else {}), "setting": None}


def differing_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The sorted keys whose values differ between two settings."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
