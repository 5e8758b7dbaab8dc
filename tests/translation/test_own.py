"""A user's own translator, which has `translate_batch` alone."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import spacy
from thinc.api import Config

from spacy_xner.errors import XnerError
from spacy_xner.files import file_sha256
from spacy_xner.projection.translated_source import TranslatedSource
from spacy_xner.translation import BatchTranslator, make_translator
from spacy_xner.translation.cache import CachedTranslator
from spacy_xner.translation.own import OwnAdapter, as_translator
from spacy_xner.translation.pivot import Pivot
from spacy_xner.translation.streams import translate_items

from .util import Reverser


class Upper:
    """The least that a translator needs."""

    def __init__(self, source: str = "en", target: str = "de") -> None:
        self.asked: list[list[str]] = []

    def translate_batch(self, texts: list[str]) -> list[str | None]:
        self.asked.append(texts)
        return [None if "?" in text else text.upper() for text in texts]


class Answers:
    """Gives the same answer to each batch."""

    source, target, batch_size = "en", "de", 2

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.identity: Any = {"name": "Answers"}

    def translate_batch(self, texts: list[str]) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def registered() -> str:
    spacy.registry.misc("test_own.Upper", func=Upper)
    return "test_own.Upper"


def test_translate_batch_alone(registered: str) -> None:
    translator = make_translator(registered, source="eng", target="pt_BR")
    assert isinstance(translator, BatchTranslator)
    texts = [f"text {number}" for number in range(70)]
    assert list(translator.translate([*texts, "why?"])) == [*(text.upper() for text in texts), None]
    assert isinstance(translator, OwnAdapter)
    assert isinstance(translator.own, Upper)
    assert [len(batch) for batch in translator.own.asked] == [32, 32, 7]
    assert translator.translate_batch(["a", "b?"]) == ["A", None]


def test_reads_one_batch_ahead() -> None:
    translator = OwnAdapter(Answers(["a", "b"]))
    read: list[int] = []
    stream = (read.append(number) or "text" for number in range(9))  # type: ignore[func-returns-value]
    assert next(translator.translate(stream)) == "a"
    assert read == [0, 1]


def test_identity(registered: str) -> None:
    """Without its own: settings, and the checksum of the file of code."""
    translator = make_translator(registered, source="eng", target="pt_BR")
    assert translator.identity == {
        "name": registered, "source": "en", "target": "pt-br", "settings": {}, "code": file_sha256(Path(__file__))
    }  # fmt: skip
    assert OwnAdapter(Answers()).identity == {"name": "Answers", "source": "en", "target": "de"}
    made = OwnAdapter(Upper(), "mine", {"source": "en", "size": 3, "api_key": "very secret"})
    assert made.identity["settings"] == {"size": 3, "api_key": "[hidden]"}
    in_no_file = type("Typed", (), {"translate_batch": Upper.translate_batch, "__module__": "nowhere"})()
    with pytest.raises(XnerError, match=r"Typed has no identity, and its class is in no Python file. Give it one"):
        _ = OwnAdapter(in_no_file).identity


def test_counts_are_shown() -> None:
    own = Upper()
    own.counts = {"asked": 3}  # type: ignore[attr-defined]
    assert OwnAdapter(own).counts == {"asked": 3}


def test_translate_alone(registered: str) -> None:
    """As the protocol was before; the other attributes can be reached."""
    spacy.registry.misc("test_own.Reverser", func=Reverser)
    translator = make_translator("test_own.Reverser", source="en", target="es")
    assert isinstance(translator, BatchTranslator)
    assert translator.translate_batch(["abc", "why?"]) == ["cba", None]
    assert translator.asked == ["abc", "why?"]  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(translator)).identity == translator.identity
    with pytest.raises(AttributeError, match="nothing"):
        translator.nothing  # type: ignore[attr-defined] # noqa: B018


def test_within_others(tmp_path: Path, registered: str) -> None:
    """In a cache, in a pivot, in the component for translate-test, in a config."""
    first, second = OwnAdapter(Upper("en", "de"), settings={"source": "en", "target": "de"}), Answers(["eins"])
    second.source, second.target = "de", "fr"
    pivot = Pivot([first, OwnAdapter(second)])
    assert list(CachedTranslator(pivot, tmp_path).translate(["one"])) == ["eins"]
    assert pivot.translate_batch(["two"]) == ["eins"]
    config = Config().from_str(f'[t]\n@misc = "{registered}"\nsource = "en"\ntarget = "de"')
    source = TranslatedSource(spacy.registry.resolve(config)["t"], "unused")
    assert list(source.translator.translate(["a"])) == ["A"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (["a"], "at text 1 ('one'): translate_batch gave 1 translations for 2 texts, expected one text, or None, for"),
        (["a", "b", "c"], "translate_batch gave 3 translations for 2 texts"),
        ("ab", "translate_batch gave a str, expected a list of texts"),
        (None, "translate_batch gave a NoneType, expected a list"),
        ((text for text in "ab"), "translate_batch gave a generator, expected a list"),
        (["a", 5], "translate_batch gave 5 for text 2 of a batch ('two'), expected a text or None"),
        (RuntimeError("no connection"), "stopped at text 1 ('one'): RuntimeError: no connection"),
    ],
)
def test_wrong_answers(answer: Any, message: str) -> None:
    with pytest.raises(XnerError) as error:
        list(translate_items(OwnAdapter(Answers(answer)), [(1, "one"), (2, "two")]))
    assert "The translator Answers (en to de) stopped" in str(error.value)
    assert message in str(error.value)


def test_wrong_objects() -> None:
    for value in (0, "many"):
        own = Answers()
        own.batch_size = value  # type: ignore[assignment]
        with pytest.raises(XnerError, match=r"batch_size of the translator Answers is .*, expected a number of texts"):
            as_translator(own)
    own = Answers()
    own.identity = "Answers"
    with pytest.raises(XnerError, match="identity of the translator Answers is 'Answers', expected a dict"):
        as_translator(own)
    assert as_translator({}) is None
    assert as_translator(Upper) is None  # the class, not an object
