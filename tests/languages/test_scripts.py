import pytest

from spacy_xner.languages.scripts import is_in_script, is_unspaced, scripts_of


def test_scripts() -> None:
    assert scripts_of("sr") == {"Cyrl", "Latn"}
    assert scripts_of("sr-Latn") == {"Latn"}
    assert scripts_of("jpn") == {"Hani", "Hira", "Kana"}
    assert scripts_of("xx") == frozenset()
    assert [lang for lang in ("zh", "ja", "th", "ko", "ru", "en", "xx") if is_unspaced(lang)] == ["zh", "ja", "th"]


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
