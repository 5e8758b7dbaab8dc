"""The calibration error by hand, and the temperature: of synthetic scores, of a pipeline, in training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Span
from spacy.training import Example

from spacy_xner.errors import XnerError
from spacy_xner.ner.calibration import expected_calibration_error, fit_temperature
from spacy_xner.ner.decoding import Constraints, decode, log_softmax
from spacy_xner.ner.fitting import calibrate, find_recogniser
from spacy_xner.ner.registry import fit_temperature_v1
from spacy_xner.ner.tags import TagScheme

from ..aggregation.util import TEXTS
from .util import examples_of, small_pipeline

SCHEME = TagScheme(["X"])


def test_error_by_hand() -> None:
    """Two bins: [0.9, 0.92], one of them correct, and [0.3], which is wrong."""
    assert expected_calibration_error([0.9, 0.92, 0.3], [True, False, False]) == pytest.approx(
        (abs(0.9 + 0.92 - 1) + 0.3) / 3
    )
    assert expected_calibration_error([1.0, 1.0], [True, True]) == 0.0
    assert expected_calibration_error([0.0, 1.0], [True, False]) == 1.0
    with pytest.raises(XnerError, match="at least one predicted entity"):
        expected_calibration_error([], [])


@pytest.mark.parametrize("true_temperature", [0.7, 2.0, 4.0])
def test_the_temperature_is_found(true_temperature: float) -> None:
    """Logits are multiplied by a temperature after labels were drawn from them: fitting recovers it."""
    random = np.random.default_rng(0)
    honest = [random.normal(size=(12, len(SCHEME)), scale=2.0) for _ in range(400)]
    gold = []
    for doc in honest:
        scores = log_softmax(doc)
        (entities,) = decode([scores], SCHEME)
        gold.append({entity[:3] for entity in entities if random.random() < entity.confidence})
    limits = [Constraints.none(12)] * len(honest)
    found = fit_temperature([doc * true_temperature for doc in honest], limits, gold, SCHEME)
    assert found is not None
    assert found.temperature == pytest.approx(true_temperature, rel=0.1)
    assert found.ece_after < 0.03
    assert found.ece_after < found.ece_before
    assert found.entities > 500


def test_of_a_pipeline(tmp_path: Path) -> None:
    """An overconfident pipeline on names, half of which are wrong."""
    nlp = small_pipeline(150)
    texts = [("Berlin", [(0, 6, "LOC")]), ("Berlin", [(0, 6, "PER")])] * 10
    before = nlp("Berlin").ents[0]._.confidence
    found = calibrate(nlp, examples_of(nlp, texts))
    assert found is not None
    assert found.entities == 20
    assert found.temperature > 2
    assert found.ece_before > 0.4 > 0.2 > found.ece_after
    assert nlp("Berlin").ents[0]._.confidence == pytest.approx(0.5, abs=0.2) != before
    nlp.to_disk(tmp_path)
    kept: Any = spacy.load(tmp_path).get_pipe("xner")
    assert kept.temperature == found.temperature
    assert kept.cfg["calibration"] == pytest.approx(found.to_json())


def test_what_nobody_labelled_is_not_looked_at() -> None:
    """Examples whose tokens are half unlabelled give the temperature of the other half."""
    nlp = small_pipeline(150)
    texts = [("Berlin", [(0, 6, "LOC")])] * 5 + [("Berlin", [(0, 6, "PER")])] * 5
    expected = calibrate(nlp, examples_of(nlp, texts))
    doubled = []
    for example in examples_of(nlp, [(f"{text} Berlin", spans) for text, spans in texts]):
        reference = example.reference
        reference.set_ents(list(reference.ents), missing=[reference[1:2]], default="outside")
        doubled.append(Example(example.predicted, reference))
    found = calibrate(nlp, doubled)
    assert found is not None
    assert expected is not None
    assert found.entities == expected.entities == 10
    assert found.temperature == pytest.approx(expected.temperature, rel=0.3)


def test_fitting_twice_is_as_fitting_once() -> None:
    nlp = small_pipeline(40)
    assert calibrate(nlp, examples_of(nlp)) == calibrate(nlp, examples_of(nlp))


def test_the_callback_for_training() -> None:
    nlp = small_pipeline(60)
    before_to_disk = fit_temperature_v1(examples_of)
    assert before_to_disk(nlp) is nlp
    assert nlp.get_pipe("xner").cfg["calibration"]["entities"] == 5  # type: ignore[attr-defined]


def test_nothing_predicted() -> None:
    nlp = small_pipeline()
    recogniser: Any = nlp.get_pipe("xner")
    recogniser.cfg["temperature"] = 2.0
    recogniser.model.get_ref("output_layer").get_param("b")[0] = 50.0  # all outside
    assert calibrate(nlp, examples_of(nlp)) is None
    assert (recogniser.temperature, recogniser.cfg["calibration"]) == (1.0, None)


@pytest.mark.parametrize("texts", ["none", "unlabelled", "empty"])
def test_an_empty_development_set(texts: str) -> None:
    nlp = small_pipeline()
    unlabelled = Example(nlp.make_doc("Berlin"), nlp.make_doc("Berlin"))
    examples = {"none": [], "unlabelled": [unlabelled], "empty": examples_of(nlp, [("", [])])}[texts]
    with pytest.raises(XnerError, match=r"temperature of the component 'xner' cannot be fitted.*--paths.dev"):
        calibrate(nlp, examples)


def test_labels_of_another_vocabulary() -> None:
    """Entities with a label that the pipeline does not have are not found."""
    nlp = small_pipeline(60)
    other = spacy.blank("en")
    doc = other.make_doc("Carnival begins")
    doc.set_ents([Span(doc, 0, 1, "EVENT")])
    references = [*(example.reference for example in examples_of(other)), doc]
    found = calibrate(nlp, [Example(nlp.make_doc(reference.text), reference) for reference in references])
    assert found is not None
    assert found.entities >= 5


def test_a_renamed_component() -> None:
    nlp = small_pipeline(60)
    nlp.rename_pipe("xner", "names")
    assert calibrate(nlp, examples_of(nlp), component="names") == calibrate(nlp, examples_of(nlp))


def test_no_such_component() -> None:
    nlp = small_pipeline()
    assert find_recogniser(nlp).name == "xner"
    with pytest.raises(XnerError, match="no component 'ner' with calibrated scores; it has xner"):
        calibrate(nlp, examples_of(nlp, TEXTS), component="ner")
    with pytest.raises(XnerError, match="it has none"):
        find_recogniser(spacy.blank("en"))
