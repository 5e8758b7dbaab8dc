"""Scores as weights of labels, and label smoothing: losses and gradients by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_xner.annotations.entities import PlainSpan, set_spans
from spacy_xner.annotations.soft_labels import set_soft_labels
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.ner.weighting import hard_weights

from .util import SMALL, examples_of, untrained_pipeline

TAGS = ("O", "B-PER", "I-PER", "L-PER", "U-PER")
UNIFORM = np.full(5, 0.2)
OUT, UNIT = np.eye(5)[0], np.eye(5)[4]


@pytest.fixture(scope="module")
def nlp() -> Language:
    return untrained_pipeline()


@pytest.fixture
def recogniser(nlp: Language) -> Any:
    """With the default settings."""
    recogniser: Any = nlp.get_pipe("xner")
    recogniser.soft_weight, recogniser.label_smoothing = 0.5, 0.0
    recogniser.hard_weighting = recogniser.soft_weighting = None
    return recogniser


def projected(nlp: Language, *, soft: list[Any] | None = None, score: float = 0.9) -> Example:
    """`Ada met Bob`: two projected names with the scores 0.8 and 0.5; a teacher that is sure to 0.9."""
    reference = nlp.make_doc("Ada met Bob")
    set_spans(reference, [PlainSpan(0, 1, "PER", 0.8), PlainSpan(2, 3, "PER", 0.5)])
    reference._.xner_meta = {"id": "1", "lang": "en", "score": score}
    if soft is not None:
        set_soft_labels(reference, TAGS, soft)
    return Example(nlp.make_doc("Ada met Bob"), reference)


def check(recogniser: Any, example: Example, rows: list[Any], weights: list[float]) -> None:
    """Loss and gradient for uniform probabilities: a token's loss is its weight times log 5."""
    loss, (gradient,) = recogniser.get_loss([example], [np.zeros((len(rows), 5), dtype="f")])
    expected = np.array(weights)[:, None] * (UNIFORM - np.array(rows))
    np.testing.assert_allclose(gradient, expected, atol=1e-6)
    assert loss == pytest.approx(sum(weights) * np.log(5), rel=1e-5)


@pytest.mark.parametrize(
    ("weighting", "weights"), [(None, [1, 1, 1]), ("span", [0.8, 1, 0.5]), ("sentence", [0.5, 0.5, 0.5])]
)
def test_hard_labels(nlp: Language, recogniser: Any, weighting: str | None, weights: list[float]) -> None:
    recogniser.hard_weighting = weighting
    check(recogniser, projected(nlp), [UNIT, OUT, UNIT], weights)
    gold = Example.from_dict(nlp.make_doc("Ada sings"), {"entities": [(0, 3, "PER")]})
    check(recogniser, gold, [UNIT, OUT], [1, 1])  # manual labels have no score


@pytest.mark.parametrize(
    ("weighting", "weights"), [(None, [1, 1, 1]), ("token", [0.6, 1.0, 0.7]), ("sentence", [0.9, 0.9, 0.9])]
)
def test_soft_labels(nlp: Language, recogniser: Any, weighting: str | None, weights: list[float]) -> None:
    recogniser.soft_weighting = weighting
    rows = [[0.4, 0, 0, 0, 0.6], [1.0, 0, 0, 0, 0], [0.3, 0, 0, 0, 0.7]]
    example = projected(nlp, soft=rows)
    example.reference.set_ents([], default="missing")
    check(recogniser, example, rows, weights)
    example.reference._.xner_meta = None
    if weighting == "sentence":
        check(recogniser, example, rows, [1, 1, 1])


def test_both_with_their_weights(nlp: Language, recogniser: Any) -> None:
    """Each label's loss has its own weight; the second token has no soft label."""
    recogniser.soft_weight, recogniser.hard_weighting, recogniser.soft_weighting = 0.25, "span", "sentence"
    rows = np.array([[0.5, 0, 0, 0, 0.5], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])
    example = projected(nlp, soft=rows.tolist())
    logits = np.random.default_rng(0).normal(size=(3, 5)).astype("f")
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss, (gradient,) = recogniser.get_loss([example], [logits])
    hard, soft = np.array([0.75 * 0.8, 1.0, 0.75 * 0.5]), np.array([0.25 * 0.9, 0, 0.25 * 0.9])
    targets = np.array([UNIT, OUT, UNIT])
    by_label = -(targets * np.log(p)).sum(axis=1), -(rows * np.log(p)).sum(axis=1)
    assert loss == pytest.approx((hard * by_label[0] + soft * by_label[1]).sum(), rel=1e-5)
    slopes = hard[:, None] * (p - targets) + soft[:, None] * (p - rows)
    np.testing.assert_allclose(gradient, slopes, atol=1e-6)


