"""One layer only, by default the last: what a stock listener reads, and the baseline of comparisons."""

from collections.abc import Callable, Sequence

from thinc.api import Model

from ..errors import XnerError
from .affine import AFFINE_MAP, AffineMap
from .options import common_attributes
from .types import AFFINE, Aggregator, Layers, Rows

LAST_LAYER = "last_layer"  # the name of its model


def last_layer(layers: Sequence[int] | None = None) -> Aggregator:
    """An aggregator without parameters that returns one layer.

    layers (Sequence[int] | None): the layer that is returned; None is the last one of the encoder.
    RAISES: XnerError for more than one.
    """
    if layers is not None and len(layers) > 1:
        raise XnerError(
            f"layers: LastLayer returns one layer, not {list(layers)}. Name one, such as [{max(layers)}], or use "
            "ScalarMix or WeightedConcat."
        )
    attributes = common_attributes([-1] if layers is None else layers, layer_dropout=0.0)
    return Model(
        LAST_LAYER,
        forward,
        init=init,
        dims={"nL": None, "nI": None, "nO": None},
        attrs={**attributes, AFFINE: True, AFFINE_MAP: to_affine_map},
    )


def init(model: Aggregator, X: Layers | None = None, Y: Rows | None = None) -> None:
    if model.has_dim("nI"):
        model.set_dim("nO", model.get_dim("nI"))


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
    def backprop(dY: Rows) -> Layers:
        return [*(model.ops.alloc2f(*x.shape) for x in X[:-1]), dY]

    return X[-1], backprop


def to_affine_map(model: Aggregator) -> AffineMap:
    width = model.get_dim("nI")
    return AffineMap([model.ops.xp.eye(width, dtype="f")], model.ops.alloc1f(width))
