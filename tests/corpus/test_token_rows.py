"""Rows of tokens, of Hugging Face's data sets and of GLiNER and SpERT; spaCy 2's training data."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.token_rows import BLANK_TOKENS, OTHER_TEXT
from spacy_xner.errors import XnerError

from .util import ADA, LAGOS, entities, read

WORDS = ["Ada", "Obi", "lives", "in", "Lagos", "."]
NAMES = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
NUMBERS = [1, 2, 0, 0, 3, 0]
LABELS = ["O", "B-PER", "I-PER", "B-LOC"]
FEATURES = {"tokens": {"dtype": "string"}, "ner_tags": {"feature": {"names": LABELS, "_type": "ClassLabel"}}}
README = """---
dataset_info:
  features:
  - name: pos_tags
    sequence:
      class_label:
        names:
          '0': NOUN
          '1': VERB
  - name: ner_tags
    sequence:
      class_label:
        names:
          '0': O
          '1': B-PER
          '2': I-PER
          '3': B-LOC
  splits:
  - name: train
---
# A data set
"""


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": WORDS, "ner_tags": NAMES, "id": 4},
        {"words": WORDS, "labels": NAMES},
        {"tokens": WORDS, "pos_tags": [1] * 6, "tags": ["U-PER", "O", "O", "O", "U-LOC", "O"]},
        {"tokenized_text": WORDS, "ner": [[0, 1, "PER"], [4, 4, "LOC"]]},
        {"tokens": WORDS, "entities": [{"type": "PER", "start": 0, "end": 2}, {"type": "LOC", "start": 4, "end": 5}]},
    ],
)
def test_rows(tmp_path: Path, row: dict[str, Any]) -> None:
    (sentence,) = read(tmp_path / "a.jsonl", row)
    assert sentence.words == tuple(WORDS)
    first = ("Ada", "PER") if "tags" in row else ADA
    assert entities(sentence) == [first, LAGOS]


def test_spaces(tmp_path: Path) -> None:
    """Tokens become natural text, unless the user wants a space between all."""
    row = {"tokens": WORDS, "ner_tags": NAMES}
    assert read(tmp_path / "a.jsonl", row)[0].text == "Ada Obi lives in Lagos."
    (sentence,) = read(tmp_path / "a.jsonl", row, spaces="keep")
    assert (sentence.text, entities(sentence)) == ("Ada Obi lives in Lagos .", [ADA, LAGOS])


def test_tags_without_labels(tmp_path: Path) -> None:
    row = {"tokens": ["Ada", "left"], "ner_tags": ["B", "O"]}
    with pytest.raises(XnerError, match=r"a\.jsonl:1: found the tags .* without labels.*--label PER"):
        read(tmp_path / "a.jsonl", row)
    assert entities(read(tmp_path / "a.jsonl", row, label="PER")[0]) == [("Ada", "PER")]


def test_numbers_with_names(tmp_path: Path) -> None:
    row = {"tokens": WORDS, "ner_tags": NUMBERS}
    path = tmp_path / "a.jsonl"
    with pytest.raises(XnerError, match=r"a\.jsonl:1: found the tag number 1\. .*--label-names O,B-PER,I-PER"):
        read(path, row)
    assert entities(read(path, row, label_names=",".join(LABELS))[0]) == [ADA, LAGOS]
    with pytest.raises(XnerError, match="found the tag number 3, with names for 0 to 1"):
        read(path, {"tokens": ["a"], "ner_tags": [3]}, label_names="O,B-PER")
    (tmp_path / "README.md").write_text(README)
    assert entities(read(path, row)[0]) == [ADA, LAGOS]
    (tmp_path / "README.md").write_text(README.replace("- name: ner_tags", "- name: other"))
    with pytest.raises(XnerError, match="found the tag number 1"):
        read(path, row)
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    assert entities(read(path, row)[0]) == [ADA, LAGOS]


def test_rows_of_the_data_set_viewer(tmp_path: Path) -> None:
    names = {"name": "ner_tags", "type": {"feature": {"names": LABELS, "_type": "ClassLabel"}}}
    content = {"features": [names], "rows": [{"row_idx": 0, "row": {"tokens": WORDS, "ner_tags": NUMBERS}}]}
    assert entities(read(tmp_path / "a.json", content)[0]) == [ADA, LAGOS]


def test_row_without_tags_is_unlabelled(tmp_path: Path) -> None:
    assert entities(read(tmp_path / "a.jsonl", {"tokens": WORDS, "id": 1})[0]) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": WORDS, "ner_tags": ["O"]}, "found 6 tokens and 1 tags"),
        ({"tokens": ["a", "b "], "ner_tags": ["O", "O"]}, "one of them empty or with white space"),
        ({"tokens": ["a"], "ner_tags": ["PERSON-"]}, "found the tag 'PERSON-'"),
        ({"tokens": ["a"], "ner_tags": [-100]}, "found the tag number -100"),
        ({"tokens": ["a"], "ner_tags": {"a": 1}}, 'found {"a": 1} as "ner_tags"'),
        ({"tokens": ["a"], "ner": [[0, 1, "X"]]}, "expected numbers of the 1 tokens"),
        ({"tokens": [["a"]], "ner_tags": [["O"]]}, "the keys tokens, ner_tags"),
    ],
)
def test_rows_malformed(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=rf"a\.jsonl:1: .*{message}"):
        read(tmp_path / "a.jsonl", row)


def test_spacy_2_training_data(tmp_path: Path) -> None:
    """<https://v2.spacy.io/api/annotation#json-input>; the tag "-" is missing annotation."""
    tags = ["B-PER", "L-PER", "O", "-", "U-LOC", "O"]
    tokens = [{"id": i, "orth": word, "ner": tag} for i, (word, tag) in enumerate(zip(WORDS, tags, strict=True))]
    bare = [{"id": 0, "orth": "Yes", "tag": "UH"}]
    paragraph = {
        "raw": "Ada Obi lives in Lagos . Yes",
        "sentences": [{"tokens": tokens, "brackets": []}, {"tokens": bare}],
    }
    report = Report()
    first, second = read(tmp_path / "a.json", [{"id": 3, "paragraphs": [paragraph]}], report)
    assert (first.text, entities(first)) == ("Ada Obi lives in Lagos .", [ADA, LAGOS])
    assert [first.text[start:end] for start, end in first.unlabelled] == ["in"]
    assert (entities(second), second.meta) == (None, {"id": "3-2"})
    assert "training data of spaCy 2" in "".join(report.lines())


