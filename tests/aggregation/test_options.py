"""Options of aggregators, and errors for wrong ones."""

from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from spacy import registry

from spacy_xner.aggregation.options import common_attributes, layers_read, resolve_layers
from spacy_xner.aggregation.types import ENCODER_LAYERS, LAYERS_READ
from spacy_xner.encoders.outputs import layers_of
from spacy_xner.errors import XnerError

from ..conftest import TINY_LAYERS
from .util import (
    AGGREGATORS,
    LAST_LAYER,
    LAYER_ATTENTION,
    SCALAR_MIX,
    TOK2VEC,
    WEIGHTED_CONCAT,
    make_config,
    make_pipeline,
    predict,
    run_backward,
    tok2vec_of,
    torch_encoder,
    train,
)

ALL = TINY_LAYERS + 1


@given(n_layers=st.integers(1, 30), data=st.data())
def test_resolved_layers(n_layers: int, data: st.DataObject) -> None:
    """Layers that are named from the end, in any order: indices from 0, lowest first."""
    chosen = data.draw(st.sets(st.integers(0, n_layers - 1), min_size=1))
    written = [i - n_layers if data.draw(st.booleans()) else i for i in data.draw(st.permutations(sorted(chosen)))]
    assert resolve_layers(written, n_layers) == sorted(chosen)
    assert common_attributes(written, 0.0)[LAYERS_READ] == written
    assert resolve_layers(None, n_layers) == list(range(n_layers))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": []}, "layers: the list is empty. Name at least one"),
        ({"layers": [1, 2, 1]}, "layers: .* names a layer twice"),
        ({"layers": [1, True]}, "layers: True is not a layer number"),
        ({"layers": [1, 1.5]}, "layers: 1.5 is not a layer number"),
        ({"layer_dropout": 1.0}, r"layer_dropout: 1.0 is not a probability in \[0, 1\)"),
        ({"layer_dropout": -0.1}, "layer_dropout: -0.1 is not a probability"),
        ({"layer_dropout": float("nan")}, "layer_dropout: nan is not a probability"),
        ({"logit_scale": -1.0}, "logit_scale: -1.0 is "),
    ],
)
@pytest.mark.parametrize("aggregator", AGGREGATORS[1:])
def test_mistakes_that_are_found_at_once(aggregator: str, options: dict[str, Any], message: str) -> None:
    architecture = registry.architectures.get(aggregator)  # configs are checked for types before
    with pytest.raises(XnerError, match=message):
        architecture(**options)


