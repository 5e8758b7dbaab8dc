"""The component in odd but possible use: settings changed in Python, odd labels, empty docs, other components."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_xner.errors import XnerError
from spacy_xner.ner.component import SoftmaxRecogniser

from .util import SMALL, entities_of, examples_of, small_pipeline

TEXT = "Angela Merkel visited Paris ."


@pytest.fixture(scope="module")
def trained() -> Language:
    return small_pipeline(60)


@pytest.fixture
def nlp(trained: Language) -> Language:
    """A copy, whose component is not in training."""
    nlp = copy.deepcopy(trained)
    recogniser_of(nlp).in_training = False
    return nlp


def recogniser_of(nlp: Language, name: str = "xner") -> SoftmaxRecogniser:
    return nlp.get_pipe(name)  # type: ignore[return-value]


def between(nlp: Language) -> float:
    """A threshold that one of the two entities of TEXT has."""
    doc = nlp(TEXT)
    return sum(doc.spans["xner"].attrs["scores"]) / 2


# Settings


def test_a_threshold_that_is_set_in_python_is_saved(nlp: Language, tmp_path: Path) -> None:
    """In the config, which is also where it can be changed again."""
    threshold = between(nlp)
    recogniser_of(nlp).threshold = threshold
    expected = entities_of(nlp(TEXT))
    assert len(expected) == 1
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert entities_of(loaded(TEXT)) == expected
    assert recogniser_of(loaded).threshold == loaded.config["components"]["xner"]["threshold"] == threshold
    built = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert entities_of(built(TEXT)) == expected
    again = spacy.load(tmp_path, config={"components": {"xner": {"threshold": 0.0}}})
    assert len(again(TEXT).ents) == 2
    assert "threshold" not in recogniser_of(again).cfg


def test_settings_of_renamed_and_disabled_components(nlp: Language) -> None:
    nlp.rename_pipe("xner", "names")
    nlp.disable_pipe("names")
    recogniser_of(nlp, "names").threshold = 0.5
    recogniser_of(nlp, "names").soft_weight = 0.25
    block = nlp.config["components"]["names"]
    assert (block["threshold"], block["soft_weight"]) == (0.5, 0.25)


def test_a_copys_settings_are_its_own(nlp: Language) -> None:
    twin = copy.deepcopy(nlp)
    recogniser_of(twin).threshold = 0.5
    assert [each.config["components"]["xner"]["threshold"] for each in (nlp, twin)] == [0.0, 0.5]


def test_a_setting_that_cannot_be_saved_is_said(
    nlp: Language, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A pickled component does not know its pipeline: it must not take it along to each worker process."""
    spacy.util.logger.propagate = True
    twin = pickle.loads(pickle.dumps(nlp))
    assert len(pickle.dumps(twin.get_pipe("xner"))) < len(pickle.dumps(twin))
    with caplog.at_level("WARNING", logger="spacy"):
        twin.to_disk(tmp_path)
        assert caplog.text == ""
        recogniser_of(twin).threshold = 0.5
        twin.to_disk(tmp_path)
    assert "xner: the setting threshold = 0.5 is not saved" in caplog.text
    assert 'nlp.get_pipe_config("xner")["threshold"] = 0.5' in caplog.text


def test_the_threshold_is_not_applied_in_training(nlp: Language, caplog: pytest.LogCaptureFixture) -> None:
    """From the first update until the component is loaded, calibrated, or its threshold is set. It is said once."""
    spacy.util.logger.propagate = True
    recogniser = recogniser_of(nlp)
    recogniser.threshold = 1.0
    assert nlp(TEXT).ents == ()
    with caplog.at_level("WARNING", logger="spacy"):
        nlp.update(examples_of(nlp), sgd=nlp.resume_training())
        assert len(nlp(TEXT).ents) == len(nlp(TEXT).ents) == 2
    assert caplog.text.count("xner: the threshold 1.0 is not applied while the component is trained") == 1
    assert recogniser_of(copy.deepcopy(nlp)).in_training
    nlp.from_bytes(nlp.to_bytes())
    assert nlp(TEXT).ents == ()


# Labels


@pytest.mark.parametrize("label", ["B-PER", "O", "-", "a b", "NAME|X", "Ärzte", "人名", "x" * 200, "I-", "\U0001f600"])
def test_odd_labels(label: str, tmp_path: Path) -> None:
    """They are learned, saved and found as they are."""
    nlp = spacy.blank("en")
    nlp.add_pipe("xner", config=SMALL)
    examples = examples_of(nlp, [("Ada sings", [(0, 3, label)]), ("Bob sings", [(0, 3, "PER")])])
    optimizer: Any = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    for _ in range(40):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(tmp_path)
    for each in (nlp, spacy.load(tmp_path)):
        assert entities_of(each("Ada sings")) == [("Ada", label)]
        assert entities_of(each("Bob sings")) == [("Bob", "PER")]