@pytest.mark.parametrize("paragraphs", [[1], [{"sentences": 1}], [{"sentences": [{"tokens": [{"orth": 1}]}]}]])
def test_spacy_2_malformed(tmp_path: Path, paragraphs: Any) -> None:
    with pytest.raises(XnerError, match=r"a\.json:1"):
        read(tmp_path / "a.json", [{"id": 3, "paragraphs": paragraphs}])


TEXT = "Ada Obi went (to Oslo)."
IN_TEXT = ["Ada", "Obi", "went", "(", "to", "Oslo", ")", "."]
PERSON = [("Ada Obi", "PER"), ("Oslo", "LOC")]


@pytest.mark.parametrize(
    "row",
    [
        {"ner_tags": ["B-PER", "I-PER", "O", "O", "O", "B-LOC", "O", "O"], "tokens": IN_TEXT},
        {"ner_tags": [1, 2, 0, 0, 0, 3, 0, 0], "tokens": IN_TEXT, "entities": []},
        {"ner": [[0, 1, "PER"], [5, 5, "LOC"]], "tokenized_text": IN_TEXT},
    ],
)
def test_rows_with_their_text(tmp_path: Path, row: dict[str, Any]) -> None:
    """The spaces are those of the text."""
    report = Report()
    path = tmp_path / "a.jsonl"
    (sentence,) = read(path, {"text": TEXT, **row}, report, label_names=",".join(LABELS))
    assert (sentence.text, sentence.words, entities(sentence)) == (TEXT, tuple(IN_TEXT), PERSON)
    assert not report.notes
    (sentence,) = read(path, {"text": "Something else", **row}, report, label_names=",".join(LABELS))
    assert entities(sentence) == PERSON
    assert report.notes[OTHER_TEXT].count == 1


def test_tags_of_other_kinds_beside_a_text(tmp_path: Path) -> None:
    """Parts of speech and numbers of classes are no entity tags: the entities count characters."""
    row: dict[str, Any] = {
        "text": "Ada left",
        "tokens": ["Ada", "left"],
        "tags": ["NNP", "VBD"],
        "entities": [[0, 3, "PER"]],
    }
    assert entities(read(tmp_path / "a.jsonl", row)[0]) == [("Ada", "PER")]
    row = {"text": "Ada left", "tokens": ["Ada", "left"], "labels": [4, 7]}
    with pytest.raises(XnerError, match="found the entity 4"):
        read(tmp_path / "a.jsonl", row)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"ner_tags": ["B-PER", "I-PER", "O"]},
            'found the tags .* as "ner_tags" beside a text, and no list of strings',
        ),
        ({"ner_tags": [1, 2, 0]}, 'found the tags .* as "ner_tags" beside a text'),
        ({"tokens": IN_TEXT, "ner_tags": ["B-PER", "O"]}, "found 8 tokens and 2 tags"),
        (
            {"tokens": IN_TEXT, "entities": [{"start": 0, "end": 2, "type": "PER"}]},
            "If they count tokens, delete the text",
        ),
        ({"tokens": IN_TEXT, "ner": [[0, 1, "PER"]]}, 'if they count characters, delete "tokens"'),
    ],
)
def test_rows_with_their_text_refused(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=rf"a\.jsonl:1: .*{message}"):
        read(tmp_path / "a.jsonl", {"text": TEXT, **row})


