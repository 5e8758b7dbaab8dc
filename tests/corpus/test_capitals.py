"""Entities without a capital letter, in languages that write such names so."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc

from spacy_xner.annotations.soft_labels import get_soft_labels, set_soft_labels
from spacy_xner.corpus.capitals import check_capitalised, drop_lower_case, is_lower_case
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs
from spacy_xner.corpus.reader import create_corpus_reader
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

NLP = multilingual_blank("xx")
SETTING = {"MISC": ["es", "fr"]}


def labelled(tmp_path: Path, lang: str, text: str) -> Doc:
    path = tmp_path / "a.txt"
    path.write_text(f"{text}\n", encoding="utf8")
    (doc,) = convert_files([path], lang, Counter())
    return doc


def names(doc: Doc) -> list[str]:
    return [ent.text for ent in doc.ents]


@pytest.mark.parametrize(
    ("lang", "text", "kept"),
    [
        ("es", "Un film [francés](MISC) en [Cannes](LOC).", ["Cannes"]),
        ("es-MX", "Un film [francés](MISC).", []),
        ("fr", "La [Coupe du monde](MISC) des [franco-allemands](MISC).", ["Coupe du monde"]),
        ("fr", "LE FILM [FRANÇAIS](MISC)", ["FRANÇAIS"]),
        ("fr", "la banque [bpost](ORG), le [2e](MISC) et [42](MISC)", ["bpost", "42"]),
        ("de", "ein [französischer](MISC) Film", ["französischer"]),
        ("zh", "一部[法国](MISC)电影", ["法国"]),
    ],
)
def test_entities(tmp_path: Path, lang: str, text: str, kept: list[str]) -> None:
    doc = labelled(tmp_path, lang, text)
    n = len(doc.ents)
    assert drop_lower_case(doc, check_capitalised(SETTING)) == n - len(kept)
    assert names(doc) == kept
    assert all(token.ent_iob_ in "OBI" and token.ent_iob for token in doc)  # O, not missing


def test_missing_annotation_stays_missing(tmp_path: Path) -> None:
    doc = labelled(tmp_path, "es", "Un film [francés](MISC) aquí")
    doc.set_ents(list(doc.ents), missing=[doc[3:4]], default="unmodified")
    drop_lower_case(doc, check_capitalised(SETTING))
    assert [token.ent_iob_ for token in doc] == ["O", "O", "O", ""]


def test_soft_labels_move_to_o(tmp_path: Path) -> None:
    doc = labelled(tmp_path, "es", "francés en Francia y Lo que el viento se llevó")
    tags = ["O", "U-MISC", "U-LOC", "B-MISC", "I-MISC", "L-MISC"]
    rows = np.full((len(doc), len(tags)), 0.02, dtype=np.float32)
    for row, tag in enumerate([1, 0, 2, 0, 3, 4, 4, 4, 4, 5]):
        rows[row, tag] = 0.9
    set_soft_labels(doc, tags, rows)
    drop_lower_case(doc, check_capitalised(SETTING))
    found = get_soft_labels(doc)
    assert found is not None
    np.testing.assert_allclose(found[1][0], [0.98, 0, 0.02, 0, 0, 0], atol=1e-6)
    np.testing.assert_array_equal(found[1][1:], rows[1:])  # a title keeps its lower-case words


def test_soft_labels_are_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are read; faulty ones are an error there."""
    (doc,) = [labelled(tmp_path, "es", "francés en Francia")]
    checked = []

    def counting(doc: Doc) -> Any:
        checked.append(doc.text)
        return get_soft_labels(doc)

    for module in ("corpus.capitals", "annotations.soft_labels"):
        monkeypatch.setattr(f"spacy_xner.{module}.get_soft_labels", counting)
    set_soft_labels(doc, ["O", "U-MISC"], [[0.1, 0.9], [1, 0], [1, 0]])
    checked.clear()
    drop_lower_case(doc, check_capitalised(SETTING))
    assert checked == [doc.text]
    assert get_soft_labels(doc)[1].tolist() == [[1, 0]] * 3  # type: ignore[index]
    doc._.xner_soft_labels["probabilities"][0, 0] = 7
    with pytest.raises(XnerError, match="sum to 7"):
        drop_lower_case(doc, check_capitalised(SETTING))


@pytest.mark.parametrize(("text", "lower"), [("a", True), ("aB", False), ("3", False), ("法", False), ("ß", True)])
def test_is_lower_case(text: str, lower: bool) -> None:
    assert is_lower_case(text) is lower


def test_reader(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    docs = [labelled(tmp_path, lang, "Un film [francés](MISC).") for lang in ("es", "it")]
    write_docs(tmp_path / "a.spacy", docs)
    reader: Any = create_corpus_reader(tmp_path / "a.spacy", capitalised=SETTING)
    with caplog.at_level("INFO", "spacy"):
        assert [names(example.reference) for example in reader(NLP)] == [[], ["francés"]]
        assert [names(example.reference) for example in reader(NLP)] == [[], ["francés"]]
    told = [record.message for record in caplog.records]
    assert told == ["Corpus: 1 entities without a capital letter are O (setting capitalised)."]


@pytest.mark.parametrize("setting", [["MISC"], {"MISC": "es"}, {"MISC": [1]}, "MISC"])
def test_malformed_setting(tmp_path: Path, setting: Any) -> None:
    with pytest.raises(XnerError, match="expected languages by label"):
        create_corpus_reader(tmp_path, capitalised=setting)
