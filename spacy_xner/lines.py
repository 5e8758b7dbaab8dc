"""Reads the lines of text files, plain or compressed, with line numbers; finds out their encoding."""

import bz2
import codecs
import gzip
import io
import itertools
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from .errors import XnerError

# Called with what was changed in the plural, the file, the line and (optionally) how often.
Note = Callable[..., None]

OPENERS: dict[str, Callable[..., object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# Compressed files that the standard library does not read as text, and the command that unpacks them.
UNPACK = {".zst": "zstd -d {0}", ".zip": "unzip {0}", ".7z": "7z x {0}", ".rar": "unrar x {0}", ".lz4": "lz4 -d {0}"}
# The first bytes (regular expressions) of files that are no text.
MAGIC = {
    rb"\x1f\x8b": "gzip (.gz)",
    rb"BZh[1-9]1AY&SY": "bzip2 (.bz2)",
    rb"\xfd7zXZ\x00": "xz (.xz)",
    rb"\x28\xb5\x2f\xfd": "Zstandard (.zst)",
    rb"PK\x03\x04": "zip (.zip, .docx, .xlsx)",
    rb"%PDF-": "PDF",
    b"PAR1": "Parquet",
}
# The longest first: the mark of UTF-16 is the beginning of that of UTF-32.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
BOM = "\ufeff"
GUESSED_FROM = 1 << 18  # bytes
ALONE = 0.9  # least share of characters that are not ASCII and stand alone, in European languages
NO_GUESSES = ("ascii", "utf_8")  # of the sample: what is not UTF-8 comes later in the file


def words_of_line(line: str) -> list[str]:
    """Split a tokenized line at spaces and tabs. Other white space can be part of a word."""
    return [word for word in re.split("[ \t]+", line) if word]


def without_compression(path: Path) -> str:
    """A file's name without `.gz`, `.bz2` or `.xz`."""
    return path.stem if path.suffix in OPENERS else path.name


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, uncompressed where its name ends in `.gz`, `.bz2` or `.xz`."""
    return cast("IO[bytes]", OPENERS[path.suffix](path, "rb") if path.suffix in OPENERS else path.open("rb"))


def read_lines(path: Path, encoding: str | None = None, note: Note | None = None) -> Iterator[tuple[int, str]]:
    """Yield (1-based number, line without its line break). Lines end with LF or CR LF; in a file without LF, with CR.

    UTF-16 and UTF-32 are recognised by their byte order mark. Byte order marks at the beginning of a line are dropped:
    files that were joined have some inside.

    path (Path): the file, plain or compressed (`.gz`, `.bz2`, `.xz`).
    encoding (str | None): the encoding; None: UTF-8, or what the byte order mark says.
        A byte order mark of another encoding is an error.
    note (Note | None): receives what was changed.
    RAISES: XnerError where the file is missing, has another encoding, has NUL characters, or is no text file.
    """
    number = 0
    try:
        for number, line in _split(path, encoding, note):
            if "\0" in line:
                raise XnerError(_explain_nul(path, number))
            yield number, line
    except UnicodeDecodeError as error:
        raise XnerError(_explain_encoding(path, number, error)) from None
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        kind = {".xz": "xz", ".bz2": "bzip2"}.get(path.suffix, "gzip")
        raise XnerError(
            f"{path}:{number + 1}: not a valid {kind} file ({error}). Download or compress it again."
        ) from None
    except OSError as error:
        if path.suffix == ".bz2" and error.errno is None:  # the standard library has no class for damaged bzip2
            raise XnerError(
                f"{path}:{number + 1}: not a valid bzip2 file ({error}). Download or compress it again."
            ) from None
        raise XnerError(f"{path}: cannot be read: {error.strerror or error}. Expected a text file.") from None


class Lines:
    """The lines of a text file that is read more than once. A pipe's are kept in memory.

    path (Path), encoding (str | None): as in `read_lines`.
    """

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path, self.encoding = path, encoding
        self._kept = None if path.is_file() or not path.exists() else list(read_lines(path, encoding))

    def read(self, note: Note | None = None) -> Iterator[tuple[int, str]]:
        """As `read_lines`, from the beginning."""
        return iter(self._kept) if self._kept is not None else read_lines(self.path, self.encoding, note)


def _split(path: Path, encoding: str | None, note: Note | None) -> Iterator[tuple[int, str]]:
    if path.suffix in UNPACK:
        raise XnerError(
            f"{path}: files ending in {path.suffix} are not read. Unpack it first: "
            f"{UNPACK[path.suffix].format(path.name)} (.gz, .bz2 and .xz are read as they are)."
        )
    with open_bytes(path) as raw:
        file = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", raw))
        head = file.peek(512)[:512]
        _refuse_other_files(path, head)
        mark, marked = next(((mark, name) for mark, name in MARKS.items() if head.startswith(mark)), (b"", "utf-8"))
        name = encoding or marked
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            raise XnerError(
                f"The encoding is '{name}', which Python does not know, expected one such as latin-1 or cp1252."
            ) from None
        if encoding and not _has_mark(codec, mark):
            raise XnerError(
                f"{path}:1: found the byte order mark of {marked.upper()}, expected text in {encoding}, as --encoding "
                f"says. Leave the option out."
            )
        raws: Iterator[bytes | str] = (
            iter(file) if codec == "utf-8" else iter(io.TextIOWrapper(file, encoding=name, newline="\n"))
        )
        for number, (raw_line, is_only) in enumerate(_with_only(raws), start=1):
            line = raw_line if isinstance(raw_line, str) else _decode(raw_line, number)
            line = line.removesuffix("\n").rstrip("\r")
            if line.startswith(BOM):
                line = line.lstrip(BOM)
                if note and number > 1:
                    note("byte order marks inside a file left out", path, number)
            if "\r" not in line:
                yield number, line
            elif is_only:  # an old Mac's file
                parts = line.split("\r")
                if note:
                    note("line ends that are a CR alone (of an old Mac)", path, 1, len(parts) - 1)
                yield from enumerate(parts, start=1)
            else:
                if note:
                    note("lines with a CR inside, which was kept as a character", path, number)
                yield number, line


def _has_mark(codec: str, mark: bytes) -> bool:
    """Whether a byte order mark is one in an encoding too, or there is none."""
    try:
        return mark.decode(codec) in ("", BOM)
    except UnicodeDecodeError:
        return False


def _with_only(lines: Iterator[bytes | str]) -> Iterator[tuple[bytes | str, bool]]:
    """Each line, and whether it is the only one."""
    first = next(lines, None)
    if first is None:
        return
    second = next(lines, None)
    yield first, second is None
    for line in itertools.chain([] if second is None else [second], lines):
        yield line, False


def _decode(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        error.add_note(str(number))
        raise


def _refuse_other_files(path: Path, head: bytes) -> None:
    for magic, kind in MAGIC.items():
        if re.match(magic, head, re.DOTALL):
            raise XnerError(
                f"{path}: found the first bytes of a {kind} file, expected text. Unpack or export it as text first; a "
                f"compressed text file needs the ending .gz, .bz2 or .xz."
            )
    if head[257:262] == b"ustar":
        raise XnerError(f"{path}: found a tar archive, expected one text file. Unpack it first: tar xf {path.name}.")


def _explain_nul(path: Path, number: int) -> str:
    return (
        f"{path}:{number}: found a NUL character, expected text. The file may be UTF-16 without a byte order mark: "
        f"convert it with `iconv -f UTF-16LE -t UTF-8 {path.name} > new`, or name it with --encoding utf-16-le. "
        f"NUL characters in other text are damage; `tr -d '\\000'` removes them."
    )


def _explain_encoding(path: Path, number: int, error: UnicodeDecodeError) -> str:
    notes = getattr(error, "__notes__", [])
    where = f"{path}:{notes[0] if notes else number + 1}"
    byte = f"found the byte 0x{error.object[error.start]:02x} at position {error.start}, which is not"
    if not notes:
        return f"{where}: {byte} {error.encoding}. Name the right encoding with --encoding, or leave the option out."
    if guesses := guess_encodings(path):
        raw = error.object.strip()[:60]
        shown = ", ".join(f"as {name} the line is '{raw.decode(name, 'replace')}'" for name in guesses)
        return (
            f"{where}: {byte} UTF-8. The encoding looks like {' or '.join(guesses)}: {shown}. Read it with --encoding "
            f"{guesses[0]}, or convert it with `iconv -f {guesses[0]} -t UTF-8 {path.name} > new`."
        )
    return f"{where}: {byte} UTF-8. Convert the file to UTF-8 first, for example with `iconv -f ENCODING -t UTF-8`."


def guess_encodings(path: Path) -> list[str]:
    """What the encoding of a file that is not UTF-8 can be, the most likely first; empty if there is no idea.

    Letters with accents that stand alone among ASCII letters are those of Western or Central Europe, which
    charset-normalizer often takes for another encoding. Its guess is used for all other text.
    """
    from charset_normalizer import from_bytes

    with open_bytes(path) as file:
        data = file.read(GUESSED_FROM)
    runs = re.findall(rb"[\x80-\xff]+", data)
    if sum(len(run) == 1 for run in runs) >= ALONE * len(runs):
        return ["cp1252", "cp1250"]
    best = from_bytes(data).best()
    if best is None or best.encoding in NO_GUESSES:
        return []
    return [str(best.encoding).replace("_", "-")]
