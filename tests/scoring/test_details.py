"""Counts by sentence, kinds of errors and examples, compared with counts by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.scoring.details import MAX_EXAMPLE_LENGTH, Details
from spacy_xner.scoring.entities import Entity
from spacy_xner.scoring.error_kinds import match_entities
from spacy_xner.scoring.scores import evaluate_pipeline

from ..experiments.records_util import finder, labelled

FOUND = {"Ada": "PER", "Rome": "LOC", "Turin": "LOC", "Acme": "PER"}
DOCS = [
    labelled("[Ada](PER) left [Rome](LOC) .", "en"),
    labelled("[Acme](ORG) und Ada", "de"),  # another label, and a spurious one
    labelled("gar nichts", "de"),
    labelled("[Ada](PER) in [Rome Turin](LOC) bei [Bonn](LOC)", "de"),  # one right, one in pieces, one missed
    labelled("[à Turin](ORG)", "fr"),  # other boundaries and another label
]


def details_of(*docs: Any, examples: int = 0) -> dict[str, Any]:
    details = Details(examples)
    evaluate_pipeline(finder(**FOUND), docs, details=details)
    return details.to_json()


def kinds(predicted: list[Entity], gold: list[Entity]) -> list[str]:
    return [kind for kind, _, _ in match_entities(predicted, gold)]


def test_sentences() -> None:
    found = details_of(*DOCS)["sentences"]
    assert list(found) == ["de", "en", "fr"]
    assert found["de"] == {
        "n": 3,
        "repeats": [],
        "labels": {"LOC": [[2, 0, 2, 2]], "ORG": [[0, 0, 0, 1]], "PER": [[0, 0, 2, 0], [2, 1, 0, 0]]},
    }
    assert found["en"] == {"n": 1, "repeats": [], "labels": {"LOC": [[0, 1, 0, 0]], "PER": [[0, 1, 0, 0]]}}


def test_repeats_are_of_a_language() -> None:
    lines = [("Ada", "de"), ("Bonn", "de"), ("Ada", "fr"), ("[Ada](PER)", "de"), ("Ada .", "de"), ("Ada", "de")]
    found = details_of(*(labelled(line, lang) for line, lang in lines))["sentences"]
    assert found["de"]["repeats"] == [[2, 0], [4, 0]]
    assert found["fr"]["repeats"] == []


def test_errors() -> None:
    found = details_of(*DOCS)["errors"]
    assert found["de"] == {
        **{"correct": 1, "boundary": 1, "label": 1, "boundary and label": 0, "missed": 1, "spurious": 1},
        "confusion": {"": {"PER": 1}, "LOC": {"": 1, "LOC": 1}, "ORG": {"PER": 1}, "PER": {"PER": 1}},
    }
    assert (found["fr"]["boundary and label"], found["fr"]["confusion"]) == (1, {"ORG": {"LOC": 1}})


def test_scores_are_the_same_with_details() -> None:
    nlp = finder(**FOUND)
    assert evaluate_pipeline(nlp, DOCS, details=Details(3)) == evaluate_pipeline(nlp, DOCS)


@pytest.mark.parametrize(
    ("predicted", "gold", "expected"),
    [
        ([], [], []),
        ([(0, 3, "A")], [(0, 3, "A")], ["correct"]),
        ([(0, 3, "A")], [(3, 6, "A")], ["missed", "spurious"]),  # adjacent spans do not overlap
        ([(0, 9, "A")], [(0, 3, "A"), (4, 9, "A")], ["boundary", "missed"]),  # matched once, with the longer one
        ([(0, 3, "A"), (4, 9, "B")], [(0, 9, "A")], ["boundary"]),  # the label matters more than the length
        ([(0, 3, "A"), (2, 5, "A")], [(0, 3, "A"), (0, 5, "A")], ["correct", "boundary"]),
    ],
)
def test_matching(predicted: list[Entity], gold: list[Entity], expected: list[str]) -> None:
    assert kinds(predicted, gold) == expected


def test_examples_are_those_of_every_pipeline() -> None:
    docs = [labelled(f"[Ada](PER) {i}", "de") for i in range(20)] + [labelled("[Ada](PER)", "fr"), labelled("x", "fr")]
    docs.append(labelled(f"[Ada](PER) {'x' * MAX_EXAMPLE_LENGTH}", "es"))
    here, there = Details(4), Details(4)
    evaluate_pipeline(finder(**FOUND), docs, details=here)
    evaluate_pipeline(finder(Rome="LOC"), docs[::-1], details=there)
    ids = [[(e["lang"], e["id"], e["gold"]) for e in details.to_json()["examples"]] for details in (here, there)]
    assert ids[0] == ids[1]
    assert [lang for lang, _, _ in ids[0]] == ["de"] * 4 + ["fr"]
    assert here.to_json()["examples"][-1] == {
        **{"lang": "fr", "id": "[Ada](PER)", "text": "Ada", "gold": [[0, 3, "PER"]], "found": [[0, 3, "PER"]]},
    }
    assert details_of(*docs)["examples"] == []


def test_awkward_examples() -> None:
    docs = [labelled("😀[Ada](PER)😀", "de"), labelled("[שלום](PER) עולם", "he"), labelled("在[东京](LOC)说", "zh")]
    found = details_of(*docs, examples=1)["examples"]
    assert [example["text"][slice(*example["gold"][0][:2])] for example in found] == ["Ada", "שלום", "东京"]


def test_a_negative_number_of_examples() -> None:
    with pytest.raises(XnerError, match="examples = -1: expected 0 or more"):
        Details(-1)


ENTITIES = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.sampled_from("AB")), max_size=5).map(
    lambda drawn: sorted({(start, start + length, label) for start, length, label in drawn})
)


@given(ENTITIES, ENTITIES)
def test_every_entity_of_the_reference_is_in_one_match(predicted: list[Entity], gold: list[Entity]) -> None:
    result = match_entities(predicted, gold)
    assert sorted(wanted for _, wanted, _ in result if wanted) == sorted(label for *_, label in gold)
    assert sum(found != "" for _, _, found in result) <= len(predicted)
    assert kinds(predicted, gold).count("correct") == len(set(predicted) & set(gold))
