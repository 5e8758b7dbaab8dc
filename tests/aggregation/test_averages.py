"""Averages of weights over the steps of training (`use_averages = true`): of the encoder's too, saved as well."""

from pathlib import Path
from typing import Any

import numpy
import spacy
import torch
from numpy.testing import assert_allclose, assert_array_equal
from spacy.language import Language

from spacy_xner.corpus.docs import write_docs
from spacy_xner.experiments.training import train_into

from ..experiments.util import docs_of
from .util import LAST_LAYER, make_config, make_examples, make_pipeline, predict, torch_encoder, train, with_xner

ROOT = Path(__file__).parents[2]
ENCODER = "encoder.layer.1.output.dense.weight"
FROZEN = "embeddings.word_embeddings.weight"


def weights_of(nlp: Language) -> dict[str, numpy.ndarray]:
    """Weights of the encoder, and of the recogniser's last layer."""
    state = dict(torch_encoder(nlp).named_parameters())
    head: Any = nlp.get_pipe("xner").model.get_ref("output_layer").get_param("W")  # type: ignore[attr-defined]
    return {name: state[name].detach().numpy().copy() for name in (ENCODER, FROZEN)} | {"head": head.copy()}


def test_averages_of_encoder_and_recogniser(tiny_encoder: Path, tmp_path: Path) -> None:
    """The means that thinc defines, by hand; they are predicted with and saved, and training goes on without."""
    config = with_xner(
        make_config(tiny_encoder, LAST_LAYER, **{"components.transformer.model.freeze_embeddings": True})
    )
    nlp = make_pipeline(config)
    train(nlp, steps=1)  # a head of zeros gives the encoder no gradient
    optimizer = nlp.create_optimizer()
    optimizer.learn_rate, optimizer.averages = 0.01, {}
    expected: dict[str, Any] = {}
    for step in range(1, 6):
        nlp.update(make_examples(nlp), sgd=optimizer)
        share = 1 - (1 + step) / (10 + step)
        for name, weights in weights_of(nlp).items():
            expected[name] = expected.get(name, 0.0) * (1 - share) + weights * share
    last = weights_of(nlp)
    expected[FROZEN] = last[FROZEN]  # not trained, and so not averaged
    predict(nlp)  # makes the encoder for predictions
    text = "Angela Merkel visited Paris ."
    layer = nlp.get_pipe("transformer")(nlp.make_doc(text))._.trf_data.model_output["last_hidden_state"]
    with nlp.use_params(optimizer.averages):
        for name, weights in weights_of(nlp).items():
            assert_allclose(weights, expected[name], rtol=1e-4, atol=1e-6, err_msg=name)
        averaged = nlp.get_pipe("transformer")(nlp.make_doc(text))._.trf_data.model_output["last_hidden_state"]
        nlp.to_disk(tmp_path)
    assert abs(averaged - layer).max() > 1e-3
    for name, weights in weights_of(nlp).items():
        assert_array_equal(weights, last[name], err_msg=name)
    assert abs(last[ENCODER] - expected[ENCODER]).max() > 1e-3
    again = nlp.get_pipe("transformer")(nlp.make_doc(text))._.trf_data.model_output["last_hidden_state"]
    assert_array_equal(again, layer)
    for name, weights in weights_of(spacy.load(tmp_path)).items():
        assert_allclose(weights, expected[name], rtol=1e-4, atol=1e-6, err_msg=name)
    nlp.update(make_examples(nlp), sgd=optimizer)
    assert abs(weights_of(nlp)[ENCODER] - last[ENCODER]).max() > 0


def test_a_training_saves_the_averages(tiny_encoder: Path, tmp_path: Path) -> None:
    """As an arm of a study sets it. Averages start at zero: after two steps they are 1 - 2/11 * 3/12 = 21/22 of weights
    that stay as they are."""
    write_docs(tmp_path / "gold.spacy", docs_of(tmp_path, ["[Ada](PER) was in [Paris](LOC) ."] * 6, "en"))
    overrides = {
        "paths.encoder": str(tiny_encoder),
        "paths.train": str(tmp_path / "gold.spacy"),
        "paths.dev": str(tmp_path / "gold.spacy"),
        "components.transformer.model.max_layers": None,
        "training.max_steps": 1,  # and step 0
        "training.eval_frequency": 1,
        "vars.learn_rate": 1e-9,
    }
    saved = {}
    for averages in (False, True):
        own = {**overrides, "training.optimizer.use_averages": averages}
        train_into(tmp_path / str(averages), ROOT / "configs/xner.cfg", 60, own)
        nlp = spacy.load(tmp_path / str(averages) / "model-last")
        saved[averages] = dict(torch_encoder(nlp).named_parameters())
    with torch.no_grad():
        assert_allclose(saved[True][ENCODER].numpy(), saved[False][ENCODER].numpy() * 21 / 22, rtol=1e-5, atol=1e-7)
        assert_array_equal(saved[True][FROZEN].numpy(), saved[False][FROZEN].numpy())
