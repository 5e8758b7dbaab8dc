"""A training that starts from another pipeline's weights, and the mean of the weights of two pipelines."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import Config

from spacy_xner.distillation.registry import start_from_v1
from spacy_xner.distillation.weights import encoders_of, mix_weights, start_from
from spacy_xner.errors import XnerError

from ..aggregation.util import TEXTS, make_config, make_pipeline, train, with_xner
from ..ner.util import small_pipeline


def weights_of(nlp: Language) -> dict[str, np.ndarray]:
    """All weights of a pipeline by place and name."""
    found = {}
    for pipe_name, pipe in nlp.pipeline:
        for number, node in enumerate(getattr(pipe, "model", None).walk() if hasattr(pipe, "model") else ()):  # type: ignore[union-attr]
            for name in node.param_names:
                if node.has_param(name):
                    found[f"{pipe_name} {number} {name}"] = node.get_param(name).copy()
            for module in encoders_of(node):
                for name, value in module.state_dict().items():
                    found[f"{pipe_name} {number} {name}"] = value.numpy().copy()
    return found


def entities(nlp: Language) -> list[list[tuple[str, str]]]:
    return [[(ent.text, ent.label_) for ent in nlp(text).ents] for text, _ in TEXTS]


@pytest.fixture(scope="module")
def config(tiny_encoder: Path) -> Config:
    return with_xner(make_config(tiny_encoder, "spacy_xner.WeightedConcat.v1"))


def test_mean_of_two_pipelines(tiny_pipeline: Path) -> None:
    first, second = spacy.load(tiny_pipeline), spacy.load(tiny_pipeline)
    train(second, steps=3)
    before, other = weights_of(first), weights_of(second)
    assert any(not np.array_equal(before[name], other[name]) for name in before)
    mix_weights(first, second, 0.25)
    mixed = weights_of(first)
    assert mixed.keys() == before.keys()
    for name, value in mixed.items():
        expected = value if value.dtype.kind != "f" else 0.75 * before[name] + 0.25 * other[name]
        np.testing.assert_allclose(value, expected, atol=1e-6)


def test_share_of_one_gives_the_other_pipeline(tiny_pipeline: Path) -> None:
    first, second = spacy.load(tiny_pipeline), spacy.load(tiny_pipeline)
    train(second, steps=10)
    entities(first)  # the encoder for predictions is there, and has to be made again
    mix_weights(first, second, 1.0)
    own, other = (nlp.get_pipe("xner").predict([nlp(TEXTS[0][0])])[0] for nlp in (first, second))  # type: ignore[attr-defined]
    np.testing.assert_allclose(own, other, atol=1e-5)


def test_start_takes_weights_and_the_order_of_labels(tiny_pipeline: Path, config: Config) -> None:
    teacher = spacy.load(tiny_pipeline)
    nlp = make_pipeline(config)
    labels = list(reversed(teacher.get_pipe("xner").labels))  # type: ignore[attr-defined]
    examples = [Example.from_dict(nlp.make_doc(text), {"entities": spans}) for text, spans in TEXTS]
    nlp.get_pipe("xner").cfg["labels"] = labels  # type: ignore[attr-defined]
    nlp.initialize(lambda: examples)
    assert list(nlp.get_pipe("xner").labels) == labels  # type: ignore[attr-defined]
    start_from(nlp, teacher)
    assert nlp.get_pipe("xner").labels == teacher.get_pipe("xner").labels  # type: ignore[attr-defined]
    assert entities(nlp) == entities(teacher) != [[] for _ in TEXTS]


def test_start_from_nothing_changes_nothing() -> None:
    nlp = small_pipeline()
    before = weights_of(nlp)
    start_from_v1(None)(nlp)
    assert all(np.array_equal(value, before[name]) for name, value in weights_of(nlp).items())


def test_other_labels_are_refused(tiny_pipeline: Path, config: Config) -> None:
    nlp = make_pipeline(config)
    nlp.get_pipe("xner").cfg["labels"] = ["GPE"]  # type: ignore[attr-defined]
    with pytest.raises(XnerError, match=r"training data has the labels GPE, and .*expected the same"):
        start_from_v1(str(tiny_pipeline))(nlp)


def test_other_sizes_are_refused_and_nothing_changes() -> None:
    nlp = small_pipeline()
    wider = {"@architectures": "spacy_xner.TokenClassifier.v1", "hidden_width": 7}
    tok2vec = nlp.get_pipe_config("xner")["model"]["tok2vec"]
    other = small_pipeline(model={**wider, "tok2vec": tok2vec})
    before = weights_of(nlp)
    with pytest.raises(XnerError, match=r"of the component xner"):
        mix_weights(nlp, other, 0.5)
    assert all(np.array_equal(value, before[name]) for name, value in weights_of(nlp).items())


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_share_out_of_range(share: float) -> None:
    nlp = small_pipeline()
    with pytest.raises(XnerError, match="expected a number from 0 to 1"):
        mix_weights(nlp, nlp, share)


def test_missing_component_is_named() -> None:
    with pytest.raises(XnerError, match="has no component xner"):
        mix_weights(small_pipeline(), spacy.blank("en"), 0.5)
