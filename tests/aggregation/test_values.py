"""Forward and backward passes compared with results by hand, or with the formula written out."""

from typing import Any

import numpy
import pytest
from numpy.testing import assert_allclose
from spacy import registry

from spacy_xner.aggregation.layer_attention import attention_weights
from spacy_xner.aggregation.weights import LOGITS, softmax_weights

from .test_aggregators import N_LAYERS, layers, make, randomise


def small(name: str, **options: Any) -> Any:
    """An aggregator for two layers of width 2."""
    model = registry.resolve({"m": {"@architectures": f"spacy_xner.{name}.v1", **options}})["m"]
    model.set_dim("nL", 2)
    model.set_dim("nI", 2)
    model.initialize()
    return model


def array(*values: Any) -> numpy.ndarray:
    return numpy.array(values, dtype="f")


def test_last_layer() -> None:
    X = layers(3)
    Y, backprop = make("last")(X, is_train=True)
    assert_allclose(Y, X[-1])
    dX = backprop(Y)
    assert_allclose(dX[-1], Y)
    assert not any(dx.any() for dx in dX[:-1])


# Two pieces of width 2 and two layers
LOWER, LAST = array([4, 0], [8, 8]), array([0, 4], [0, 0])


@pytest.mark.parametrize("residual", [False, True])
def test_scalar_mix(residual: bool) -> None:
    """Weights 1/4 and 3/4, scale 2; beside the last layer, or in place of it."""
    model = small("ScalarMix", logit_scale=1.0, residual=residual)
    model.set_param(LOGITS, numpy.log(array(1, 3)))
    model.set_param("scale", array(2))
    Y, backprop = model([LOWER, LAST], is_train=True)
    assert_allclose(Y, array([2, 6], [4, 4]) + residual * LAST, rtol=1e-6)
    dX = backprop(array([1, 0], [0, 0]))
    assert_allclose(dX[0], array([0.5, 0], [0, 0]), rtol=1e-6)
    assert_allclose(dX[1], array([1.5 + residual, 0], [0, 0]), rtol=1e-6)
    assert_allclose(model.get_grad("scale"), [1.0], rtol=1e-6)  # the unscaled mix at the place of the gradient
    # dL/dw = 2 * [4, 0]; through the softmax: w * (dw - sum(w * dw)) = [1/4 * (8 - 2), 3/4 * (0 - 2)]
    assert_allclose(model.get_grad(LOGITS), [1.5, -1.5], rtol=1e-6)


def test_weighted_concat_begins_at_the_last_layer() -> None:
    model = make("concat")
    model.get_param("W")[:, :-1] = 0
    X = layers(5)
    assert_allclose(model.predict(X), X[-1], rtol=1e-5)


