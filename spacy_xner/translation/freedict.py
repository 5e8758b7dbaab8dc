"""Reads FreeDict dictionaries (<https://freedict.org>) in the file format of the DICT server.

`NAME.index` has one line for each headword: headword, offset and length, separated by tabs, with numbers in base 64.
`NAME.dict.dz` is a gzip file with the entries; an entry has the headword in its first line, then the translations.
"""

import gzip
import re
import string
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import XnerError

DIGITS = {digit: value for value, digit in enumerate(string.ascii_uppercase + string.ascii_lowercase + "0123456789+/")}
MAX_BYTES = 500_000_000  # unpacked; the largest FreeDict dictionary has some 50 million
INDEX, DATA = ".index", ".dict.dz"
SENSE = re.compile(r"\s*\d+\.\s+(.*)")
# Grammar, usage, pronunciation and references are in brackets of various kinds.
ANNOTATION = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}|//?[^/]*//?")
NO_TRANSLATION = re.compile(r"\s|[\"“]|see:|see also|Synonyms?:|Antonyms?:|Note:", re.IGNORECASE)


def is_freedict(path: Path) -> bool:
    """Whether a path is one of the two files of a FreeDict dictionary."""
    return path.name.endswith((INDEX, DATA))


def freedict_files(path: Path) -> tuple[Path, Path]:
    """The index file and the data file. RAISES: XnerError where one of them is missing."""
    base = path.name.removesuffix(INDEX).removesuffix(DATA)
    files = path.with_name(base + INDEX), path.with_name(base + DATA)
    for file in files:
        if not file.is_file():
            raise XnerError(
                f"There is no {file}: a FreeDict dictionary is a pair of files, NAME{INDEX} and NAME{DATA}."
            )
    return files


def read_freedict(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each headword with its entry (see `translations_of`), in the order of the index.

    path (Path): one of the two files.
    RAISES: XnerError where they are missing or damaged.
    """
    index, data_file = freedict_files(path)
    try:
        with gzip.open(data_file, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise XnerError(f"{data_file} cannot be read: {error}. Expected a gzipped file.") from None
    if len(data) > MAX_BYTES:
        raise XnerError(f"{data_file} unpacks to more than {MAX_BYTES:,} bytes, expected a dictionary.")
    try:
        lines = index.read_text(encoding="utf8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise XnerError(f"{index} cannot be read: {error}. Expected UTF-8 text.") from None
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("00"):
            continue
        cells = line.split("\t")
        try:
            headword, (offset, length) = cells[0], (decode_number(cell) for cell in cells[1:3])
            entry = data[offset : offset + length].decode()
        except (KeyError, ValueError):
            raise XnerError(
                f"{index}:{number}: found {line[:80]!r}, expected a headword, an offset and a length of text in "
                f"{data_file.name}, separated by tabs, with numbers in base 64."
            ) from None
        if offset + length > len(data):
            raise XnerError(
                f"{index}:{number}: the entry ends at byte {offset + length:,}, but {data_file.name} has "
                f"{len(data):,}. Get both files from the same edition."
            )
        yield headword, entry


def decode_number(digits: str) -> int:
    """Decode a number in base 64, most significant digit first."""
    value = 0
    for digit in digits:
        value = 64 * value + DIGITS[digit]
    return value


def translations_of(entry: str) -> list[str]:
    """The translations in an entry: those of its numbered senses, or if there are none, of its first line.

    Lines with examples, definitions and references are skipped, and so is the headword's line.
    """
    lines = entry.split("\n")[1:]
    senses = [match[1] for line in lines if (match := SENSE.fullmatch(line))]
    if not senses:
        senses = [line for line in lines if line and not NO_TRANSLATION.match(line)][:1]
    found: dict[str, None] = {}
    for sense in senses:
        for part in re.split(r"[,;،؛；、]", ANNOTATION.sub(" ", sense)):
            translation = " ".join(part.split()).strip(" .…:!?\"'“”")
            if translation and not translation.startswith("-") and not SENSE.match(f"{translation} "):
                found[re.sub(r"\s\d+$", "", translation)] = None  # "huone 2": the number of another sense
    return list(found)
