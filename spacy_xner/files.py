"""Writing of files and folders that appear whole or not at all, checksums, JSON."""

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from .errors import XnerError
from .paths import follow_links, is_special
from .redaction import redact_json

MAX_NAME_BYTES = 220  # most file systems allow 255; temporary files and journals have longer names than their output
DISK_ERRORS = {
    errno.ENOSPC: "Free some space, or choose another disk.",
    errno.EDQUOT: "Free some space, or choose another disk.",
    errno.EFBIG: "Choose a disk that allows larger files.",
    errno.EROFS: "Choose another disk.",
}
"""Errors of the disk that an output is written to, and how to go on."""


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder; move it to `path` when the block ends without an error.

    Create a file or a folder at the temporary path. It replaces an existing file or folder at `path`, and a file keeps
    the permissions of the one that it replaces. If the block raises an error, or the result cannot be written, the
    temporary path is deleted and what was at `path` stays. Content reaches the disk (fsync) before it is moved.

    Where `path` is a link, the file that it leads to is replaced. Where it is a pipe or a device such as /dev/null,
    the content is written to it; it is never replaced.

    RAISES: XnerError where `path` cannot be written, is read-only, or is a folder that a file would replace; and where
        the disk is full.
    """
    path = Path(path)
    if is_special(path):
        with _copied_into(path) as temporary:
            yield temporary
        return
    path = follow_links(path)
    check_writable(path)
    with write_errors(path), tempfile.TemporaryDirectory(prefix=_hidden_prefix(path), dir=path.parent) as workspace:
        temporary = Path(workspace) / path.name
        yield temporary
        if path.is_dir() and not temporary.is_dir():
            raise XnerError(f"{path} is a folder, expected the name of an output file.")
        if path.is_file() and temporary.is_file():
            shutil.copymode(path, temporary)
        _sync(temporary)
        _move(temporary, path, Path(workspace) / "replaced")


@contextmanager
def _copied_into(path: Path) -> Iterator[Path]:
    """Yield a temporary path; copy its content into a pipe or a device when the block ends without an error."""
    if path.exists() and (stat.S_ISBLK(mode := path.stat().st_mode) or stat.S_ISSOCK(mode)):
        raise XnerError(f"{path} is a disk or a socket, expected the name of an output file.")
    with tempfile.TemporaryDirectory() as workspace:
        temporary = Path(workspace) / (path.name or "output")
        yield temporary
        if temporary.is_dir():
            raise XnerError(f"{path} is a pipe or a device, expected the name of a folder to write.")
        with write_errors(path), temporary.open("rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn errors of the disk in the block, such as a full one, into an `XnerError` that names the output."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise XnerError(
            f"{path} cannot be written: {error.strerror or error}. {DISK_ERRORS[error.errno]} What was there before is "
            "unchanged."
        ) from error
    except XnerError:
        raise
    except Exception as error:  # libraries that write by themselves raise errors of their own
        if os.strerror(errno.ENOSPC) not in str(error):
            raise
        raise XnerError(
            f"{path} cannot be written: {os.strerror(errno.ENOSPC)}. {DISK_ERRORS[errno.ENOSPC]} What was there before "
            "is unchanged."
        ) from error


def check_writable(path: str | Path) -> None:
    """Create the parent folder of a path, and check that files can be written there.

    Nothing is checked for a pipe or a device, to which `atomic_path` writes directly.

    RAISES: XnerError where the folder cannot be created or written to, the file is read-only, or its name is too long.
    """
    path = Path(path)
    if is_special(path):
        return
    if (length := len(os.fsencode(path.name))) > MAX_NAME_BYTES:
        raise XnerError(
            f"{path} cannot be written: its name has {length} bytes, expected at most {MAX_NAME_BYTES}. Choose a "
            "shorter one."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        is_read_only = path.exists() and not os.access(path, os.W_OK)
    except OSError as error:
        raise XnerError(
            f"{path} cannot be written: {error.strerror or error}. Expected a path in a writable folder."
        ) from None
    if is_read_only:
        raise XnerError(f"{path} cannot be written: it is read-only. Choose another output, or make it writable.")


@contextmanager
def resumable_folder(path: Path, setting: dict[str, Any]) -> Iterator[Path]:
    """Yield a hidden folder in the same folder; move it to `path` when the block ends without an error.

    The hidden folder has the files of an interrupted run with the same settings, if there was one. Only one process may
    use it at a time. If it cannot be moved, what was at `path` stays.

    setting (dict[str, Any]): everything that determines the result, as plain JSON.
    RAISES: XnerError where `path` cannot be written, and where the disk is full.
    """
    path, setting = follow_links(path), redact_json(setting)
    check_writable(path)
    partial = path.with_name(f".{path.name}.part")
    setting_file = partial / "part.json"
    with write_errors(path):
        if not setting_file.is_file() or read_json(setting_file) != setting:
            remove(partial)
            write_json(setting_file, setting)  # creates the folder
        yield partial
        _sync(partial)
        with tempfile.TemporaryDirectory(prefix=_hidden_prefix(path), dir=path.parent) as workspace:
            _move(partial, path, Path(workspace) / "replaced")
        (path / setting_file.name).unlink()


def _move(new: Path, path: Path, aside: Path) -> None:
    """Move a file or folder to a path. A folder there is moved aside first, and back again if the move fails."""
    if not new.is_dir() or not path.exists():
        os.replace(new, path)
        return
    path.rename(aside)  # a folder cannot be replaced in one step
    try:
        os.replace(new, path)
    except BaseException:
        aside.rename(path)
        raise


def _sync(path: Path) -> None:
    """Write what the system holds in memory of a file, or of all files in a folder, to the disk.

    After a power cut, an output is then either the old one or the new one, but never an empty or a partial file.
    """
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())


def _hidden_prefix(path: Path) -> str:
    """The beginning of a temporary folder's name, short enough for any file name."""
    return f".{os.fsencode(path.name)[:60].decode('utf8', 'ignore')}."


def cache_folder() -> Path:
    """The user's folder for files that can be recomputed: $XNER_CACHE, or the cache folder of the system."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("XNER_CACHE") or user_cache_path("spacy-xner")).expanduser()


def check_output_path(output: Path, *inputs: Path) -> None:
    """Check that an output file overwrites no input. RAISES: XnerError where it is an input, or a folder."""
    if output.is_dir():
        raise XnerError(f"{output} is a folder, expected the name of a file to write.")
    if is_special(output):  # it is written to, and not replaced
        return
    for path in inputs:
        if follow_links(output).resolve() == path.resolve() or (
            output.exists() and path.exists() and output.samefile(path)
        ):
            raise XnerError(f"{output} is also an input and would be lost, expected another name for the output.")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex. RAISES: XnerError for a pipe, whose content can be read only once."""
    if is_special(path):
        raise XnerError(f"{path} is a pipe or a device, whose content can be read only once, expected a file.")
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
        return io.TextIOWrapper(_GzipFile(path.open("wb")), encoding="utf8", newline="\n")
    return path.open("w", encoding="utf8", newline="\n")


class _GzipFile(gzip.GzipFile):
    """A gzip file that closes the file below it, so that an error while its last bytes are written is raised."""

    def __init__(self, below: BinaryIO) -> None:
        super().__init__(filename="", mode="wb", fileobj=below, mtime=0)
        self.below = below

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.below.close()


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
    """Write a JSON file of settings or results atomically, without keys and passwords (see `redact_json`)."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(redact_json(value), indent=2), encoding="utf8")


def remove(path: str | Path) -> None:
    """Delete a file or a folder if it exists."""
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
