"""Training the recogniser on hard, missing and soft labels; loss and gradient by hand."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_xner.annotations.soft_labels import get_soft_labels, set_soft_labels
from spacy_xner.errors import XnerError

from ..aggregation.util import TEXTS
from .util import SMALL, entities_of, examples_of, small_pipeline, untrained_pipeline

TAGS = ("O", "B-PER", "I-PER", "L-PER", "U-PER")


@pytest.fixture
def nlp() -> Language:
    return untrained_pipeline()


@pytest.fixture
def recogniser(nlp: Language) -> Any:
    """Not typed, as thinc's array types are not numpy's."""
    return nlp.get_pipe("xner")


def soft(nlp: Language, text: str, rows: list[list[float]], tags: tuple[str, ...] = TAGS) -> Example:
    """An example whose reference has soft labels and no hard ones."""
    reference = nlp.make_doc(text)
    set_soft_labels(reference, tags, rows)
    return Example(nlp.make_doc(text), reference)


def test_loss_by_hand(nlp: Language, recogniser: Any) -> None:
    example = Example.from_dict(nlp.make_doc("Ada sings"), {"entities": [(0, 3, "PER")]})
    logits = np.log(np.array([[0.1, 0.1, 0.1, 0.1, 0.6], [0.8, 0.05, 0.05, 0.05, 0.05]], dtype="f"))
    loss, (gradient,) = recogniser.get_loss([example], [logits])
    assert loss == pytest.approx(-np.log(0.6) - np.log(0.8), rel=1e-5)
    expected = np.array([[0.1, 0.1, 0.1, 0.1, -0.4], [-0.2, 0.05, 0.05, 0.05, 0.05]])
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)


@cache
def shared_pipeline() -> Language:
    """A pipeline for all examples that hypothesis draws: what the loss of given logits needs of it does not change."""
    return small_pipeline()


@given(seed=st.integers(0, 1000), weight=st.sampled_from([0.0, 0.3, 1.0]))
def test_gradient_is_the_slope_of_the_loss(seed: int, weight: float) -> None:
    """Finite differences, over docs of which one is unlabelled, one partly, one hard and soft."""
    nlp = shared_pipeline()
    recogniser: Any = nlp.get_pipe("xner")
    recogniser.soft_weight = weight
    random = np.random.default_rng(seed)
    n_tags = len(recogniser.scheme)
    partly = nlp.make_doc("Paris and Berlin")
    partly.set_ents([Span(partly, 0, 1, "LOC")], missing=[partly[1:3]])
    both = examples_of(nlp)[0]
    rows = random.dirichlet(np.ones(n_tags), size=len(both.reference))
    set_soft_labels(both.reference, recogniser.scheme.tags, rows)
    examples = [Example(nlp.make_doc("no labels"), nlp.make_doc("no labels")), both]
    examples.append(Example(nlp.make_doc(partly.text), partly))
    logits = [random.normal(size=(len(eg.predicted), n_tags)).astype("f") for eg in examples]
    _, gradients = recogniser.get_loss(examples, logits)
    assert not gradients[0].any()
    assert not gradients[2][1:].any()
    for _ in range(6):
        doc = random.integers(1, 3)
        i = random.integers(len(logits[doc])) if doc == 1 else 0
        j = random.integers(n_tags)
        losses = []
        for step in (0.01, -0.01):
            moved = [array.copy() for array in logits]
            moved[doc][i, j] += step
            losses.append(recogniser.get_loss(examples, moved)[0])
        assert gradients[doc][i, j] == pytest.approx((losses[0] - losses[1]) / 0.02, abs=2e-3)


def test_partly_labelled_text_teaches_what_is_labelled(nlp: Language, recogniser: Any) -> None:
    """As it is after an entity was lost in projection: other tokens have no loss, O as little as the entity."""
    reference = nlp.make_doc("Ada met Bob")
    reference.set_ents([Span(reference, 0, 1, "PER")], default="missing")
    example = Example(nlp.make_doc("Ada met Bob"), reference)
    logits = np.log(np.full((3, 5), 0.2, dtype="f"))
    loss, (gradient,) = recogniser.get_loss([example], [logits])
    assert loss == pytest.approx(-np.log(0.2), rel=1e-5)
    assert gradient.any(axis=1).tolist() == [True, False, False]


def test_missing_annotation_teaches_nothing(nlp: Language, recogniser: Any) -> None:
    unlabelled = Example(nlp.make_doc("Ada sings"), nlp.make_doc("Ada sings"))
    loss, (gradient,) = recogniser.get_loss([unlabelled], [np.ones((2, 5), dtype="f")])
    assert (loss, gradient.any()) == (0.0, False)
    recogniser.update([unlabelled], sgd=None)
    assert not recogniser.model.get_ref("output_layer").get_grad("W").any()


def test_tokens_that_fit_none_of_the_reference(nlp: Language, recogniser: Any) -> None:
    """The reference has "Adasings" as one entity token; the two predicted tokens are begin and last of it."""
    reference = Doc(nlp.vocab, words=["Adasings"], spaces=[False], ents=["B-PER"])
    example = Example(Doc(nlp.vocab, words=["Ada", "sings"], spaces=[False, False]), reference)
    _, (gradient,) = recogniser.get_loss([example], [np.zeros((2, 5), dtype="f")])
    assert gradient.argmin(axis=1).tolist() == [TAGS.index("B-PER"), TAGS.index("L-PER")]


# Soft labels


def test_soft_labels_alone_teach(nlp: Language) -> None:
    rows = [[0.1, 0.0, 0.0, 0.0, 0.9], [0.95, 0.0, 0.0, 0.0, 0.05]]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    fix_random_seed(0)
    for _ in range(150):
        nlp.update([soft(nlp, "Ada sings", rows)], sgd=optimizer)
    doc = nlp("Ada sings")
    assert entities_of(doc) == [("Ada", "PER")]
    assert doc.ents[0]._.confidence == pytest.approx(0.9, abs=0.05)  # as sure as its teacher


def test_hard_and_soft_are_mixed_by_weight(nlp: Language, recogniser: Any) -> None:
    example = Example.from_dict(nlp.make_doc("Ada sings"), {"entities": [(0, 3, "PER")]})
    set_soft_labels(example.reference, TAGS, [[0.2, 0.2, 0.2, 0.2, 0.2], [0, 0, 0, 0, 0]])
    recogniser.soft_weight = 0.25
    _, (gradient,) = recogniser.get_loss([example], [np.full((2, 5), 1.0, dtype="f")])
    uniform = np.full(5, 0.2)
    target = np.array([0.25 * uniform + 0.75 * np.eye(5)[4], np.eye(5)[0]])  # no soft label for the second
    np.testing.assert_allclose(gradient, uniform - target, atol=1e-6)


def test_columns_may_be_in_any_order(nlp: Language, recogniser: Any) -> None:
    example = soft(nlp, "Ada", [[0.75, 0.25]], ("U-PER", "O"))
    _, (gradient,) = recogniser.get_loss([example], [np.zeros((1, 5), dtype="f")])
    np.testing.assert_allclose(gradient, [[0.2 - 0.25, 0.2, 0.2, 0.2, 0.2 - 0.75]], atol=1e-6)


def test_docbin_keeps_soft_labels(nlp: Language) -> None:
    example = soft(nlp, "Ada sings", [[0.5, 0.5, 0, 0, 0], [1, 0, 0, 0, 0]])
    data = DocBin(docs=[example.reference], store_user_data=True).to_bytes()
    (copy,) = DocBin(store_user_data=True).from_bytes(data).get_docs(spacy.blank("xx").vocab)
    tags, array = get_soft_labels(copy) or ([], np.empty(0))
    assert tuple(tags) == TAGS
    np.testing.assert_array_equal(array, get_soft_labels(example.reference)[1])  # type: ignore[index]
    assert array.dtype == np.float32


def test_labels_come_from_soft_labels_too() -> None:
    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("xner", config=SMALL)
    nlp.initialize(lambda: [soft(nlp, "Ada", [[0.5, 0.5]], ("O", "U-NEW"))])
    assert recogniser.labels == ("NEW",)


def test_a_teacher_with_other_labels_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """Gold PER and a teacher's PERSON contradict each other; a label that only the teacher has may be rare."""
    spacy.util.logger.propagate = True
    nlp = spacy.blank("xx")
    recogniser: Any = nlp.add_pipe("xner", config=SMALL)
    reference = nlp.make_doc("Ada")
    reference.set_ents([Span(reference, 0, 1, label="PER")])
    gold = Example(nlp.make_doc("Ada"), reference)
    with pytest.raises(XnerError, match="labels PER, and soft labels of a teacher that knows PERSON, not PER"):
        nlp.initialize(lambda: [gold, soft(nlp, "Ada", [[0.5, 0.5]], ("O", "U-PERSON"))])
    with caplog.at_level("WARNING", logger="spacy"):
        nlp.initialize(lambda: [gold, soft(nlp, "Ada", [[0.5, 0.3, 0.2]], ("O", "U-PER", "U-LOC"))])
        assert recogniser.labels == ("LOC", "PER")
        assert "xner: the teacher's labels LOC do not occur in the labelled data" in caplog.text
        caplog.clear()
        nlp.initialize(lambda: [gold, soft(nlp, "Ada", [[0.5, 0.5]], ("O", "U-PER"))])
        assert caplog.text == ""


