"""Each aggregator by itself: shapes, values and gradients."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from spacy import registry
from thinc.api import Model, fix_random_seed

from spacy_xner.aggregation.weights import LOGITS, find_aggregators, softmax_weights

from .util import AGGREGATORS, WEIGHTED

N_LAYERS, WIDTH = 4, 6


def make(name: str, **settings_: object) -> Model:
    fix_random_seed(1)
    model = registry.resolve({"model": {"@architectures": name, **settings_}})["model"]
    model.set_dim("nL", N_LAYERS)
    model.set_dim("nI", WIDTH)
    model.initialize()
    return model


def layers(n_pieces: int, seed: int = 0) -> numpy.ndarray:
    return numpy.random.default_rng(seed).normal(size=(n_pieces, N_LAYERS, WIDTH)).astype("f")


@pytest.mark.parametrize("name", AGGREGATORS)
@pytest.mark.parametrize("n_pieces", [0, 1, 7])
def test_shapes(name: str, n_pieces: int) -> None:
    model = make(name)
    X = layers(n_pieces)
    Y, backprop = model(X, is_train=True)
    assert Y.shape == (n_pieces, WIDTH)
    assert Y.flags.c_contiguous
    dX = backprop(numpy.ones_like(Y))
    assert dX.shape == X.shape
    assert dX.dtype == X.dtype


def test_last_layer_values() -> None:
    X = layers(3)
    Y, backprop = make("spacy_xner.LastLayer.v1")(X, is_train=True)
    assert_allclose(Y, X[:, -1])
    dX = backprop(Y)
    assert_allclose(dX[:, -1], Y)
    assert not dX[:, :-1].any()


def test_scalar_mix_values() -> None:
    """Two pieces of width 2 and two layers, computed by hand: weights 1/4 and 3/4, scale 2."""
    model = registry.resolve({"m": {"@architectures": "spacy_xner.ScalarMix.v1", "logit_scale": 1.0}})["m"]
    model.set_dim("nL", 2)
    model.set_dim("nI", 2)
    model.initialize()
    model.set_param(LOGITS, numpy.log(numpy.array([1.0, 3.0], dtype="f")))
    model.set_param("scale", numpy.array([2.0], dtype="f"))
    X = numpy.array([[[4, 0], [0, 4]], [[8, 8], [0, 0]]], dtype="f")
    Y, backprop = model(X, is_train=True)
    assert_allclose(Y, [[2, 6], [4, 4]], rtol=1e-6)
    dX = backprop(numpy.array([[1, 0], [0, 0]], dtype="f"))
    assert_allclose(dX[0], [[0.5, 0], [1.5, 0]], rtol=1e-6)
    assert_allclose(model.get_grad("scale"), [1.0], rtol=1e-6)  # the unscaled mix at the place of the gradient
    # dL/dw = 2 * [4, 0]; through the softmax: w * (dw - sum(w * dw)) = [1/4 * (8 - 2), 3/4 * (0 - 2)]
    assert_allclose(model.get_grad(LOGITS), [1.5, -1.5], rtol=1e-6)


def test_weighted_concat_begins_at_the_last_layer() -> None:
    model = make("spacy_xner.WeightedConcat.v1")
    model.get_param("W")[:, :-1] = 0
    X = layers(5)
    assert_allclose(model.predict(X), X[:, -1], rtol=1e-5)


def test_weighted_concat_values() -> None:
    """The same numbers as the concatenation of weighted layers times a matrix, written out."""
    model = make("spacy_xner.WeightedConcat.v1", nO=3)
    model.set_param(LOGITS, numpy.array([0.1, -0.2, 0.05, 0.0], dtype="f"))
    X = layers(5)
    weights = softmax_weights(model) * N_LAYERS
    concatenated = numpy.concatenate([weights[i] * X[:, i] for i in range(N_LAYERS)], axis=1)
    expected = concatenated @ model.get_param("W").reshape(3, -1).T + model.get_param("b")
    assert_allclose(model.predict(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", AGGREGATORS)
@given(seed=st.integers(0, 1000), n_pieces=st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_gradients_are_finite_differences(name: str, seed: int, n_pieces: int) -> None:
    """Every parameter's and the input's gradient against the slope of a random linear function of the output."""
    model = make(name)
    random = numpy.random.default_rng(seed)
    for param in model.param_names:
        shape = model.get_param(param).shape
        model.set_param(param, random.normal(size=shape, scale=0.3).astype("f"))
    X = random.normal(size=(n_pieces, N_LAYERS, WIDTH)).astype("f")
    slope = random.normal(size=(n_pieces, WIDTH)).astype("f")

    def loss() -> float:
        return float((model.predict(X).astype("d") * slope).sum())

    _, backprop = model(X, is_train=True)
    gradients = {"X": (X, backprop(slope))}
    gradients.update({param: (model.get_param(param), model.get_grad(param)) for param in model.param_names})
    for array, gradient in gradients.values():
        flat, flat_gradient = array.reshape(-1), gradient.reshape(-1)
        for i in random.choice(flat.size, size=min(6, flat.size), replace=False):
            value, step = float(flat[i]), 1e-2
            flat[i] = value + step
            above = loss()
            flat[i] = value - step
            below = loss()
            flat[i] = value
            assert flat_gradient[i] == pytest.approx((above - below) / (2 * step), rel=2e-2, abs=2e-2)


@pytest.mark.parametrize("name", WEIGHTED)
def test_start_last_and_logit_scale(name: str) -> None:
    model = make(name, start_last=2.0, logit_scale=5.0)
    expected = numpy.exp([0, 0, 0, 2.0])
    assert_allclose(softmax_weights(model), expected / expected.sum(), rtol=1e-5)
    assert find_aggregators(model) == [model]


@pytest.mark.parametrize("name", WEIGHTED)
def test_round_trip_without_dimensions(name: str) -> None:
    """Sizes come from the saved bytes: a pipeline is loaded before any text is seen."""
    model = make(name)
    copy = registry.resolve({"model": {"@architectures": name}})["model"]
    copy.from_bytes(model.to_bytes())
    X = layers(3)
    assert_allclose(copy.predict(X), model.predict(X))
