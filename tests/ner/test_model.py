"""The layers of the recogniser's model."""

import numpy as np
import pytest
from thinc.api import Linear, Maxout, with_array

from spacy_xner.ner.model import per_token


@pytest.mark.parametrize("lengths", [[4], [2, 0, 3], [0, 0], [0], []], ids=str)
@pytest.mark.parametrize("make", [lambda: Linear(3, 5), lambda: Maxout(3, 5, nP=2, normalize=True)])
def test_per_token(lengths: list[int], make: type) -> None:
    """Rows and gradients are those of thinc's `with_array`."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 5)).astype("float32") for n in lengths]
    d_Y = [rng.normal(size=(n, 3)).astype("float32") for n in lengths]
    layer = make()
    layer.initialize()
    for node in layer.walk():
        for name in node.param_names:
            if node.has_param(name):
                shape = node.get_param(name).shape
                node.set_param(name, rng.normal(size=shape).astype("float32"))
    if not lengths:
        assert per_token(layer).predict([]) == []
        return
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
    layer = Linear(3, 5)
    layer.initialize()
    rows = np.ones((4, 5), dtype="float32")
    original, layer._func = layer._func, lambda model, X, is_train: (seen.append(X), original(model, X, is_train))[1]
    per_token(layer).predict([rows])
    assert seen[0] is rows
