"""Linear layers in integers, compared with the arithmetic written out."""

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from spacy_xner.encoders.precision import cpu_computes_int8
from spacy_xner.encoders.quantised import QuantisedLinear

pytestmark = pytest.mark.skipif(not cpu_computes_int8(), reason="this torch has no quantised linear layers")


def test_by_hand() -> None:
    """Weights and inputs that the integers hold exactly."""
    layer = QuantisedLinear(torch.tensor([[63.0, -1.0], [0.5, 0.2]]), torch.tensor([1.0, -2.0]))
    result = layer(torch.tensor([[0.0, 255.0], [10.0, 10.0]]))
    # 0.2 is 25.2 of the second output's steps of 0.5 / 63: it rounds to 25
    assert_allclose(result, [[-254, 0.5 / 63 * 25 * 255 - 2], [621, 0.5 / 63 * 88 * 10 - 2]], rtol=1e-5)


@given(st.integers(1, 9), st.integers(1, 70), st.integers(1, 40), st.floats(-3, 3), st.integers(0, 99))
def test_error_is_bounded(n_rows: int, n_in: int, n_out: int, magnitude: float, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    X = torch.randn(n_rows, n_in, generator=random) * 10**magnitude
    W, b = torch.randn(n_out, n_in, generator=random), torch.randn(n_out, generator=random)
    layer = QuantisedLinear(W, b)
    X_error = (X.amax(1) - X.amin(1)) / 255 / 2
    W_error = W.abs().amax(1) / 63 / 2
    bound = X_error[:, None] * W.abs().sum(1) + W_error * X.abs().sum(1)[:, None] + X_error[:, None] * W_error * n_in
    assert ((layer(X) - (X @ W.T + b)).abs() <= 1.01 * bound + 1e-3 * 10**magnitude + 1e-5).all()


def test_rows_do_not_touch_each_other() -> None:
    layer = QuantisedLinear(torch.randn(24, 32), None)
    X = torch.randn(7, 32)
    alone = torch.cat([layer(row[None]) for row in X])
    X[3] *= 1e4
    together = layer(X)
    keep = [i for i in range(7) if i != 3]
    assert torch.equal(alone[keep], together[keep])


@pytest.mark.parametrize("shape", [(0, 8), (1, 8), (2, 3, 8)])
def test_shapes(shape: tuple[int, ...]) -> None:
    assert QuantisedLinear(torch.randn(5, 8), None)(torch.zeros(shape)).shape == (*shape[:-1], 5)


def test_zero_weights_and_rows() -> None:
    layer = QuantisedLinear(torch.zeros(4, 8), torch.arange(4.0))
    assert_allclose(layer(torch.zeros(2, 8)), numpy.tile(numpy.arange(4.0), (2, 1)), atol=1e-6)
