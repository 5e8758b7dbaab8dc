from pathlib import Path

import pytest
import spacy
from thinc.api import Config

from spacy_xner.errors import XnerError
from spacy_xner.translation import Translator, make_translator
from spacy_xner.translation.factory import reverse_settings


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "m.tsv"
    path.write_text("en\tde\nYes\tJa\n")
    return path


@pytest.mark.parametrize("name", ["memory", "spacy_xner.TranslationMemory.v1"])
def test_by_name(memory: Path, name: str) -> None:
    translator = make_translator(name, path=str(memory), source="en", target="de", mode=None)
    assert isinstance(translator, Translator)
    assert list(translator.translate(["Yes"])) == ["Ja"]


def test_by_config(memory: Path) -> None:
    config = Config().from_str(
        f'[t]\n@misc = "spacy_xner.TranslationMemory.v1"\npath = "{memory}"\nsource = "en"\ntarget = "de"'
    )
    assert spacy.registry.resolve(config)["t"].identity["name"] == "TranslationMemory.v1"


def test_registered_by_the_user() -> None:
    class Upper:
        @property
        def identity(self):  # type: ignore[no-untyped-def]
            return {"name": "Upper"}

        def translate(self, texts):  # type: ignore[no-untyped-def]
            return (text.upper() for text in texts)

    spacy.registry.misc("test_translation.Upper", func=Upper)
    spacy.registry.misc("test_translation.Nothing", func=lambda: {})
    assert list(make_translator("test_translation.Upper").translate(["a"])) == ["A"]
    with pytest.raises(XnerError, match="makes a dict, expected a translator"):
        make_translator("test_translation.Nothing")


def test_reverse_settings() -> None:
    assert reverse_settings("memory", {"path": "a.tsv"}) == {"path": "a.tsv"}
    assert reverse_settings("lexicon", {"path": "a"}) == {"path": "a", "invert": True}
    assert reverse_settings("spacy_xner.Lexicon.v1", {"invert": True}) == {"invert": False}
    turned = reverse_settings(
        "pivot", {"through": "es,ca", "by": "seq2seq,apertium,lexicon", "settings": [{}, {"a": 1}, {}]}
    )
    assert turned == {
        "through": ["ca", "es"], "by": ["lexicon", "apertium", "seq2seq"], "settings": [{"invert": True}, {"a": 1}, {}]
    }  # fmt: skip
    assert reverse_settings("pivot", {"through": "es"}) == {"through": ["es"], "by": ["apertium"], "settings": [{}]}
    several = reverse_settings("pivot", {"through": "es", "by": "lexicon", "settings": [{"path": "a"}, {"path": "b"}]})
    assert [step["path"] for step in several["settings"]] == ["b", "a"]
    with pytest.raises(XnerError, match="The mode 'eng-spa' works in one direction"):
        reverse_settings("apertium", {"mode": "eng-spa"})


def test_errors(memory: Path) -> None:
    with pytest.raises(
        XnerError, match=r"No translator 'deepl'; expected one of memory \(spacy_xner.TranslationMemory"
    ):
        make_translator("deepl")
    with pytest.raises(XnerError, match=r"missing a required argument: 'target'. Its settings are: path: str, source"):
        make_translator("memory", path=str(memory), source="en")
    with pytest.raises(XnerError, match="unexpected keyword argument 'beam'"):
        make_translator("memory", path=str(memory), source="en", target="de", beam=5)
