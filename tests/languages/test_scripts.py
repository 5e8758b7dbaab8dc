import pytest
import regex

from spacy_xner.augmentation.names import words_of
from spacy_xner.languages.scripts import (
    KANA_MARKS,
    UNSPACED_CHARACTER,
    UNSPACED_SCRIPTS,
    is_in_script,
    is_unspaced_language,
    is_unspaced_text,
    script_of_character,
    scripts_of_language,
)
from spacy_xner.languages.tokenizer import CLUSTER
from spacy_xner.translation.lexicon import UNSPACED_GAP

# A language and two letters of each script in the table.
EXAMPLES = {
    "Hani": ("zh", "北京"),
    "Hira": ("ja", "のか"),
    "Kana": ("ja", "ソニ"),
    "Thai": ("th", "กร"),
    "Laoo": ("lo", "ກຂ"),
    "Khmr": ("km", "កខ"),
    "Mymr": ("my", "မန"),
    "Tibt": ("bo", "བད"),
}


def test_scripts() -> None:
    assert scripts_of_language("sr") == {"Cyrl", "Latn"}
    assert scripts_of_language("sr-Latn") == {"Latn"}
    assert scripts_of_language("jpn") == {"Hani", "Hira", "Kana"}
    assert scripts_of_language("xx") == frozenset()


@pytest.mark.parametrize("script", UNSPACED_SCRIPTS)
def test_everything_about_unspaced_scripts_comes_from_one_table(script: str) -> None:
    lang, pair = EXAMPLES[script]
    first, second = tuple(pair)
    assert regex.fullmatch(rf"\p{{{script}}}+", first + second)
    assert script_of_character(first) == UNSPACED_SCRIPTS[script]
    assert script in scripts_of_language(lang)
    assert is_unspaced_language(lang)
    assert is_unspaced_text(first + second)
    assert not is_unspaced_text(f"{first}a")
    assert CLUSTER.findall(f"x{first}{second}y") == [first, second]
    assert UNSPACED_GAP.sub("", f"{first} {second} x") == f"{first}{second} x"
    assert words_of(f"{first}·{second}", lang) == [first, second]


def test_the_table_is_complete() -> None:
    assert EXAMPLES.keys() == UNSPACED_SCRIPTS.keys()
    spaced = "".join(rf"\p{{{script}}}" for script in UNSPACED_SCRIPTS)
    assert regex.findall(rf"(?V1)[{UNSPACED_CHARACTER}--[{spaced}]]", "".join(map(chr, range(0x10000)))) == list(
        KANA_MARKS
    )


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("zh", True), ("ja", True), ("th", True), ("yue", True), ("wuu", True), ("bo", True), ("dz", True), ("shn", True),
     ("zh-hanb", True), ("ko", False), ("ru", False), ("en", False), ("xx", False)],
)  # fmt: skip
def test_unspaced_languages(lang: str, expected: bool) -> None:
    assert is_unspaced_language(lang) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("a", False),
        ("北京", True),
        ("น้ำใจ", True),
        ("ソニー", True),
        ("서울", False),
        ("北京 上海", False),
    ],
)
def test_unspaced_text(text: str, expected: bool) -> None:
    assert is_unspaced_text(text) is expected


@pytest.mark.parametrize(
    ("character", "expected"),
    [("a", "Latin"), ("ж", "Cyrillic"), ("京", "Han"), ("7", "Common"), ("\u0301", "Common"), ("𐎀", "Other")],
)
def test_script_of_character(character: str, expected: str) -> None:
    assert script_of_character(character) == expected


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("Привет, мир", "ru", True),
        ("Hello world", "ru", False),
        ("IBM и Microsoft открыли новый офис", "ru", True),
        ("3:0 👍", "ru", True),
        ("", "ar", True),
        ("שלום", "ar", False),
        ("東京タワーへ", "ja", True),
        ("東京", "zh", True),
        ("anything", "xx", True),
    ],
)
def test_is_in_script(text: str, lang: str, expected: bool) -> None:
    assert is_in_script(text, lang) is expected
