"""A journal of the results of a long run, with which an interrupted run resumes."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .errors import XnerError
from .files import check_writable
from .redaction import redact_json

# Wraps results to show progress. Arguments: results, number of results of an earlier run, total number.
Progress = Callable[[Iterable[Any], int, int], Iterable[Any]]

FORMAT = 1  # increase when the format of any results changes, so that no run resumes with results in an old format


class Journal:
    """Stores results as JSON lines in a hidden file beside the output file. A context manager.

    Runs with different settings have different journal files, so that none overwrites the results of another. The first
    line has the settings. An incomplete last line, which a killed run can leave, is dropped.

    output (Path): the output file of the run.
    setting (Any): everything that determines the results, as plain JSON: inputs (see `file_sha256`), names, numbers.
    RAISES: XnerError where another run is writing the same output, or the output cannot be written. The output is
        locked until the context ends.

    `done` is the number of stored results, including those of earlier runs.
    """

    def __init__(self, output: Path, setting: Any) -> None:
        header = json.dumps({"format": FORMAT, "setting": redact_json(setting)}, sort_keys=True).encode() + b"\n"
        digest = hashlib.sha256(header).hexdigest()[:12]
        self.path = output.with_name(f".{output.name}.{digest}.part.jsonl")
        self._journal_files = re.compile(rf"\.{re.escape(output.name)}\.([0-9a-f]{{12}}\.part\.jsonl|part\.lock)")
        self.done = 0
        check_writable(output)
        self._lock = FileLock(output.with_name(f".{output.name}.part.lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise XnerError(
                f"{output} is being written by another run: wait until it ends, or choose another output file."
            ) from None
        if not self.path.is_file() or not self._resume(header):
            self.path.write_bytes(header)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *error: object) -> None:
        """Release the lock, so that another run can resume."""
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
        for path in self.path.parent.iterdir():
            if self._journal_files.fullmatch(path.name):
                path.unlink(missing_ok=True)


def differing_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The sorted keys whose values differ between two settings."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
