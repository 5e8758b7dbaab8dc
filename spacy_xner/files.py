"""Files and folders that appear whole or not at all."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from .errors import XnerError


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place when the block ends without an error.

    Works for a file and for a folder (create either at the yielded path). An existing folder at `path` is replaced,
    whatever was written is removed when the block raises.
    """
    path = Path(path)
    check_writable(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as room:
        temporary = Path(room) / path.name
        yield temporary
        if path.is_dir() and not temporary.is_dir():
            raise XnerError(f"{path} is a folder, expected the name of a file to write.")
        if temporary.is_dir() and path.is_dir():
            # A folder cannot be replaced in one step: set the old one aside, so that it goes with the room.
            path.rename(Path(room) / "replaced")
        os.replace(temporary, path)


def check_writable(path: str | Path) -> None:
    """Make the folder that a file is to be in. RAISES: XnerError where that, or to write there, is not possible."""
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise XnerError(
            f"{path} cannot be written: {error.strerror or error}. Expected a place in a folder that can be written to."
        ) from None


@contextmanager
def resumable_folder(path: Path, setting: dict[str, Any]) -> Iterator[Path]:
    """Yield a hidden folder beside `path`, which moves into its place when the block ends without an error.

    It holds what a stopped run of the same setting has left, if there was one. For one process at a time.

    setting (dict[str, Any]): what determines the result, as plain JSON.
    """
    room = path.with_name(f".{path.name}.part")
    stamp = room / "part.json"
    if not stamp.is_file() or read_json(stamp) != setting:
        remove(room)
        write_json(stamp, setting)  # makes the folder
    yield room
    remove(path)
    room.rename(path)
    (path / stamp.name).unlink()


def cache_folder() -> Path:
    """Where the user keeps what can be made again: $XNER_CACHE, or the system's folder for it."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("XNER_CACHE") or user_cache_path("spacy-xner")).expanduser()


def check_apart(output: Path, *inputs: Path) -> None:
    """RAISES: XnerError where a file to write is a folder, or one of the inputs, which would be lost."""
    if output.is_dir():
        raise XnerError(f"{output} is a folder, expected the name of a file to write.")
    if output.resolve() in [path.resolve() for path in inputs]:
        raise XnerError(f"{output} is also an input and would be lost, expected another name for the output.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path) -> str:
    """SHA-256 of the names and contents of all files in a folder and below, in hex; hidden ones are left out."""
    paths = visible(sorted(path for path in folder.rglob("*") if path.is_file()), folder)
    names = [path.relative_to(folder).as_posix() for path in paths]
    return hashlib.sha256(repr([names, [file_sha256(path) for path in paths]]).encode()).hexdigest()


Stamps = tuple[tuple[str, int, int], ...]


def stamps_of(paths: Iterable[Path]) -> Stamps:
    """Name, time and size of files: the same as long as they have not changed."""
    stats = ((str(path), path.stat()) for path in paths)
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def visible(paths: Iterable[Path], folder: Path) -> list[Path]:
    """The paths below a folder of which no part is hidden, as what a run that was killed leaves is."""
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def open_text(path: Path) -> TextIO:
    """Open a text file for writing, gzipped where its name says so; the same text gives the same bytes."""
    if path.suffix == ".gz":  # without name and time in the header
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=path.open("wb"), mtime=0)
        return io.TextIOWrapper(packed, encoding="utf8", newline="\n")
    return path.open("w", encoding="utf8", newline="\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file. RAISES: XnerError for one that is damaged, or is something else."""
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: cannot be read ({error}), expected JSON. Remove it to make it again.") from error
    if not isinstance(found, dict):
        raise XnerError(f"{path}: found a {type(found).__name__}, expected an object. Remove it to make it again.")
    return found


def write_json(path: Path, value: Any) -> None:
    """Write JSON that appears whole, for `read_json`."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2), encoding="utf8")


def remove(path: str | Path) -> None:
    """Remove a file or a folder if it is there."""
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
