"""Aggregators with all their options, without an encoder: shapes, gradients, layer dropout, saved bytes."""

from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from spacy import registry
from thinc.api import NumpyOps, fix_random_seed

from spacy_xner.aggregation.options import LAYER_DROPOUT
from spacy_xner.aggregation.weights import find_aggregators, softmax_weights

from .util import LAST_LAYER, LAYER_ATTENTION, SCALAR_MIX, WEIGHTED, WEIGHTED_CONCAT

N_LAYERS, WIDTH = 4, 6

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "last": (LAST_LAYER, {}),
    "mix": (SCALAR_MIX, {}),
    "mix-residual": (SCALAR_MIX, {"residual": True}),
    "mix-start-last": (SCALAR_MIX, {"start_last": 2.0, "logit_scale": 3.0}),
    "concat": (WEIGHTED_CONCAT, {}),
    "concat-residual": (WEIGHTED_CONCAT, {"residual": True}),
    "concat-narrow": (WEIGHTED_CONCAT, {"nO": 3}),
    "attention": (LAYER_ATTENTION, {}),
    "attention-narrow": (LAYER_ATTENTION, {"query_width": 3}),
    "attention-no-logits": (LAYER_ATTENTION, {"logit_scale": 0.0}),
}
WITH_DROPOUT = [name for name in VARIANTS if name != "last"]
every_variant = pytest.mark.parametrize("variant", VARIANTS)


def make(variant: str, n_layers: int = N_LAYERS, width: int = WIDTH, /, **more: Any) -> Any:
    """An aggregator; not typed as thinc's Model, which takes no numpy arrays for parameters."""
    fix_random_seed(1)
    name, options = VARIANTS[variant]
    model = registry.resolve({"model": {"@architectures": name, **options, **more}})["model"]
    model.set_dim("nL", n_layers)
    model.set_dim("nI", width)
    model.initialize()
    return model


def layers(n_rows: int, seed: int = 0) -> list[numpy.ndarray]:
    random = numpy.random.default_rng(seed)
    return [random.normal(size=(n_rows, WIDTH)).astype("f") for _ in range(N_LAYERS)]


class Float64Ops(NumpyOps):
    """Arrays in float64, so that finite differences are exact to many digits."""

    def alloc(self, shape: Any, *, dtype: Any = "float32", zeros: bool = True) -> Any:
        return super().alloc(shape, dtype="float64", zeros=zeros)

    def asarray(self, data: Any, dtype: Any = None) -> Any:
        return numpy.array(data, dtype="float64")


def randomise(model: Any, random: numpy.random.Generator) -> None:
    """Random parameters: zeros would hide gradients."""
    for param in model.param_names:
        model.set_param(param, random.normal(size=model.get_param(param).shape, scale=0.3).astype("f"))


@every_variant
@pytest.mark.parametrize("n_rows", [0, 1, 7])
@pytest.mark.parametrize("layer_dropout", [0.0, 0.9])
def test_shapes(variant: str, n_rows: int, layer_dropout: float) -> None:
    model = make(variant, **({LAYER_DROPOUT: layer_dropout} if variant != "last" else {}))
    X = layers(n_rows)
    Y, backprop = model(X, is_train=True)
    assert Y.shape == (n_rows, model.get_dim("nO"))
    assert (Y.flags.c_contiguous, Y.dtype) == (True, numpy.float32)
    dX = backprop(numpy.ones_like(Y))
    assert [dx.shape for dx in dX] == [x.shape for x in X]
    assert {dx.dtype for dx in dX} == {numpy.dtype("f")}
    for param in model.param_names:
        assert model.get_grad(param).shape == model.get_param(param).shape
        assert model.get_grad(param).dtype == numpy.float32
        assert numpy.isfinite(model.get_grad(param)).all()


@every_variant
def test_arguments_are_left_alone(variant: str) -> None:
    """Layers are views of the encoder's arrays, and other components may use the same gradient."""
    model = make(variant)
    randomise(model, numpy.random.default_rng(0))
    X, before = layers(5), layers(5)
    Y, backprop = model(X, is_train=True)
    dY = numpy.ones_like(Y)
    backprop(dY)
    assert_allclose(dY, 1)
    for x, y in zip(X, before, strict=True):
        assert_allclose(x, y)


