"""Aggregators that are affine, as matrices, so that the matrix of a linear layer above can be multiplied in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .types import Aggregator, Layers, Rows

AFFINE_MAP = "affine_map"
"""Attribute of an affine aggregator: a function from the aggregator to its `AffineMap` in prediction."""


class AffineMap(NamedTuple):
    """`sum over l of layer_l @ matrices[l].T + bias`.

    matrices (list[Rows]): one for each layer that is read, float32 (nO, nI).
    bias (Rows): float32, (nO,).
    """

    matrices: list[Rows]
    bias: Rows

    def __call__(self, X: Layers) -> Rows:
        """Layers, each (n_rows, nI), to (n_rows, nO)."""
        Y = X[0] @ self.matrices[0].T
        for x, matrix in zip(X[1:], self.matrices[1:], strict=True):
            Y += x @ matrix.T
        Y += self.bias
        return Y

    def then(self, W: Rows) -> AffineMap:
        """The map that multiplies the result by `W.T`, (n_out, nO), too."""
        return AffineMap([W @ matrix for matrix in self.matrices], W @ self.bias)


def affine_map(aggregator: Aggregator) -> AffineMap | None:
    """The map of an initialised aggregator with its present parameters; None where it is not affine."""
    function: Callable[[Aggregator], AffineMap] | None = aggregator.attrs.get(AFFINE_MAP)
    return None if function is None else function(aggregator)