def test_entities_by_characters_beside_tokens(tmp_path: Path) -> None:
    row = {"text": TEXT, "tokens": IN_TEXT, "entities": [{"start": 0, "end": 3, "type": "PER"}]}
    assert entities(read(tmp_path / "a.jsonl", row)[0]) == [("Ada", "PER")]


def test_names_with_blanks(tmp_path: Path) -> None:
    labels = README.replace("B-PER", "B-creative work").replace("I-PER", "I-creative work")
    (tmp_path / "README.md").write_text(labels)
    report = Report()
    (sentence,) = read(tmp_path / "a.jsonl", {"tokens": WORDS, "ner_tags": NUMBERS}, report)
    assert entities(sentence) == [("Ada Obi", "creative work"), LAGOS]
    assert 'names of "ner_tags" from README.md' in "".join(report.lines())
    (tmp_path / "README.md").write_text(README.replace("'2': I-PER", "'5': I-PER"))
    with pytest.raises(
        XnerError, match=r'found names for the numbers 0, 1, 5, 3 of "ner_tags", expected all of 0 to 3'
    ):
        read(tmp_path / "a.jsonl", {"tokens": WORDS, "ner_tags": NUMBERS})


def test_configurations_with_other_names(tmp_path: Path) -> None:
    """Those of one data set can number their tags in other ways."""
    path, row = tmp_path / "a.jsonl", {"tokens": WORDS, "ner_tags": NUMBERS}
    other = {"ner_tags": {"feature": {"names": ["O", "B-X", "I-X", "B-Y"]}}}
    infos = tmp_path / "dataset_infos.json"
    infos.write_text(json.dumps({"coarse": {"features": FEATURES}, "fine": {"features": other}}))
    with pytest.raises(XnerError, match=r"2 lists of names .*dataset_infos\.json \(coarse: O,B-PER.*; fine: O,B-X"):
        read(path, row)
    assert entities(read(path, row, label_names=",".join(LABELS))[0]) == [ADA, LAGOS]
    assert entities(read(path, {"tokens": WORDS, "ner_tags": NAMES})[0]) == [ADA, LAGOS]
    infos.write_text(json.dumps({"en": {"features": FEATURES}, "de": {"features": FEATURES}}))
    assert entities(read(path, row)[0]) == [ADA, LAGOS]
    infos.unlink()
    card = "---\ndataset_info:\n" + "".join(
        f"- config_name: {name}\n  features:\n  - name: ner_tags\n    sequence:\n      class_label:\n        names:\n"
        f"          '0': O\n          '1': B-{name}\n"
        for name in ("one", "two")
    )
    (tmp_path / "README.md").write_text(card + "---\n")
    with pytest.raises(XnerError, match=r"README\.md \(one: O,B-one; two: O,B-two\)"):
        read(path, {"tokens": ["Ada"], "ner_tags": [1]})


def test_labels_without_prefixes(tmp_path: Path) -> None:
    row = {"tokens": ["Ada", "left"], "ner_tags": ["person", "O"]}
    with pytest.raises(XnerError, match="--scheme io"):
        read(tmp_path / "a.jsonl", row)
    assert entities(read(tmp_path / "a.jsonl", row, scheme="io")[0]) == [("Ada", "person")]


def test_form_of_tags_is_that_of_the_file(tmp_path: Path) -> None:
    """The tag _ is missing annotation where other rows of the file have O."""
    rows = [{"tokens": ["Ada", "left"], "ner_tags": tags} for tags in (["B-PER", "O"], ["_", "_"], ["_", "O"])]
    first, second, third = read(tmp_path / "a.json", rows)
    assert (entities(first), entities(second), entities(third)) == ([("Ada", "PER")], None, [])
    assert third.unlabelled == ((0, 3),)
    assert entities(read(tmp_path / "a.json", rows[1:2])[0]) == []


def test_tokens_that_are_the_spaces(tmp_path: Path) -> None:
    """Corpora of characters, as KLUE, write the spaces of the text as tokens."""
    row = {"tokens": list("특히 김연아는"), "ner_tags": ["O", "O", "O", "B-PS", "I-PS", "I-PS", "O"]}
    report = Report()
    (sentence,) = read(tmp_path / "a.jsonl", row, report, lang="ko")
    assert (sentence.text, entities(sentence)) == ("특히 김연아는", [("김연아", "PS")])
    assert report.notes[BLANK_TOKENS].count == 1
    words = {"tokens": ["Ada", " ", "Obi", " ", "left", "."], "ner_tags": ["B-PER", "I-PER", "I-PER", "O", "O", "O"]}
    (sentence,) = read(tmp_path / "a.jsonl", words)
    assert (sentence.text, sentence.words, entities(sentence)) == ("Ada Obi left.", ("Ada", "Obi", "left", "."), [ADA])


def test_few_blank_tokens_are_refused(tmp_path: Path) -> None:
    row = {"tokens": [*(["Ada", "left"] * 20), " "], "ner_tags": ["O"] * 41}
    with pytest.raises(XnerError, match="remove an empty token and its tag"):
        read(tmp_path / "a.jsonl", row)
