"""Reads the lines of plain or gzipped text files, with line numbers."""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from .errors import XnerError


def words_of_line(line: str) -> list[str]:
    """Split a tokenized line at spaces and tabs. Other white space can be part of a word."""
    return [word for word in re.split("[ \t]+", line) if word]


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, line without its line break). Lines end with LF or CR LF only.

    A byte order mark at the beginning is dropped.

    RAISES: XnerError where the file is missing, is not UTF-8 or is a damaged gzip file.
    """
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                yield number, line.removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise XnerError(
            f"{path}:{number}: found the byte 0x{error.object[error.start]:02x} at position {error.start}, which is "
            f"not UTF-8. Convert the file to UTF-8 first."
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise XnerError(f"{path}:{number + 1}: not a valid gzip file ({error}). Download or gzip it again.") from None
    except OSError as error:
        raise XnerError(f"{path}: cannot be read: {error.strerror or error}. Expected a text file.") from None