STARTS_AT_LAST = [name for name in VARIANTS if "attention" in name or "residual" in name or name == "last"]


@pytest.mark.parametrize("variant", STARTS_AT_LAST)
@pytest.mark.parametrize("is_train", [False, True])
def test_training_starts_at_the_last_layer(variant: str, is_train: bool) -> None:
    """The result is exactly the last layer, but the parameters of what is added get gradients."""
    model = make(variant)
    X = layers(5)
    Y, backprop = model(X, is_train=is_train)
    assert (X[-1] == Y).all()
    if variant != "last":
        dX = backprop(numpy.ones_like(Y))
        assert_allclose(dX[-1], 1)
        assert any(model.get_grad(param).any() for param in model.param_names)


@every_variant
@given(seed=st.integers(0, 1000), n_rows=st.integers(1, 4))
@settings(max_examples=5, deadline=None)
def test_gradients_are_finite_differences(variant: str, seed: int, n_rows: int) -> None:
    """The gradients of all parameters and layers, for a random linear function of the output."""
    check_gradients(make(variant), seed, n_rows, dropped=False)


@pytest.mark.parametrize("variant", WITH_DROPOUT)
@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_gradients_with_layers_left_out(variant: str, seed: int) -> None:
    check_gradients(make(variant, layer_dropout=0.4), seed, n_rows=2, dropped=True)


