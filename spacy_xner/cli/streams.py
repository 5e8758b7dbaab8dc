"""Standard input and output, pipes and other special files in place of files.

Commands read their inputs several times (to check them before hours of work, to hash them), write outputs through
temporary files beside them, and keep journals there. So a pipe is copied into a temporary file first, and an output
that is a pipe or a device gets its content at the end.
"""

import os
import shutil
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from ..errors import XnerError
from ..files import atomic_path
from ..paths import is_special
from .console import STREAM, shown_as
from .usage import UsageError

GZIP_MAGIC = b"\x1f\x8b"
STDIN = {Path("/dev/stdin"), Path("/dev/fd/0"), Path("/proc/self/fd/0")}
STDOUT = {Path("/dev/stdout"), Path("/dev/fd/1"), Path("/proc/self/fd/1")}
UNENDING = "a device without an end"


@contextmanager
def input_file(path: Path) -> Iterator[Path]:
    """Yield the path; for `-`, a pipe or a device, a temporary file with its content, read once and whole.

    The temporary file has the name of the pipe, and the ending .gz if its content is gzipped. Messages show the path
    that the user gave, `<stdin>` for standard input.

    RAISES: XnerError for a path that cannot be read, a disk, and a device that never ends.
    """
    if path != STREAM and not is_special(path):
        yield path
        return
    shown = "<stdin>" if path == STREAM or path in STDIN else str(path)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / ("stdin" if shown == "<stdin>" else path.name)
        try:
            with _open_input(path) as source, copy.open("wb") as file:
                shutil.copyfileobj(source, file)
        except OSError as error:
            raise XnerError(f"{shown} cannot be read: {error.strerror or error}.") from error
        with copy.open("rb") as file:
            is_gzipped = file.read(2) == GZIP_MAGIC
        if is_gzipped and copy.suffix != ".gz":
            copy = copy.rename(f"{copy}.gz")
        with shown_as(copy, shown), _named(copy, shown):
            yield copy


@contextmanager
def _open_input(path: Path) -> Iterator[BinaryIO]:
    if path == STREAM or path in STDIN:
        if sys.stdin is None:
            raise XnerError("Standard input is closed, expected data there.")
        yield sys.stdin.buffer
        return
    mode = path.stat().st_mode
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise XnerError(f"{path} is a disk or a socket, expected a file or a pipe.")
    with path.open("rb") as file:
        if stat.S_ISCHR(mode) and not file.isatty() and path.resolve() != Path(os.devnull):
            raise XnerError(f"{path} is {UNENDING}, expected a file or a pipe.")
        yield file


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield the path; for `-`, a pipe or a device, a temporary file, which is copied there at the end of the block.

    After an error, nothing is copied.
    Nothing is ever moved onto a pipe or a device. Messages show the path that the user gave.
    """
    if path != STREAM and not is_special(path):
        yield path
        return
    with TemporaryDirectory() as folder:
        is_stdout = path == STREAM or path in STDOUT
        copy = Path(folder) / ("stdout" if is_stdout else path.name)
        shown = "<stdout>" if is_stdout else str(path)
        with shown_as(copy, shown), _named(copy, shown):
            yield copy
        if copy.is_dir():
            raise XnerError(f"{shown} is a pipe or a device, but the output is a folder: expected the name of one.")
        if is_stdout:
            sys.stdout.flush()
            with copy.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with atomic_path(path) as temporary:  # writes into special files, and explains errors
                shutil.copyfile(copy, temporary)


def standard_stream(path: Any) -> Any:
    """`-` for a path such as /dev/stdin or /dev/stdout; any other value as it is."""
    return STREAM if isinstance(path, Path) and path in STDIN | STDOUT else path


@contextmanager
def special_files(parameters: dict[str, Any], outputs: Collection[str]) -> Iterator[None]:
    """In the block, put temporary files in the place of pipes and devices among a command's parameters.

    parameters (dict[str, Any]): values by name; paths, and tuples or lists of them, are replaced.
    outputs (Collection[str]): names of parameters that are written.
    """
    with ExitStack() as stack:
        copies: dict[Path, Path] = {}  # an input that is named twice is read once

        def replace(name: str, value: Any) -> Any:
            if isinstance(value, list | tuple):
                return type(value)(replace(name, each) for each in value)
            if not isinstance(value, Path) or value == STREAM or not is_special(value):
                return value
            if name in outputs:
                return stack.enter_context(output_file(value))
            if value not in copies:
                copies[value] = stack.enter_context(input_file(value))
            return copies[value]

        parameters.update({name: replace(name, value) for name, value in parameters.items()})
        yield


@contextmanager
def _named(copy: Path, shown: str) -> Iterator[None]:
    """Errors in the block name the path that the user gave, not the temporary one."""
    try:
        yield
    except UsageError as error:
        if str(copy) not in str(error):
            raise
        named = UsageError(str(error).replace(str(copy), shown))
        named.command = error.command
        raise named from error
    except XnerError as error:
        raise XnerError(str(error).replace(str(copy), shown)) from error
