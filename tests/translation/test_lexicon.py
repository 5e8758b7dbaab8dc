import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.translation import Translator, make_translator
from spacy_xner.translation.lexicon import Lexicon

from .util import write_freedict

TABLE = "the\tdie\nhouse\tHaus\tHütte\nyoung\tjung\nnew\tneu\nnew york times\tNYT\ngive up\taufgeben\nshe\tsie\n"


def make(folder: Path, table: str = TABLE, **settings: object) -> Lexicon:
    (folder / "d.tsv").write_text(table, encoding="utf8")
    return Lexicon(folder / "d.tsv", **{"source": "en", "target": "de", "ranked": False, **settings})  # type: ignore[arg-type]


def translate(lexicon: Lexicon, text: str) -> str:
    (translation,) = lexicon.translate([text])
    return translation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The young house.", "Die jung Haus."),
        ("THE HOUSE of Wangari Maathai", "DIE HAUS of Wangari Maathai"),
        ("the New York Times", "die NYT"),
        ("the  NEW\nYORK  TIMES", "die  NEU\nYORK  TIMES"),  # one blank or hyphen, as in entries
        ("She didn't give-up, (new)house: give, up", "Sie didn't aufgeben, (neu)Haus: give, up"),
        ("", ""),
        (" 3:0 👍🏽 שלום\ud800 \n", " 3:0 👍🏽 שלום\ud800 \n"),
    ],
)
def test_words(tmp_path: Path, text: str, expected: str) -> None:
    assert translate(make(tmp_path), text) == expected


def test_counts(tmp_path: Path) -> None:
    lexicon = make(tmp_path)
    list(lexicon.translate(["The New York Times", "Ada the"]))
    assert lexicon.counts == {"words": 6, "unknown": 1}
    assert isinstance(lexicon, Translator)
    assert len(lexicon) == 7


def test_max_words(tmp_path: Path) -> None:
    assert translate(make(tmp_path, max_words=2), "New York Times") == "Neu York Times"
    with pytest.raises(XnerError, match="max_words is 0"):
        make(tmp_path, max_words=0)


def test_most_frequent(tmp_path: Path) -> None:
    pytest.importorskip("wordfreq")
    table = "house\tGeschlecht\tHaus\tJHWH\nodd\tqqqqx\tqqqqy\n"
    lexicon = make(tmp_path, table, ranked=True)
    assert translate(lexicon, "house odd") == "Haus qqqqx"
    assert lexicon.identity["frequencies"].startswith("wordfreq")
    assert translate(make(tmp_path, table), "house") == "Geschlecht"
    assert make(tmp_path, table, target="eo", ranked=True).identity["frequencies"] is None


def test_skips_other_scripts_and_explanations(tmp_path: Path) -> None:
    table = "house\tmaison\tдом\nbank\tcollateral\nx\t3.\tэто слишком длинное объяснение слова\tикс\n"
    lexicon = make(tmp_path, table, target="ru")
    assert translate(lexicon, "House bank x") == "Дом bank икс"
    with pytest.raises(XnerError, match="no entry with a translation in the script of 'ar'"):
        make(tmp_path, table, target="ar")


def test_awkward_languages(tmp_path: Path) -> None:
    for target in ("tr", "tr-TR", "az-Latn"):
        assert translate(make(tmp_path, "new\tyeni\nis\tis\n", target=target), "NEW Is") == "YENİ İs"
    assert translate(make(tmp_path, "good\t早\nday\t安\n", target="zh"), "Good day , IBM day") == "早安 , IBM 安"
    assert translate(make(tmp_path, "peace\tשלום\n", target="he"), "Peace!") == "שלום!"
    assert translate(make(tmp_path, "cafe\u0301\tKaffeehaus\n", source="fr"), "Caf\u00e9") == "Kaffeehaus"
    with pytest.raises(XnerError, match="'ja' is written without spaces"):
        make(tmp_path, source="ja")


def test_inverted(tmp_path: Path) -> None:
    assert translate(make(tmp_path, source="de", target="en", invert=True), "Die Hütte aufgeben") == "The House give up"


def test_freedict(tmp_path: Path) -> None:
    index = write_freedict(
        tmp_path / "eng-deu",
        {"house": "House /haʊs/\n1. Haus, Heim\n2. Gebäude\n", "rest": "rest\nwhat is left\n", "up": "up\nauf <adv>\n"},
    )
    lexicon = make_translator("lexicon", path=str(index), source="en", target="de", ranked=False)
    assert list(lexicon.translate(["House up"])) == ["Haus auf"]
    turned = Lexicon(tmp_path / "eng-deu.dict.dz", "de", "en", invert=True)
    assert translate(turned, "Gebäude auf") == "House up"
    assert turned.identity["sha256"] == lexicon.identity["sha256"]


def test_identity(tmp_path: Path) -> None:
    one = make(tmp_path).identity
    assert json.loads(json.dumps(one)) == one
    assert make(tmp_path, source="eng").identity == one
    others = [make(tmp_path, TABLE + "a\tb\n"), make(tmp_path, max_words=2), make(tmp_path, target="fr")]
    assert all(other.identity != one for other in others)


def test_bad_tables(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"d.tsv:2: found 'lonely', expected source<TAB>target"):
        make(tmp_path, "a\tb\nlonely\n")
    with pytest.raises(XnerError, match="There is no dictionary"):
        Lexicon(tmp_path / "none.tsv", "en", "de")
    with pytest.raises(XnerError, match="found no entry"):
        make(tmp_path, "\n\n")
    (tmp_path / "d.tsv.gz").write_bytes(gzip.compress(TABLE.encode()))
    assert translate(Lexicon(tmp_path / "d.tsv.gz", "en", "de", ranked=False), "house") == "Haus"


WORDS = st.lists(
    st.sampled_from(["the", "New", "York", "Times", "Ada", "give", "up", ",", "\n", "-", " "]), max_size=12
)


@given(WORDS, st.integers(1, 4))
def test_only_words_change(tmp_path_factory: pytest.TempPathFactory, words: list[str], max_words: int) -> None:
    """Translating each word into itself changes nothing, for all lengths of entries."""
    text = " ".join(words)
    table = "the\tthe\nnew york times\tNew York Times\ngive up\tgive up\n"
    lexicon = make(tmp_path_factory.getbasetemp(), table, max_words=max_words)
    assert translate(lexicon, text) == text
