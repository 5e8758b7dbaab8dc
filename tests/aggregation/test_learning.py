"""Training a pipeline: it learns, its layer weights change, and with the last layer only it equals the stock one."""

from pathlib import Path

import numpy
import pytest
import spacy
import torch
from numpy.testing import assert_allclose
from spacy.language import Language

from spacy_xner.aggregation.weights import find_aggregators, softmax_weights

from .util import (
    AGGREGATORS,
    STOCK_LISTENER,
    STOCK_TRANSFORMER,
    WEIGHTED,
    make_config,
    make_examples,
    make_pipeline,
    predict,
    torch_encoder,
    train,
)


def weights_of(nlp: Language) -> numpy.ndarray:
    (aggregator,) = find_aggregators(nlp.get_pipe("ner").model)  # type: ignore[attr-defined]
    return numpy.array(softmax_weights(aggregator))


@pytest.mark.parametrize("aggregator", AGGREGATORS)
@pytest.mark.parametrize("mixed_precision", [False, True])
def test_learns(tiny_encoder: Path, aggregator: str, mixed_precision: bool) -> None:
    config = make_config(
        tiny_encoder,
        aggregator,
        **{"components.transformer.model.mixed_precision": mixed_precision},
    )
    nlp = make_pipeline(config)
    steps, learn_rate = (60, 0.01) if aggregator in WEIGHTED else (120, 0.002)
    train(nlp, steps=steps, learn_rate=learn_rate)
    expected = [[(ent.start_char, ent.end_char, ent.label_) for ent in eg.reference.ents] for eg in make_examples(nlp)]
    assert predict(nlp) == expected


def test_last_layer_is_the_stock_pipeline(tiny_encoder: Path) -> None:
    """Equal to spacy-transformers' own model and listener, in training too."""
    ours = make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1"))
    config = make_config(tiny_encoder, **{"components.transformer.model.@architectures": STOCK_TRANSFORMER})
    config["components"]["ner"]["model"]["tok2vec"] = STOCK_LISTENER
    stock = make_pipeline(config)
    losses: list[list[float]] = [[], []]
    for nlp, record in zip((ours, stock), losses, strict=True):
        optimizer = nlp.resume_training()
        for _ in range(5):
            loss: dict[str, float] = {}
            nlp.update(make_examples(nlp), sgd=optimizer, losses=loss)
            record += [float(loss["ner"]), float(loss["transformer"])]
    assert_allclose(losses[0], losses[1], rtol=1e-4)


@pytest.mark.parametrize("aggregator", WEIGHTED)
@pytest.mark.parametrize("learn_rate", [0.01, 5e-5])
def test_weights_move(tiny_encoder: Path, aggregator: str, learn_rate: float) -> None:
    """Also at the small learning rates that transformers are fine-tuned with."""
    nlp = make_pipeline(make_config(tiny_encoder, aggregator))
    predict(nlp)
    before = weights_of(nlp)
    assert_allclose(before, numpy.full(4, 0.25), rtol=1e-5)
    train(nlp, steps=20, learn_rate=learn_rate)
    after = weights_of(nlp)
    assert numpy.abs(after - before).max() > 20 * learn_rate
    assert after.sum() == pytest.approx(1.0, abs=1e-5)


def test_frozen_embeddings(tiny_encoder: Path) -> None:
    config = make_config(tiny_encoder, **{"components.transformer.model.freeze_embeddings": True})
    nlp = make_pipeline(config)
    words = torch_encoder(nlp).get_input_embeddings().weight  # type: ignore[operator]
    before = words.detach().clone()
    positions = torch_encoder(nlp).get_parameter("embeddings.position_embeddings.weight").detach().clone()
    train(nlp, steps=3)
    loaded = spacy.blank("xx").from_config(nlp.config).from_bytes(nlp.to_bytes())
    train(loaded, steps=2)
    for pipeline in (nlp, loaded):
        encoder = torch_encoder(pipeline)
        assert torch.equal(encoder.get_input_embeddings().weight, before)  # type: ignore[operator]
        assert not torch.equal(encoder.get_parameter("embeddings.position_embeddings.weight"), positions)


def test_learn_rate_factor(tiny_encoder: Path) -> None:
    """With Adam a parameter moves by about the learning rate at the first step: here by a tenth of it."""
    config = make_config(tiny_encoder, **{"components.transformer.model.learn_rate_factor": 0.1})
    nlp = make_pipeline(config)
    before = {name: p.detach().clone() for name, p in torch_encoder(nlp).named_parameters()}
    train(nlp, steps=2, learn_rate=0.01)  # spaCy's parser sends no gradient in the first
    moved = max(float((p - before[name]).abs().max()) for name, p in torch_encoder(nlp).named_parameters())
    assert moved == pytest.approx(0.001, rel=0.05)
