import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.translation.freedict import DIGITS, decode_number, read_freedict, translations_of

from .util import encode_number, write_freedict


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("house /haus/\ncasa, habitação, vivenda\n", ["casa", "habitação", "vivenda"]),
        ("the /ð/\n1. à l', à la\n2. la, le\n", ["à l", "à la", "la", "le"]),
        (  # definitions stand below numbered senses
            "house //haʊs// //hʌʊs// <n>\n1. huone\nastrology: a division\n2. pesä\ncurling: circles\n",
            ["huone", "pesä"],
        ),
        (  # examples and references are indented
            'house /hˈaʊs/\nHaus <neut>\n      "build a house"  - bauen\n   Synonym: {home}\n\n see: {houses}\n',
            ["Haus"],
        ),
        ("of /ˈɒv/\nvon ([+ dat]) <prep>\n         Note: als Ausdruck\n", ["von"]),
        ("bank //bæŋk// <n>\n1. pankki 2.\ninstitution\n 3.\nbranch\n", ["pankki"]),
        ("a /eɪ/\n1. -mme, -ni\n2. bir\n", ["bir"]),
        ("and\nو، ثم؛ كذلك\n", ["و", "ثم", "كذلك"]),
        ("of\n1. (edat) nin, li\n", ["nin", "li"]),
        ("national\nVolk…, national ...\n", ["Volk", "national"]),
        ("x\n", []),
        ("x", []),
        ("", []),
    ],
)
def test_entries(entry: str, expected: list[str]) -> None:
    assert translations_of(entry) == expected


@given(st.integers(0, 2**40))
def test_numbers(number: int) -> None:
    assert decode_number(encode_number(number)) == number
    assert len(DIGITS) == 64


def test_reads_both_files(tmp_path: Path) -> None:
    entries = {"00databaseinfo": "none\nnone\n", "naïve 👍": "naïve\nkutsuq\n", "": "\nempty\n", "b": "b\nbe\n"}
    index = write_freedict(tmp_path / "eng-xyz", entries)
    expected = [("naïve 👍", "naïve\nkutsuq\n"), ("", "\nempty\n"), ("b", "b\nbe\n")]
    assert list(read_freedict(index)) == expected
    assert list(read_freedict(tmp_path / "eng-xyz.dict.dz")) == expected


def test_size_of_the_unpacked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = write_freedict(tmp_path / "a", {"b": "b\nbe\n"})
    monkeypatch.setattr("spacy_xner.translation.freedict.MAX_BYTES", 4)
    with pytest.raises(XnerError, match=r"a.dict.dz unpacks to more than 4 bytes, expected a dictionary"):
        list(read_freedict(index))


def test_bad_files(tmp_path: Path) -> None:
    index = write_freedict(tmp_path / "a", {"b": "b\nbe\n"})
    data = tmp_path / "a.dict.dz"
    index.write_text("b\tA\n")
    with pytest.raises(XnerError, match=r"a.index:1: found 'b\\tA', expected a headword, an offset"):
        list(read_freedict(index))
    index.write_text("b\tA\tB\nc\tA\t?\n")
    with pytest.raises(XnerError, match=r"a.index:2: found .* in base 64"):
        list(read_freedict(index))
    index.write_text("b\tA\tZZ\n")
    with pytest.raises(XnerError, match=r"a.index:1: the entry ends at byte 1,625, but a.dict.dz has 5"):
        list(read_freedict(index))
    data.write_bytes(gzip.compress(b"x" * 10_000)[:-9])
    with pytest.raises(XnerError, match=r"a.dict.dz cannot be read"):
        list(read_freedict(index))
    data.write_bytes(b"no gzip")
    with pytest.raises(XnerError, match=r"a.dict.dz cannot be read: Not a gzipped file .* Expected a gzipped file"):
        list(read_freedict(index))
    data.write_bytes(gzip.compress(b"x"))
    index.write_bytes(b"\xff\tA\tB\n")
    with pytest.raises(XnerError, match=r"a.index cannot be read: .* Expected UTF-8 text"):
        list(read_freedict(index))
    data.unlink()
    with pytest.raises(XnerError, match=r"There is no .*a.dict.dz: a FreeDict dictionary is a pair"):
        list(read_freedict(index))
