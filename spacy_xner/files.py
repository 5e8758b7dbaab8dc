"""Atomic writing, checksums and other helpers for files and folders."""

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
    """Yield a temporary path in the same folder; move it to `path` when the block ends without an error.

    Create a file or a folder at the temporary path. It replaces an existing file or folder at `path`. If the block
    raises an error, it is deleted.

    RAISES: XnerError where `path` cannot be written, or is a folder that a file would replace.
    """
    path = Path(path)
    check_writable(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as workspace:
        temporary = Path(workspace) / path.name
        yield temporary
        if path.is_dir() and not temporary.is_dir():
            raise XnerError(f"{path} is a folder, expected the name of an output file.")
        if temporary.is_dir() and path.is_dir():
            # A folder cannot be replaced in one step: move the old one into the workspace, which is deleted.
            path.rename(Path(workspace) / "replaced")
        os.replace(temporary, path)


def check_writable(path: str | Path) -> None:
    """Create the parent folder of a path. RAISES: XnerError where it cannot be created or written to."""
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise XnerError(
            f"{path} cannot be written: {error.strerror or error}. Expected a path in a writable folder."
        ) from None


@contextmanager
def resumable_folder(path: Path, setting: dict[str, Any]) -> Iterator[Path]:
    """Yield a hidden folder in the same folder; move it to `path` when the block ends without an error.

    The hidden folder has the files of an interrupted run with the same settings, if there was one. Only one process may
    use it at a time.

    setting (dict[str, Any]): everything that determines the result, as plain JSON.
    """
    partial = path.with_name(f".{path.name}.part")
    setting_file = partial / "part.json"
    if not setting_file.is_file() or read_json(setting_file) != setting:
        remove(partial)
        write_json(setting_file, setting)  # creates the folder
    yield partial
    remove(path)
    partial.rename(path)
    (path / setting_file.name).unlink()


def cache_folder() -> Path:
    """The user's folder for files that can be recomputed: $XNER_CACHE, or the cache folder of the system."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("XNER_CACHE") or user_cache_path("spacy-xner")).expanduser()


def check_output_path(output: Path, *inputs: Path) -> None:
    """Check that an output file overwrites no input. RAISES: XnerError where it is an input, or a folder."""
    if output.is_dir():
        raise XnerError(f"{output} is a folder, expected the name of a file to write.")
    if output.resolve() in [path.resolve() for path in inputs]:
        raise XnerError(f"{output} is also an input and would be lost, expected another name for the output.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path) -> str:
    """SHA-256 of the names and contents of all files in a folder, recursively, in hex. Hidden files are skipped."""
    paths = without_hidden(sorted(path for path in folder.rglob("*") if path.is_file()), folder)
    names = [path.relative_to(folder).as_posix() for path in paths]
    return hashlib.sha256(repr([names, [file_sha256(path) for path in paths]]).encode()).hexdigest()


Stamps = tuple[tuple[str, int, int], ...]


def file_stamps(paths: Iterable[Path]) -> Stamps:
    """Name, modification time (ns) and size (bytes) of files, which show whether a file has changed."""
    stats = ((str(path), path.stat()) for path in paths)
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def without_hidden(paths: Iterable[Path], folder: Path) -> list[Path]:
    """The paths that have no hidden part below a folder; killed runs leave hidden files and folders."""
    return [path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def open_text(path: Path) -> TextIO:
    """Open a text file for writing, gzipped if its name ends in `.gz`. The same text gives the same bytes."""
    if path.suffix == ".gz":  # the header gets neither name nor time
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=path.open("wb"), mtime=0)
        return io.TextIOWrapper(packed, encoding="utf8", newline="\n")
    return path.open("w", encoding="utf8", newline="\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object. RAISES: XnerError where the file cannot be read, is damaged or has no JSON object."""
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: cannot be read ({error}), expected JSON. Delete it to recompute it.") from error
    if not isinstance(found, dict):
        raise XnerError(f"{path}: found a {type(found).__name__}, expected an object. Delete it to recompute it.")
    return found


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2), encoding="utf8")


def remove(path: str | Path) -> None:
    """Delete a file or a folder if it exists."""
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