def check_gradients(model: Any, seed: int, n_rows: int, *, dropped: bool) -> None:
    random = numpy.random.default_rng(seed)
    model.ops = Float64Ops()
    for param in model.param_names:
        model.set_param(param, random.normal(size=model.get_param(param).shape, scale=0.3))
    X: list[Any] = [random.normal(size=(n_rows, WIDTH)) for _ in range(N_LAYERS)]
    slope = random.normal(size=(n_rows, model.get_dim("nO")))

    def run() -> Any:
        if dropped:  # the same layers are left out each time; seeding torch too would take most of the test's time
            numpy.random.seed(seed)
        return model(X, is_train=dropped)

    _, backprop = run()
    arrays = list(zip(X, backprop(slope.copy()), strict=True))
    arrays += [(model.get_param(param), model.get_grad(param)) for param in model.param_names]
    for array, gradient in arrays:
        flat, flat_gradient = array.reshape(-1), gradient.reshape(-1)
        for i in random.choice(flat.size, size=min(6, flat.size), replace=False):
            value, step, around = float(flat[i]), 1e-5, []
            for moved in (value + step, value - step):
                flat[i] = moved
                Y = run()[0]
                assert Y.dtype == numpy.float64
                around.append(float((Y * slope).sum()))
            flat[i] = value
            assert flat_gradient[i] == pytest.approx((around[0] - around[1]) / (2 * step), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("variant", WITH_DROPOUT)
def test_layer_dropout_is_for_training_alone(variant: str) -> None:
    """Prediction equals that of a model without it, and draws no random numbers."""
    random = numpy.random.default_rng(3)
    model, plain = make(variant, layer_dropout=0.7), make(variant)
    randomise(plain, random)
    for param in plain.param_names:
        model.set_param(param, plain.get_param(param))
    X = layers(3)
    fix_random_seed(5)
    assert_allclose(model.predict(X), plain.predict(X))
    state = numpy.random.random()
    fix_random_seed(5)
    assert numpy.random.random() == state
    results = [model(X, is_train=True)[0] for _ in range(20)]
    assert any(numpy.abs(results[0] - other).max() > 1e-4 for other in results)


@pytest.mark.parametrize("variant", WITH_DROPOUT)
def test_layer_dropout_is_reproducible(variant: str) -> None:
    model = make(variant, layer_dropout=0.5)
    randomise(model, numpy.random.default_rng(3))
    X, runs = layers(3), []
    for _ in range(2):
        fix_random_seed(7)
        runs.append([model(X, is_train=True)[0] for _ in range(5)])
    assert_allclose(runs[0], runs[1])


@pytest.mark.parametrize("variant", WITH_DROPOUT)
def test_the_last_layer_is_never_left_out(variant: str) -> None:
    model = make(variant, layer_dropout=0.99)
    randomise(model, numpy.random.default_rng(3))
    X = layers(2)
    for _ in range(10):
        Y, backprop = model(X, is_train=True)
        assert backprop(numpy.ones_like(Y))[-1].any()


@pytest.mark.parametrize("variant", ["concat", "concat-residual", "concat-narrow"])
def test_expected_result_of_layer_dropout(variant: str) -> None:
    """The mean over training batches is the result of prediction."""
    model = make(variant, layer_dropout=0.3)
    randomise(model, numpy.random.default_rng(3))
    X = layers(2)
    mean = numpy.mean([model(X, is_train=True)[0] for _ in range(4000)], axis=0)
    assert_allclose(mean, model.predict(X), atol=0.08)


@pytest.mark.parametrize("variant", ["mix", "mix-start-last"])
def test_weights_of_a_mix_without_some_layers_sum_to_one(variant: str) -> None:
    """If all layers are equal, the result is the same whichever are left out."""
    model = make(variant, layer_dropout=0.5)
    model.set_param("layer_logits", numpy.array([0.1, -0.1, 0.2, 0.0], dtype="f"))
    X = [layers(2)[0]] * N_LAYERS
    for _ in range(10):
        assert_allclose(model(X, is_train=True)[0], X[0], rtol=1e-5)


def test_attention_with_all_lower_layers_left_out() -> None:
    model = make("attention", layer_dropout=0.999)
    randomise(model, numpy.random.default_rng(3))
    X = layers(3)
    Y, backprop = model(X, is_train=True)
    assert_allclose(Y, X[-1])
    dX = backprop(numpy.ones_like(Y))
    assert not any(dx.any() for dx in dX[:-1])
    assert_allclose(dX[-1], 1)


@pytest.mark.parametrize("name", WEIGHTED)
def test_start_last_and_logit_scale(name: str) -> None:
    variant = {SCALAR_MIX: "mix", WEIGHTED_CONCAT: "concat"}[name]
    model = make(variant, start_last=2.0, logit_scale=5.0)
    expected = numpy.exp([0, 0, 0, 2.0])
    assert_allclose(softmax_weights(model), expected / expected.sum(), rtol=1e-5)
    assert find_aggregators(model) == [model]


@every_variant
def test_round_trip_without_dimensions(variant: str) -> None:
    """Sizes come from the saved bytes: a pipeline is loaded before it has read any text."""
    options = {} if variant == "last" else {"layers": [0, 2, 3, -1], LAYER_DROPOUT: 0.2}
    model = make(variant, **options)
    randomise(model, numpy.random.default_rng(3))
    name, settings_ = VARIANTS[variant]
    copy = registry.resolve({"model": {"@architectures": name, **settings_}})["model"]
    copy.from_bytes(model.to_bytes())
    X = layers(3)
    assert_allclose(copy.predict(X), model.predict(X))
    assert copy.attrs == model.attrs


@pytest.mark.parametrize("name", [SCALAR_MIX, WEIGHTED_CONCAT])
def test_bytes_of_the_first_version(name: str) -> None:
    """Its aggregators had no attributes for the options that were added later."""
    model = registry.resolve({"model": {"@architectures": name}})["model"]
    model.set_dim("nL", N_LAYERS)
    model.set_dim("nI", WIDTH)
    model.initialize()
    X = layers(3)
    expected = model.predict(X)
    for attribute in set(model.attrs) - {"start_last", "logit_scale"}:
        del model.attrs[attribute]
    copy = registry.resolve({"model": {"@architectures": name}})["model"]
    copy.from_bytes(model.to_bytes())
    assert_allclose(copy.predict(X), expected)
    assert_allclose(model.predict(X), expected)


def test_bytes_of_attention_with_former_options() -> None:
    """Saved pipelines have attributes for options that were removed."""
    model, copy = make("attention"), make("attention")
    randomise(model, numpy.random.default_rng(3))
    model.attrs.update(scores="dot", n_heads=1, fusion="sum")
    copy.from_bytes(model.to_bytes())
    X = layers(3)
    assert (copy.predict(X) == model.predict(X)).all()
