"""The layers of the recogniser's model."""

from typing import Any

import numpy as np
import pytest
from thinc.api import Linear, Maxout, Model, with_array

from spacy_xner.ner.model import per_token

MAKERS = [lambda: Linear(3, 5), lambda: Maxout(3, 5, nP=2, normalize=True)]


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]], ids=str)
@pytest.mark.parametrize("make", MAKERS)
def test_no_rows(lengths: list[int], make: Any) -> None:
    """Docs without tokens, for which thinc's own layers fail."""
    layer: Any = make()
    layer.initialize()
    X: Any = [np.zeros((n, 5), dtype="float32") for n in lengths]
    Y, backprop = per_token(layer).begin_update(X)
    assert [rows.shape for rows in Y] == [(0, 3)] * len(lengths)
    assert [rows.shape for rows in backprop(Y)] == [(0, 5)] * len(lengths)


@pytest.mark.parametrize("lengths", [[4], [2, 0, 3]], ids=str)
@pytest.mark.parametrize("make", MAKERS)
def test_per_token(lengths: list[int], make: Any) -> None:
    """Rows and gradients are those of thinc's `with_array`."""
    rng = np.random.default_rng(0)
    X: Any = [rng.normal(size=(n, 5)).astype("float32") for n in lengths]
    d_Y: Any = [rng.normal(size=(n, 3)).astype("float32") for n in lengths]
    layer: Any = make()
    layer.initialize()
    for node in layer.walk():
        for name in node.param_names:
            if node.has_param(name):
                shape = node.get_param(name).shape
                node.set_param(name, rng.normal(size=shape).astype("float32"))
    results = []
    for model in (with_array(layer), per_token(layer)):
        Y, backprop = model.begin_update(X)
        d_X = backprop(d_Y)
        results.append([*Y, *d_X, *(node.get_grad(name) for node in layer.walk() for name in node.grad_names)])
        for node in layer.walk():
            for name in node.grad_names:
                node.set_grad(name, node.get_grad(name) * 0)
    for expected, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_rows_of_one_doc_are_not_copied() -> None:
    """The layer gets the doc's own array."""
    seen = []

    def forward(model: Model, X: Any, is_train: bool) -> tuple[Any, Any]:
        seen.append(X)
        return X, lambda d_X: d_X

    rows: Any = np.ones((4, 5), dtype="float32")
    per_token(Model("seeing", forward)).predict([rows])
    assert seen[0] is rows