def test_weighted_concat() -> None:
    """The same numbers as the concatenation of weighted layers times a matrix, written out."""
    model = make("concat", nO=3)
    model.set_param(LOGITS, array(0.1, -0.2, 0.05, 0.0))
    X = layers(5)
    weights = softmax_weights(model) * N_LAYERS
    concatenated = numpy.concatenate([weights[i] * x for i, x in enumerate(X)], axis=1)
    expected = concatenated @ model.get_param("W").reshape(3, -1).T + model.get_param("b")
    assert_allclose(model.predict(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("residual", [False, True])
def test_weighted_concat_by_hand(residual: bool) -> None:
    """One piece, weights 1/4 and 3/4, so factors 1/2 and 3/2; W swaps the lower layer and doubles the last."""
    model = small("WeightedConcat", logit_scale=1.0, residual=residual)
    model.set_param(LOGITS, numpy.log(array(1, 3)))
    model.set_param("W", array([[0, 1], [2, 0]], [[1, 0], [0, 2]]))
    model.set_param("b", array(10, 20))
    Y, backprop = model([array([2, 4]), array([6, 8])], is_train=True)
    # 1/2 * (4, 2) + 3/2 * (12, 16) + (10, 20)
    assert_allclose(Y, array([30 + residual * 6, 45 + residual * 8]), rtol=1e-6)
    dX = backprop(array([1, 0]))
    assert_allclose(dX[0], [[0, 0.5]], rtol=1e-6)
    assert_allclose(dX[1], [[3 + residual, 0]], rtol=1e-6)
    assert_allclose(model.get_grad("b"), [1, 0])
    assert_allclose(model.get_grad("W"), [[[1, 2], [9, 12]], [[0, 0], [0, 0]]], rtol=1e-6)
    # dL/dw = 2 * [4, 12]; w * (dw - sum(w * dw)) = [1/4 * (8 - 20), 3/4 * (24 - 20)]
    assert_allclose(model.get_grad(LOGITS), [-3, 3], rtol=1e-6)


def attention(**options: Any) -> Any:
    """Three layers of width 2; queries and keys are the layers themselves, which gives the first piece of LAST weights
    1/4 and 3/4 on the lower two."""
    model = registry.resolve({"m": {"@architectures": "spacy_xner.LayerAttention.v1", "query_width": 1, **options}})[
        "m"
    ]
    model.set_dim("nL", 3)
    model.set_dim("nI", 2)
    model.initialize()
    model.set_param("query_W", array([[0, 1]]))
    model.set_param("key_W", array([[1, 0]]))
    return model


# The query is 1; the keys are 0 and log 3.
ATTENDED = [array([0, 8]), array([numpy.log(3), 4]), array([5, 1])]


@pytest.mark.parametrize("logit_scale", [1.0, 10.0])
def test_layer_attention_by_hand(logit_scale: float) -> None:
    model = attention(logit_scale=logit_scale)
    model.set_param("fusion_scale", array(0, 2))
    assert_allclose(attention_weights(model, ATTENDED), array([0.25, 0.75]), rtol=1e-6)
    Y, backprop = model(ATTENDED, is_train=True)
    assert_allclose(Y, [[5, 1 + 2 * 5]], rtol=1e-6)  # 1/4 * 8 + 3/4 * 4 = 5
    dX = backprop(array([0, 1]))
    # dL/dw = 2 * [8, 4], dL/dscore = w * (dw - sum(w * dw)) = [1/4 * (16 - 10), 3/4 * (8 - 10)] = [1.5, -1.5]
    assert_allclose(model.get_grad(LOGITS), array(1.5, -1.5) * logit_scale, rtol=1e-5)
    assert_allclose(model.get_grad("fusion_scale"), [0, 5], rtol=1e-6)
    # Values: 2 * w in the second dimension; keys: dscore * query in the first
    assert_allclose(dX[0], [[1.5, 0.5]], rtol=1e-5)
    assert_allclose(dX[1], [[-1.5, 1.5]], rtol=1e-5)
    # The query's gradient, dscore . keys, in the second dimension; and the last layer itself
    assert_allclose(dX[2], [[0, 1 - 1.5 * numpy.log(3)]], rtol=1e-5)
    assert_allclose(model.get_grad("query_W"), numpy.log(3) * -1.5 * array([[5, 1]]), rtol=1e-5)
    assert_allclose(model.get_grad("query_b"), [[numpy.log(3) * -1.5]], rtol=1e-5)
    # query * sum of dscore * layer
    assert_allclose(model.get_grad("key_W"), [[-1.5 * array(numpy.log(3), 4 - 8)]], rtol=1e-5)


def test_logits_alone_are_a_mix_of_the_lower_layers() -> None:
    """Without queries, attention weights are the same for all pieces, as in a scalar mix."""
    model = make("attention", logit_scale=5.0)
    randomise(model, numpy.random.default_rng(0))
    model.set_param("query_W", numpy.zeros_like(model.get_param("query_W")))
    model.set_param("query_b", numpy.zeros_like(model.get_param("query_b")))
    weights = numpy.exp(5 * model.get_param(LOGITS))
    weights /= weights.sum()
    X = layers(4)
    mixed = sum(weight * x for weight, x in zip(weights, X[:-1], strict=True))
    assert_allclose(model.predict(X), X[-1] + model.get_param("fusion_scale") * mixed, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("variant", ["attention", "attention-narrow"])
def test_attention_of_each_piece(variant: str) -> None:
    """Piece by piece, with keys and queries written out."""
    model = make(variant)
    randomise(model, numpy.random.default_rng(0))
    X = layers(5)
    weights = attention_weights(model, X)
    assert weights.shape == (5, N_LAYERS - 1)
    (Q,), (K,), (b,) = (model.get_param(name) for name in ("query_W", "key_W", "query_b"))
    for piece in range(5):
        query = Q @ X[-1][piece] + b
        scores = numpy.array([query @ (K @ x[piece]) / numpy.sqrt(len(query)) for x in X[:-1]])
        scores = numpy.exp(scores + 10 * model.get_param(LOGITS))
        assert_allclose(weights[piece], scores / scores.sum(), rtol=1e-4)
    attended = sum(weights[:, i, None] * X[i] for i in range(N_LAYERS - 1))
    assert_allclose(model.predict(X), X[-1] + attended * model.get_param("fusion_scale"), rtol=1e-4, atol=1e-5)
