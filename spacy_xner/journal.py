"""What a long run has done so far: a stopped run leaves it, and the next one goes on from there."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .errors import XnerError
from .files import check_writable

# Shows results as they come: gets them, how many there were from an earlier run, and the number of all.
Progress = Callable[[Iterable[Any], int, int], Iterable[Any]]

FORMAT = 1  # one more where the results of any run get another shape, so that none goes on with those of before


class Journal:
    """Results, one JSON line each, in a hidden file beside the output that they are for.

    Runs of several settings leave a file each, so that none loses what another did. The first line says what the run
    is of. A line that a killed run left half-written is dropped.

    output (Path): the file that the run makes.
    setting (Any): what determines the results, as plain JSON: inputs (see `file_sha256`), names, numbers.
    RAISES: XnerError where another run is making the same output now, or it cannot be written. Use it as a context,
        which ends that.

    `done` is the number of results; it counts from the start, also those of earlier runs.
    """

    def __init__(self, output: Path, setting: Any) -> None:
        header = json.dumps({"format": FORMAT, "setting": setting}, sort_keys=True).encode() + b"\n"
        digest = hashlib.sha256(header).hexdigest()[:12]
        self.path = output.with_name(f".{output.name}.{digest}.part.jsonl")
        self._all = re.compile(rf"\.{re.escape(output.name)}\.([0-9a-f]{{12}}\.part\.jsonl|part\.lock)")
        self.done = 0
        check_writable(output)
        self._lock = FileLock(output.with_name(f".{output.name}.part.lock"))
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise XnerError(
                f"{output} is being written by another run: wait for it, or choose another name for the output."
            ) from None
        if not self.path.is_file() or not self._resume(header):
            self.path.write_bytes(header)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *error: object) -> None:
        """Others may go on with it."""
        self._lock.release()

    def _resume(self, header: bytes) -> bool:
        """Count the results of an earlier run. RETURNS: whether it was of the same setting."""
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
        """Write results as they come, and yield each when it is safe."""
        with self.path.open("ab") as file:
            for result in results:
                file.write(json.dumps(result, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                file.flush()
                self.done += 1
                yield result

    def __iter__(self) -> Iterator[Any]:
        """All results so far, in order."""
        with self.path.open("rb") as file:
            file.readline()
            for line in file:
                yield json.loads(line.decode("utf-8", "surrogatepass"))

    def remove(self) -> None:
        """The output is there: the journal is of no more use, nor are those of other settings."""
        for path in self.path.parent.iterdir():
            if self._all.fullmatch(path.name):
                path.unlink(missing_ok=True)


def differing_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The keys, sorted, whose values are not the same in two settings."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