def test_label_smoothing(nlp: Language, recogniser: Any) -> None:
    """Of hard labels alone: soft ones say how sure the teacher is."""
    recogniser.label_smoothing = 0.1
    check(recogniser, projected(nlp), [0.9 * UNIT + 0.02, 0.9 * OUT + 0.02, 0.9 * UNIT + 0.02], [1, 1, 1])
    rows = [[0.4, 0, 0, 0, 0.6], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
    mixed = [
        0.5 * (0.9 * UNIT + 0.02) + 0.5 * np.array(rows[0]),
        0.9 * OUT + 0.02,
        0.5 * (0.9 * UNIT + 0.02) + 0.5 * OUT,
    ]
    check(recogniser, projected(nlp, soft=rows), mixed, [1, 1, 1])
    unlabelled = Example(nlp.make_doc("Ada"), nlp.make_doc("Ada"))
    check(recogniser, unlabelled, [UNIFORM], [0])
    recogniser.hard_weighting = "span"
    check(recogniser, projected(nlp), [0.9 * UNIT + 0.02, 0.9 * OUT + 0.02, 0.9 * UNIT + 0.02], [0.8, 1, 0.5])


def test_a_score_of_zero_teaches_nothing(nlp: Language, recogniser: Any) -> None:
    recogniser.soft_weighting = "sentence"
    example = projected(nlp, soft=[UNIFORM.tolist()] * 3, score=0.0)
    example.reference.set_ents([], default="missing")
    check(recogniser, example, [OUT, OUT, OUT], [0, 0, 0])


def test_other_tokens_than_those_of_the_reference(nlp: Language) -> None:
    """A token gets the lowest weight of the tokens that it is made of; one that has none gets 1."""
    reference = Doc(nlp.vocab, words=["Ada", "met", "Bob", "!"], spaces=[True, True, False, False])
    set_spans(reference, [PlainSpan(0, 1, "PER", 0.8), PlainSpan(2, 3, "PER", 0.5)])
    for words, spaces, expected in (
        (["A", "da", "met", "Bob!"], [False, True, True, False], [0.8, 0.8, 1, 0.5]),
        (["Ada met", "Bob", "!"], [True, False, False], [0.8, 0.5, 1]),
        (["Ada", " ", "met", "Bob", "!"], [True, False, True, False, False], [0.8, 1, 1, 0.5, 1]),
    ):
        example = Example(Doc(nlp.vocab, words=words, spaces=spaces), reference)
        assert hard_weights(example, "span").tolist() == expected
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    assert hard_weights(empty, "span").tolist() == hard_weights(empty, "sentence").tolist() == []


def test_a_score_of_another_label_is_none(nlp: Language) -> None:
    example = projected(nlp)
    example.reference.set_ents([Span(example.reference, 0, 1, "LOC")])
    assert hard_weights(example, "span").tolist() == [1, 1, 1]


def test_scores_of_files(nlp: Language, tmp_path: Path) -> None:
    """A DocBin keeps the scores of entities."""
    write_docs(tmp_path / "x.spacy", [projected(nlp).reference])
    (doc,) = load_docs(tmp_path / "x.spacy")
    assert hard_weights(Example(nlp.make_doc(doc.text), doc), "span") == pytest.approx([0.8, 1, 0.5])


def test_settings(tmp_path: Path) -> None:
    """They are saved in the config, from the config and from Python; a pipeline without them has the defaults."""
    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("xner", config={**SMALL, "hard_weighting": "span", "label_smoothing": 0.1})
    nlp.initialize(lambda: examples_of(nlp))
    recogniser.soft_weighting = "token"
    nlp.to_disk(tmp_path)
    loaded: Any = spacy.load(tmp_path).get_pipe("xner")
    names = ("hard_weighting", "soft_weighting", "label_smoothing")
    assert [getattr(loaded, name) for name in names] == ["span", "token", 0.1]
    config = spacy.util.load_config(tmp_path / "config.cfg")
    for name in names:
        del config["components"]["xner"][name]
    config.to_disk(tmp_path / "config.cfg")
    loaded = spacy.load(tmp_path).get_pipe("xner")
    assert [getattr(loaded, name) for name in names] == [None, None, 0.0]


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        (
            "hard_weighting",
            "token",
            "hard_weighting of the component 'xner' is 'token', expected null or one of span, ",
        ),
        ("soft_weighting", "span", "soft_weighting of the component 'xner' is 'span', expected null or one of token, "),
        ("label_smoothing", 1.0, "label_smoothing of the component 'xner' must be from 0 to below 1, but it is 1.0"),
        ("label_smoothing", -0.1, "must be from 0 to below 1"),
    ],
)
def test_wrong_settings(nlp: Language, recogniser: Any, setting: str, value: Any, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        spacy.blank("en").add_pipe("xner", config={**SMALL, setting: value})
    with pytest.raises(XnerError, match=message):
        setattr(recogniser, setting, value)


def test_a_wrong_score(nlp: Language, recogniser: Any) -> None:
    recogniser.soft_weighting = "sentence"
    example = projected(nlp, soft=[UNIFORM.tolist()] * 3, score=3.0)
    with pytest.raises(XnerError, match=r"'Ada met Bob' has the score 3.0 .* expected a number from 0 to 1"):
        recogniser.get_loss([example], [np.zeros((3, 5), dtype="f")])