@pytest.mark.parametrize(
    ("aggregator", "options", "message"),
    [
        (LAST_LAYER, {"layers": [1, 2]}, r"returns one layer, not \[1, 2\]"),
        (LAST_LAYER, {"layers": []}, "the list is empty"),
        (LAYER_ATTENTION, {"layers": [-1]}, "Name at least two, or use LastLayer"),
        (LAYER_ATTENTION, {"query_width": 0}, "query_width: 0 is too small"),
        (SCALAR_MIX, {"logit_scale": 0.0}, "logit_scale: 0.0 is not positive"),
        (WEIGHTED_CONCAT, {"logit_scale": 0.0}, "logit_scale: 0.0 is not positive"),
    ],
)
def test_mistakes_of_one_aggregator(aggregator: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        registry.architectures.get(aggregator)(**options)


@pytest.mark.parametrize(
    ("option", "value", "written", "left"),
    [
        ("scores", "additive", '"additive"', '"dot"'),
        ("n_heads", 2, "2", "1"),
        ("project_values", True, "true", "false"),
        ("fusion", "gate", '"gate"', '"sum"'),
        ("fusion", "concat", '"concat"', '"sum"'),
    ],
)
def test_options_of_attention_that_were_removed(option: str, value: Any, written: str, left: str) -> None:
    """The message names the option, the value, and what to write; it is the same for a config."""
    message = f"{option}: {written} was removed .* Write {option} = {left} or leave {option} out"
    with pytest.raises(XnerError, match=message):
        registry.resolve({"model": {"@architectures": LAYER_ATTENTION, option: value}})


def test_saved_configs_may_name_options_that_were_removed() -> None:
    former = {"scores": "dot", "n_heads": 1, "project_values": False, "fusion": "sum"}
    model = registry.resolve({"model": {"@architectures": LAYER_ATTENTION, **former, "query_width": 8}})["model"]
    assert model.attrs["query_width"] == 8


@pytest.mark.parametrize("aggregator", AGGREGATORS)
@pytest.mark.parametrize("layer", [ALL, -ALL - 1, 12])
def test_layers_that_the_encoder_does_not_have(tiny_encoder: Path, aggregator: str, layer: int) -> None:
    layers = [layer] if aggregator == LAST_LAYER else [1, layer]
    nlp = make_pipeline(make_config(tiny_encoder, aggregator, **{f"{TOK2VEC}.aggregator.layers": layers}))
    with pytest.raises(XnerError, match=f"layers: the encoder has no layer {layer}. It has 4.* 0 to 3 .*-4 to -1"):
        predict(nlp)


def test_a_layer_named_in_two_ways(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{TOK2VEC}.aggregator.layers": [3, -1]}))
    with pytest.raises(XnerError, match=r"layers: \[3, -1\] names a layer twice, as the encoder has 4 and -1 is 3"):
        predict(nlp)


def test_residual_needs_the_width_of_the_encoder(tiny_encoder: Path) -> None:
    overrides = {f"{TOK2VEC}.aggregator.{key}": value for key, value in {"nO": 8, "residual": True}.items()}
    with pytest.raises(XnerError, match="nO: 8 is not the width of the encoder, 32"):
        predict(make_pipeline(make_config(tiny_encoder, WEIGHTED_CONCAT, **overrides)))


@pytest.mark.parametrize("aggregator", AGGREGATORS[1:])
@pytest.mark.parametrize("layers", [[-1, 1], [0, 2]])
def test_chosen_layers_alone_are_read(tiny_encoder: Path, aggregator: str, layers: list[int]) -> None:
    """The vectors are computed from these layers only; layers above the highest get no gradient."""
    nlp = make_pipeline(make_config(tiny_encoder, aggregator, **{f"{TOK2VEC}.aggregator.layers": layers}))
    doc = nlp("Berlin is big")
    aggregator_ = tok2vec_of(nlp).layers[1].layers[0]
    assert (aggregator_.get_dim("nL"), aggregator_.attrs[ENCODER_LAYERS]) == (2, ALL)
    assert layers_read(aggregator_) == sorted(layer % ALL for layer in layers)
    for param in aggregator_.param_names:
        aggregator_.set_param(param, aggregator_.get_param(param) + 0.1)
    data = doc._.trf_data
    every: Any = layers_of(data)  # thinc's array types are not numpy's
    assert every is not None
    rows = data.align.dataXd
    pieces = aggregator_.predict([every[i].reshape(-1, every[i].shape[-1])[rows] for i in layers_read(aggregator_)])
    splits = numpy.split(pieces, numpy.cumsum(data.align.lengths)[:-1])
    expected = [part.mean(axis=0) for part in splits]
    assert_allclose(tok2vec_of(nlp).predict([doc])[0], expected, rtol=1e-4, atol=1e-5)

    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    run_backward(nlp, [doc.text])
    norms = {name: float(p.grad.norm()) for name, p in encoder.named_parameters() if p.grad is not None}
    highest = max(layers_read(aggregator_))
    for i in range(TINY_LAYERS):
        assert (norms[f"encoder.layer.{i}.output.dense.weight"] > 1e-4) == (i < highest)


def test_last_layer_can_be_another(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, LAST_LAYER, **{f"{TOK2VEC}.aggregator.layers": [1]}))
    doc = nlp("Berlin")
    every: Any = layers_of(doc._.trf_data)  # thinc's array types are not numpy's
    layer = every[1]
    expected = layer.reshape(-1, layer.shape[-1])[doc._.trf_data.align.dataXd].mean(axis=0)
    assert_allclose(tok2vec_of(nlp).predict([doc])[0][0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("aggregator", "options"),
    [
        (SCALAR_MIX, {"residual": True, "layer_dropout": 0.3}),
        (WEIGHTED_CONCAT, {"residual": True, "layers": [1, -1], "layer_dropout": 0.3}),
        (LAYER_ATTENTION, {"query_width": 8, "layers": [0, 1, -1], "layer_dropout": 0.5}),
    ],
)
def test_options_survive_saving_and_replaced_listeners(
    tiny_encoder: Path, aggregator: str, options: dict[str, Any], tmp_path: Path
) -> None:
    import spacy

    overrides = {f"{TOK2VEC}.aggregator.{key}": value for key, value in options.items()}
    nlp = make_pipeline(make_config(tiny_encoder, aggregator, **overrides))
    train(nlp, steps=15, learn_rate=0.003)
    vectors = vectors_of(nlp)
    nlp.to_disk(tmp_path / "with")
    loaded = spacy.load(tmp_path / "with")
    assert_allclose(vectors_of(loaded), vectors, rtol=1e-4, atol=1e-5)
    loaded.replace_listeners("transformer", "ner", ["model.tok2vec"])
    loaded.remove_pipe("transformer")
    loaded.to_disk(tmp_path / "without")
    alone = spacy.load(tmp_path / "without")
    config = alone.config["components"]["ner"]["model"]["tok2vec"]["aggregator"]
    assert options.items() <= config.items()
    assert_allclose(vectors_of(alone), vectors, rtol=1e-4, atol=1e-5)


def vectors_of(nlp: Any) -> numpy.ndarray:
    doc = nlp("Angela Merkel visited Paris .")
    return numpy.array(tok2vec_of(nlp).predict([doc])[0])


def test_a_seeded_training_is_repeated_with_layer_dropout(tiny_encoder: Path) -> None:
    found = []
    for _ in range(2):
        nlp = make_pipeline(make_config(tiny_encoder, **{f"{TOK2VEC}.aggregator.layer_dropout": 0.5}))
        train(nlp, steps=5)
        found.append(vectors_of(nlp))
    assert (found[0] == found[1]).all()