@pytest.mark.parametrize("label", ["", None, 3])
def test_labels_that_are_none(nlp: Language, label: Any) -> None:
    with pytest.raises(XnerError, match=r"The label .* of the component 'xner' must be a string that is not empty"):
        recogniser_of(nlp).add_label(label)


def test_labels_before_initialisation() -> None:
    """Those that were added by hand come first; twice is once."""
    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("xner", config=SMALL)
    assert [recogniser.add_label(label) for label in ("ORG", "PER", "ORG")] == [1, 1, 0]
    nlp.initialize(lambda: examples_of(nlp))
    assert recogniser.labels == ("ORG", "PER", "LOC")
    assert recogniser.model.get_dim("nO") == 1 + 4 * 3
    nlp.initialize(lambda: examples_of(nlp))
    assert recogniser.labels == ("ORG", "PER", "LOC")


# Training


def test_a_partly_annotated_example(trained: Language) -> None:
    """By hand: "visited" is missing, "." is O; the gradient is softmax - target there, and zero where it is missing."""
    recogniser: Any = trained.get_pipe("xner")
    reference = trained.make_doc(TEXT)
    reference.set_ents([Span(reference, 0, 2, "PER")], missing=[reference[2:4]], default="outside")
    n_tags = len(recogniser.scheme)
    logits = np.zeros((5, n_tags), dtype="f")
    logits[4, 0] = np.log(3)
    example = Example(trained.make_doc(TEXT), reference)
    loss, (gradient,) = recogniser.get_loss([example], [logits])
    uniform = np.full(n_tags, 1 / n_tags)
    expected = np.zeros((5, n_tags))
    expected[0] = uniform - np.eye(n_tags)[recogniser.scheme.index["B-PER"]]
    expected[1] = uniform - np.eye(n_tags)[recogniser.scheme.index["L-PER"]]
    last = np.full(n_tags, 1 / (n_tags + 2))
    last[0] *= 3
    expected[4] = last - np.eye(n_tags)[0]
    np.testing.assert_allclose(gradient, expected, atol=1e-6)
    assert loss == pytest.approx(2 * np.log(n_tags) - np.log(3 / (n_tags + 2)), rel=1e-5)


def test_empty_docs_in_updates(nlp: Language) -> None:
    """They change nothing: alone there is no loss, and among others the gradients are those of the others."""
    losses: dict[str, float] = {}
    empty = Example(nlp.make_doc(""), nlp.make_doc(""))
    nlp.update([empty, empty], sgd=nlp.resume_training(), losses=losses)
    assert losses["xner"] == 0.0
    model: Any = recogniser_of(nlp).model
    example = examples_of(nlp)[0]
    recogniser_of(nlp).update([example])
    alone = model.get_ref("output_layer").get_grad("W").copy()
    model.get_ref("output_layer").set_grad("W", alone * 0)
    recogniser_of(nlp).update([empty, example, empty])
    np.testing.assert_allclose(model.get_ref("output_layer").get_grad("W"), alone, atol=1e-6)
    assert alone.any()


def test_rehearsal_is_said_to_have_no_effect(nlp: Language, caplog: pytest.LogCaptureFixture) -> None:
    spacy.util.logger.propagate = True
    before = recogniser_of(nlp).model.to_bytes()
    nlp.resume_training()
    with caplog.at_level("WARNING", logger="spacy"):
        for _ in range(2):
            nlp.rehearse([Example(nlp.make_doc(TEXT), nlp.make_doc(TEXT))])
    assert caplog.text.count("xner: `rehearse` has no effect") == 1
    assert recogniser_of(nlp).model.to_bytes() == before


def test_a_disabled_recogniser(nlp: Language) -> None:
    with nlp.select_pipes(disable=["xner"]):
        assert nlp(TEXT).ents == ()
        assert "xner" not in nlp(TEXT).spans
    assert len(nlp(TEXT).ents) == 2


# Other components


def test_entities_of_components_before_and_after(nlp: Language) -> None:
    """Those before are kept, as `ner` does, without a score; those after can replace the recogniser's."""
    before: Any = nlp.add_pipe("entity_ruler", name="before", first=True)
    before.add_patterns([{"label": "CITY", "pattern": "Paris"}])
    after: Any = nlp.add_pipe("entity_ruler", name="after", config={"overwrite_ents": True})
    after.add_patterns([{"label": "CHANCELLOR", "pattern": "Angela Merkel"}])
    doc: Doc = nlp(TEXT)
    assert entities_of(doc) == [("Angela Merkel", "CHANCELLOR"), ("Paris", "CITY")]
    assert [ent._.confidence for ent in doc.ents] == [None, None]
    assert [(span.text, span.label_) for span in doc.spans["xner"]] == [("Angela Merkel", "PER")]
