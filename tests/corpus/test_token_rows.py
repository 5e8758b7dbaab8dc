"""Rows of tokens, of Hugging Face's data sets and of GLiNER and SpERT; spaCy 2's training data."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.corpus.formats.report import Report
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
        ({"tokens": ["a", " "], "ner_tags": ["O", "O"]}, "one of them empty or with white space"),
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
