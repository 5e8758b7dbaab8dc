"""Standard input and output in place of files."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import XnerError
from .console import STREAM
from .usage import UsageError


@contextmanager
def input_file(path: Path) -> Iterator[Path]:
    """Yield the path; for `-`, a temporary file with the content of standard input.

    Error messages name the temporary file `<stdin>`.
    """
    if path != STREAM:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            yield copy
        except UsageError:
            raise
        except XnerError as error:
            raise XnerError(str(error).replace(str(copy), "<stdin>")) from error


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield the path; for `-`, a temporary file, which is copied to standard output if the block raises no error."""
    if path != STREAM:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "stdout"
        yield copy
        sys.stdout.flush()
        with copy.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
