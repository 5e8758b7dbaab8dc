"""Lines of text files: line ends, encodings, compression."""

import bz2
import gzip
import lzma
from collections import Counter
from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.lines import Lines, read_lines

FRENCH = "a\nLe café était très réussi à la fête de Noël, où les élèves étaient contents.\n"


def read(path: Path, content: bytes, encoding: str | None = None) -> tuple[list[tuple[int, str]], Counter[str]]:
    path.write_bytes(content)
    notes: Counter[str] = Counter()

    def note(what: str, file: Path, line: int, count: int = 1) -> None:
        notes[what] += count

    return list(read_lines(path, encoding, note)), notes


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("a", b"a\r\nb\xc3\xa9\n", None),
        ("a", b"a\r\r\nb\xc3\xa9", None),
        ("a", "\ufeffa\nbé\n".encode(), None),
        ("a", "a\nbé\n".encode("utf-16"), None),
        ("a", "\ufeffa\nbé\n".encode("utf-16-be"), None),
        ("a", "a\nbé\n".encode("utf-32"), None),
        ("a", "a\nbé\n".encode("latin-1"), "latin-1"),
        ("a.gz", gzip.compress("a\nbé\n".encode(), mtime=0), None),
        ("a.bz2", bz2.compress("a\nbé\n".encode()), None),
        ("a.xz", lzma.compress("a\nbé\n".encode("utf-16")), None),
    ],
)
def test_two_lines(tmp_path: Path, name: str, content: bytes, encoding: str | None) -> None:
    assert read(tmp_path / name, content, encoding) == ([(1, "a"), (2, "bé")], Counter())


def test_other_separators_are_characters(tmp_path: Path) -> None:
    line = "a\u2028b\u0085c\u200bd\x0ce\x1cf"
    assert read(tmp_path / "a", line.encode())[0] == [(1, line)]


def test_carriage_returns(tmp_path: Path) -> None:
    """A file of lines that end with CR alone is read; a CR inside a line of another file is kept. Both are said."""
    assert read(tmp_path / "a", b"a\rb\r") == (
        [(1, "a"), (2, "b")],
        {"line ends that are a CR alone (of an old Mac)": 1},
    )
    lines, notes = read(tmp_path / "a", b"a\rb\nc\n")
    assert lines == [(1, "a\rb"), (2, "c")]
    assert notes == {"lines with a CR inside, which was kept as a character": 1}


def test_joined_files_with_marks(tmp_path: Path) -> None:
    lines, notes = read(tmp_path / "a", "\ufeffa\n\ufeffb".encode())
    assert lines == [(1, "a"), (2, "b")]
    assert notes == {"byte order marks inside a file left out": 1}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a",
            FRENCH.encode("cp1252"),
            r"a:2: found the byte 0xe9 at position 6.* looks like cp1252 or cp1250: .*café.*iconv -f cp1252",
        ),
        (
            "a",
            "日本の首都は東京です。これは文章です。\n".encode("shift-jis"),
            r"a:1: .* looks like cp932.*iconv -f cp932",
        ),
        ("a", "Привет мир, это русский текст\n".encode("cp1251"), r"looks like cp1251: .*Привет"),
        ("a", "niño N\n".encode("latin-1"), r"looks like cp1252 or cp1250: as cp1252 the line is 'niño N', .*nińo"),
        ("a", "a\nb".encode("utf-16-le"), r"a:1: found a NUL character.*iconv -f UTF-16LE.*--encoding utf-16-le"),
        ("a", b"a\0b", "a:1: found a NUL character.*tr -d"),
        ("a", "a\nbc".encode("utf-16")[:-1], "which is not utf-16"),
        ("a", gzip.compress(b"a", mtime=0), r"the first bytes of a gzip \(\.gz\) file"),
        ("a", bz2.compress(b"a"), r"the first bytes of a bzip2 \(\.bz2\) file"),
        ("a.txt", b"PK\x03\x04xx", r"the first bytes of a zip \(\.zip, \.docx, \.xlsx\) file"),
        ("a.zip", b"PK", r"\.zip are not read. Unpack it first: unzip a\.zip"),
        ("a.zst", b"", r"\.zst are not read. Unpack it first: zstd -d a\.zst"),
        ("a.xz", b"x", "not a valid xz file"),
        ("a.xz", lzma.compress(bytes(range(1, 200)))[:-20], "not a valid xz file"),
        ("a.bz2", b"x", "not a valid bzip2 file"),
        ("a.bz2", bz2.compress(b"a" * 1000)[:-9], "not a valid bzip2 file"),
    ],
)
def test_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / name, content)


def test_refused_encoding(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match="The encoding is 'foo', which Python"):
        read(tmp_path / "a", b"a", "foo")
    with pytest.raises(XnerError, match=r"0xe9 at position 3, which is not ascii.*--encoding"):
        read(tmp_path / "a", b"caf\xe9", "ascii")


def test_archive(tmp_path: Path) -> None:
    import tarfile

    (tmp_path / "x").write_text("a")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "x", "x")
    with pytest.raises(XnerError, match=r"found a tar archive.*tar xf a\.tar"):
        list(read_lines(tmp_path / "a.tar"))


def test_twice(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a\nb")
    lines = Lines(tmp_path / "a")
    assert list(lines.read()) == list(lines.read()) == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("written", "named"), [("utf-8-sig", "cp1252"), ("utf-16", "latin-1"), ("utf-16", "utf-8"), ("utf-8-sig", "utf-16")]
)
def test_a_byte_order_mark_contradicts_the_encoding(tmp_path: Path, written: str, named: str) -> None:
    (tmp_path / "a.txt").write_bytes("Zoë\n".encode(written))
    with pytest.raises(XnerError, match=rf"a\.txt:1: found the byte order mark of UTF-\d+, expected text in {named}"):
        list(read_lines(tmp_path / "a.txt", named))


@pytest.mark.parametrize(
    ("written", "named"),
    [("utf-8-sig", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16", "utf-16-le")],
)
def test_a_byte_order_mark_that_agrees(tmp_path: Path, written: str, named: str) -> None:
    mark = "\ufeff" * (named == "utf-16-le")
    (tmp_path / "a.txt").write_bytes((mark + "Zoë\n").encode(named if mark else written))
    assert list(read_lines(tmp_path / "a.txt", named)) == [(1, "Zoë")]
