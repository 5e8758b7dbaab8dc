import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.translation.memory import TranslationMemory

MEMORY = "en\tde\tzh\nGood morning.\tGuten Morgen.\t早上好。\nCafé in Paris\tCafé in Paris\t\n\nYes\tJa\t是\n"


def write(path: Path, text: str | bytes) -> Path:
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["memory.tsv", "memory.tsv.gz", "memory.txt"])
def test_looks_up_in_order(tmp_path: Path, name: str) -> None:
    memory = TranslationMemory(write(tmp_path / name, MEMORY), "eng", "de")
    texts = ["Yes", "unknown", "", "Good morning.", "Yes"]
    assert list(memory.translate(texts)) == ["Ja", None, None, "Guten Morgen.", "Ja"]
    assert len(memory) == memory.counts.pairs == 3


def test_any_two_columns(tmp_path: Path) -> None:
    memory = TranslationMemory(write(tmp_path / "m.tsv", MEMORY), "zh", "en")
    assert list(memory.translate(["早上好。", "Good morning."])) == ["Good morning.", None]
    assert memory.counts.empty == 1


def test_normalises_white_space_and_composition(tmp_path: Path) -> None:
    memory = TranslationMemory(write(tmp_path / "m.tsv", "en\tde\nCafé  in Paris\tA\nCafé in Paris\tB\n"), "en", "de")
    assert list(memory.translate(["Café  in Paris", "Café in Paris"])) == ["A", "B"]  # the exact text comes first
    assert list(memory.translate(["Cafe\u0301\u00a0in Paris\n", "Café in  Rome"])) == ["A", None]
    memory = TranslationMemory(write(tmp_path / "m.tsv", "en\tde\nCafé in Paris\tB\nCafé  in Paris\tA\n"), "en", "de")
    assert list(memory.translate(["Café  in Paris", "Café in Paris", "Café   in Paris"])) == ["A", "B", "B"]


def test_first_translation_wins(tmp_path: Path) -> None:
    memory = TranslationMemory(write(tmp_path / "m.tsv", "en\tde\na\t1\na\t2\na\t1\nb\t\n\t3\n"), "en", "de")
    assert list(memory.translate(["a"])) == ["1"]
    counts = {name: count for name, count in memory.identity["counts"].items() if count}
    assert counts == {"pairs": 1, "repeated": 1, "conflicting": 1, "empty": 2}


def test_folder(tmp_path: Path) -> None:
    write(tmp_path / "2.tsv", "de\ten\nzwei\ttwo\nEins\tone\n")
    write(tmp_path / "1.tsv.gz", "en\tde\none\teins\n")
    write(tmp_path / "3.tsv", "en\tfr\none\tun\n")
    write(tmp_path / "README.md", "no memory")
    memory = TranslationMemory(tmp_path, "en", "de")
    assert list(memory.translate(["one", "two"])) == ["eins", "zwei"]
    assert memory.counts.other_files == memory.counts.conflicting == 1


def test_identity_follows_the_content(tmp_path: Path) -> None:
    one = TranslationMemory(write(tmp_path / "m.tsv", MEMORY), "en", "de").identity
    assert TranslationMemory(write(tmp_path / "m.tsv", MEMORY), "eng", "deu").identity == one
    assert TranslationMemory(write(tmp_path / "m.tsv", MEMORY + "No\tNein\t\n"), "en", "de").identity != one
    assert json.loads(json.dumps(one)) == one


def test_windows_files(tmp_path: Path) -> None:
    memory = TranslationMemory(write(tmp_path / "m.tsv", "\ufeffen\tde\r\nYes\tJa\r\n"), "en", "de")
    assert list(memory.translate(["Yes"])) == ["Ja"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("en\tde\nYes\tJa\nNo\n", "m.tsv:3: 1 columns where the first line names 2 (en, de)"),
        ("en\tde\nYes\tJa\tOui\n", "m.tsv:2: 3 columns"),
        (
            "Good morning.\tGuten Morgen.\n",
            "m.tsv:1: found 'Good morning.\\tGuten Morgen.' where the first line should",
        ),
        ("", "m.tsv:1: found '' where"),
        ("en\n", "m.tsv:1: found 'en' where"),
        ("en\tde\teng\n", "m.tsv:1: a language is named twice (en, de, eng)"),
        ("en\tfr\nYes\tOui\n", "m.tsv: en, fr. Name two of these"),
        (b"en\tde\nYes\t\xff\n", "m.tsv:2: found the byte 0xff at position 4, which is not UTF-8"),
    ],
)
def test_bad_files(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(XnerError, match=re.escape(message)):
        TranslationMemory(write(tmp_path / "m.tsv", content), "en", "de")


def test_bad_paths(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"No translation memory at .*none.tsv: expected a .tsv"):
        TranslationMemory(tmp_path / "none.tsv", "en", "de")
    with pytest.raises(XnerError, match=r"The folder .* holds no translation memory"):
        TranslationMemory(tmp_path, "en", "de")
    whole = write(tmp_path / "m.tsv.gz", MEMORY * 100).read_bytes()
    (tmp_path / "m.tsv.gz").write_bytes(whole[:-20])
    with pytest.raises(XnerError, match=r"m.tsv.gz:\d+: not a valid gzip file"):
        TranslationMemory(tmp_path, "en", "de")
    (tmp_path / "m.tsv.gz").write_bytes(MEMORY.encode())
    with pytest.raises(XnerError, match=r"m.tsv.gz:1: not a valid gzip file"):
        TranslationMemory(tmp_path, "en", "de")


CELL = st.text(st.characters(exclude_characters="\t\n\r\0", exclude_categories=["Cs"])).map(str.strip).filter(bool)


@settings(max_examples=50, deadline=None)
@given(pairs=st.dictionaries(CELL, CELL, max_size=20))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("memory") / "m.tsv"
    write(path, "en\tde\n" + "".join(f"{text}\t{translation}\n" for text, translation in pairs.items()))
    memory = TranslationMemory(path, "en", "de")
    assert list(memory.translate(pairs)) == list(pairs.values())