def test_soft_labels_of_other_tokens_are_counted(nlp: Language, recogniser: Any) -> None:
    reference = Doc(nlp.vocab, words=["Ada", "sings", "well", "."], spaces=[True, False, False, False])
    set_soft_labels(reference, TAGS, np.eye(5)[[4, 0, 0, 0]])
    predicted = Doc(nlp.vocab, words=["Ada", "singswell", "."], spaces=[True, False, False])
    _, (gradient,) = recogniser.get_loss([Example(predicted, reference)], [np.zeros((3, 5), dtype="f")])
    assert [bool(row.any()) for row in gradient] == [True, False, True]
    assert recogniser.report["soft labels lost"] == 2


def test_a_teacher_gives_soft_labels() -> None:
    nlp = small_pipeline(60)
    teacher: Any = nlp.get_pipe("xner")
    docs = [nlp.make_doc(text) for text, _ in TEXTS]
    teacher.set_soft_labels(docs, teacher.predict(docs))
    student = small_pipeline()
    optimizer = student.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(100):
        student.update([Example(student.make_doc(doc.text), doc) for doc in docs], sgd=optimizer)
    assert [entities_of(student(text)) for text, _ in TEXTS] == [entities_of(nlp(text)) for text, _ in TEXTS]


@pytest.mark.parametrize(
    ("rows", "tags", "message"),
    [
        ([[1, 0]], ("O", "U-PER"), r"have the shape \(1, 2\), expected \(2, 2\): a row for each token"),
        ([[1, 0, 0]] * 2, ("O", "U-PER"), r"have the shape \(2, 3\), expected \(2, 2\).*O, U-PER"),
        ([[1, 0], [np.nan, 1]], ("O", "U-PER"), r"NaN.*first for the token 1 \('sings'\)"),
        ([[1, 0], [np.inf, 1]], ("O", "U-PER"), "NaN, infinite"),
        ([[1, 0], [-0.5, 1.5]], ("O", "U-PER"), "negative"),
        ([[1, 0], [0.5, 0.1]], ("O", "U-PER"), r"token 1 \('sings'\) sum to 0.600, expected 1"),
        ([[1, 0]] * 2, ("O", "O"), "twice: O, O"),
        ([[1, 0]] * 2, ("O", "-"), "have the tag '-', expected O, or B-, I-, L- or U- with a label"),
        ([[1, 0]] * 2, ("O", "X-PER"), "have the tag 'X-PER'"),
    ],
)
def test_wrong_soft_labels(nlp: Language, rows: Any, tags: tuple[str, ...], message: str) -> None:
    doc = nlp.make_doc("Ada sings")
    with pytest.raises(XnerError, match=message):
        set_soft_labels(doc, tags, rows)
    assert doc._.xner_soft_labels is None


def test_soft_labels_of_unknown_labels(nlp: Language) -> None:
    with pytest.raises(XnerError, match="'U-ORG', but the component 'xner' has the labels PER"):
        nlp.update([soft(nlp, "Ada", [[0.5, 0.5]], ("O", "U-ORG"))])


def test_soft_labels_that_were_changed_by_hand(nlp: Language) -> None:
    example = soft(nlp, "Ada", [[0.5, 0.5, 0, 0, 0]])
    example.reference._.xner_soft_labels["probabilities"][0, 0] = np.nan
    with pytest.raises(XnerError, match="NaN"):
        nlp.update([example])
