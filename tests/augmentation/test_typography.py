"""Changes of typography, and several augmenters in a row."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from spacy_xner.annotations.attributes import confidence_of, install_extensions
from spacy_xner.annotations.examples import make_example
from spacy_xner.annotations.soft_labels import set_soft_labels
from spacy_xner.augmentation.chain import create_chain
from spacy_xner.augmentation.typography import CHANGES, change_for, changed, create_typography
from spacy_xner.corpus.convert import convert_files
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

NLP = multilingual_blank("xx")


def labelled(tmp_path: Path, text: str, lang: str = "fr") -> Doc:
    (tmp_path / "a.txt").write_text(f"{text}\n", encoding="utf8")
    (doc,) = convert_files([tmp_path / "a.txt"], lang, Counter())
    return doc


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("curly", "L’été à « Évian », dit “Zoë” ß"),
        ("straight", 'L\'été à " Évian ", dit "Zoë" ß'),
        ("capitals", "L'ÉTÉ À « ÉVIAN », DIT “ZOË” ß"),
        ("lower_case", "l'été à « évian », dit “zoë” ß"),
        ("no_accents", "L'ete a « Evian », dit “Zoe” ß"),
    ],
)
def test_changes(name: str, expected: str) -> None:
    assert CHANGES[name]("L'été à « Évian », dit “Zoë” ß") == expected


@given(st.text())
def test_length_stays(text: str) -> None:
    assert {len(change(text)) for change in CHANGES.values()} == {len(text)}


def test_other_scripts_keep_their_marks() -> None:
    text = "йога가が কি Đà é"
    assert CHANGES["no_accents"](text) == "йога가が কি Đa e"


@pytest.mark.parametrize(
    ("name", "lang", "text", "expected"),
    [
        ("capitals", "tr", "İzmir'in ışığı", "İZMİR'İN IŞIĞI"),
        ("lower_case", "tr", "İZMİR'İN IŞIĞI", "izmir'in ışığı"),
        ("capitals", "en", "it is", "IT IS"),
        ("no_accents", "tr", "Iğdır", "Igdır"),
    ],
)
def test_the_letters_of_the_language(name: str, lang: str, text: str, expected: str) -> None:
    assert change_for(name, lang)(text) == expected


def test_entities_keep_their_places(tmp_path: Path) -> None:
    doc = labelled(tmp_path, "[Zoë](PER) vit à [L'Aquila](LOC), en Italie.")
    install_extensions()
    doc.ents[0]._.confidence = 0.7
    doc.set_ents(list(doc.ents), missing=[doc[len(doc) - 2 : len(doc) - 1]], default="unmodified")
    example = changed(NLP, doc, CHANGES["capitals"])
    assert example.reference.text == example.predicted.text == "ZOË VIT À L'AQUILA, EN ITALIE."
    assert [(e.text, e.label_, confidence_of(e)) for e in example.reference.ents] == [
        ("ZOË", "PER", 0.7),
        ("L'AQUILA", "LOC", None),
    ]
    assert [t.ent_iob_ for t in example.reference] == [t.ent_iob_ for t in doc]
    assert example.reference._.xner_meta == doc._.xner_meta
    assert doc.text.startswith("Zoë")  # the original is not changed


def test_level_and_seed(tmp_path: Path) -> None:
    doc = labelled(tmp_path, "L'été à [Évian](LOC)")

    def texts(level: float, seed: int = 0) -> list[str]:
        augment = create_typography(level, seed)
        return [new.reference.text for _ in range(200) for new in augment(NLP, make_example(NLP, doc))]

    assert set(texts(0.0)) == {doc.text}
    assert texts(0.5) == texts(0.5) != texts(0.5, seed=1)
    assert len(set(texts(1.0))) >= 5
    assert 20 < sum(text != doc.text for text in texts(0.5)) < 140


def test_german_is_not_in_lower_case(tmp_path: Path) -> None:
    doc = labelled(tmp_path, "Das [Land](LOC)", "de")
    augment = create_typography(1.0)
    found = {new.reference.text for _ in range(200) for new in augment(NLP, make_example(NLP, doc))}
    assert found == {"Das Land", "DAS LAND"}


def test_soft_labels_are_left_alone(tmp_path: Path) -> None:
    doc = labelled(tmp_path, "Évian")
    set_soft_labels(doc, ["O", "U-LOC"], [[0.1, 0.9]])
    augment = create_typography(1.0)
    assert all(new.reference is doc for _ in range(50) for new in augment(NLP, make_example(NLP, doc)))


@pytest.mark.parametrize("level", [-0.1, 1.1])
def test_level_out_of_range(level: float) -> None:
    with pytest.raises(XnerError, match="from 0 to 1"):
        create_typography(level)


def test_chain(tmp_path: Path) -> None:
    example = make_example(NLP, labelled(tmp_path, "Évian"))

    def twice(nlp: Any, one: Example) -> Any:
        yield one
        yield changed(nlp, one.reference, CHANGES["no_accents"])

    def loud(nlp: Any, one: Example) -> Any:
        yield changed(nlp, one.reference, CHANGES["capitals"])

    found = [new.reference.text for new in create_chain(twice, loud)(NLP, example)]
    assert found == ["ÉVIAN", "EVIAN"]
    assert list(create_chain()(NLP, example)) == [example]


def test_chain_in_a_config() -> None:
    block = {
        "@augmenters": "spacy_xner.Chain.v1",
        "*": {
            "swap": {"@augmenters": "spacy_xner.EntitySwap.v1", "level": 0.0},
            "typography": {"@augmenters": "spacy_xner.Typography.v1", "level": 0.0},
        },
    }
    assert callable(registry.resolve({"augmenter": block})["augmenter"])
