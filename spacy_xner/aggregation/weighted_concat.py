"""The concatenation of softmax-weighted layers, projected to one width by a learned matrix."""

from collections.abc import Callable, Sequence
from typing import Any

from thinc.api import Model, glorot_uniform_init

from ..errors import XnerError
from .affine import AFFINE_MAP, AffineMap
from .options import LAYER_DROPOUT, check_logit_scale, common_attributes, draw_kept
from .types import AFFINE, Aggregator, Layers, Rows, Weights
from .weights import LOGITS, add_logit_gradient, softmax_weights, start_logits

PROJECTION, BIAS = "W", "b"


def weighted_concat(
    nO: int | None = None,
    start_last: float = 0.0,
    logit_scale: float = 10.0,
    layers: Sequence[int] | None = None,
    layer_dropout: float = 0.0,
    residual: bool = False,
) -> Aggregator:
    """`[nL * weight_l * layer_l for each l] @ W.T + b`, with `weight = softmax(logits)`.

    If `nO` is the encoder's width, the projection starts as the identity on the last layer and small random numbers on
    the others: training starts near the pretrained representation.

    nO (int | None): width of the result; None takes the encoder's.
    start_last (float): how much higher the last layer's logit starts. With 0, training starts with equal weights.
    logit_scale (float): how many times faster than the other parameters the logits learn.
    layers (Sequence[int] | None): the layers that are read (0: embeddings, -1: last); None reads all.
    layer_dropout (float): probability that a layer other than the last is left out for a training batch; those that
        are kept, except the last, are multiplied by `1 / (1 - layer_dropout)`, so that the expected result is the same
        as in prediction.
    residual (bool): add the result to the last layer; the projection then starts at zero, so that training starts
        exactly at the last layer. Needs `nO` to be the encoder's width.
    RAISES: XnerError for an option out of its range.
    """
    check_logit_scale(logit_scale)
    return Model(
        "weighted_concat",
        forward,
        init=init,
        params={LOGITS: None, PROJECTION: None, BIAS: None},
        dims={"nL": None, "nI": None, "nO": nO},
        attrs={
            **common_attributes(layers, layer_dropout),
            AFFINE: True,
            AFFINE_MAP: to_affine_map,
            "start_last": start_last,
            "logit_scale": logit_scale,
            "residual": residual,
        },
    )


def init(model: Aggregator, X: Layers | None = None, Y: Rows | None = None) -> None:
    if model.has_dim("nI") and model.has_dim("nO") is None:
        model.set_dim("nO", model.get_dim("nI"))
    if not (model.has_dim("nL") and model.has_dim("nI")):
        return
    nO, nL, nI = model.get_dim("nO"), model.get_dim("nL"), model.get_dim("nI")
    if model.attrs["residual"] and nO != nI:
        raise XnerError(
            f"nO: {nO} is not the width of the encoder, {nI}, so the result cannot be added to its last layer. Leave "
            "nO out, or set residual to false."
        )
    model.set_param(LOGITS, start_logits(model))
    weights = softmax_weights(model) * nL
    if model.attrs["residual"]:
        projection: Any = model.ops.alloc3f(nO, nL, nI)
    else:
        projection = glorot_uniform_init(model.ops, (nO, nL * nI))
        projection = projection.reshape(nO, nL, nI)
        if nO == nI:
            projection[:, -1] = model.ops.xp.eye(nI, dtype="f") / weights[-1]
    model.set_param(PROJECTION, projection)
    model.set_param(BIAS, model.ops.alloc1f(nO))


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
    xp, nL = model.ops.xp, len(X)
    residual = model.attrs.get("residual", False)
    weights = softmax_weights(model)
    factors = (_dropout_factors(model, nL, is_train) * nL).tolist()  # of the weights, layer by layer
    projection: Any = model.get_param(PROJECTION)
    # The projection is weighted, not the layers: this takes no time per row.
    weighted = [projection[:, i] * (weight * factors[i]) for i, weight in enumerate(weights.tolist())]
    Y = X[-1] @ weighted[-1].T
    Y += model.get_param(BIAS)
    if residual:
        Y += X[-1]
    for i in range(nL - 1):
        if factors[i]:
            Y += X[i] @ weighted[i].T

    def backprop(dY: Rows) -> Layers:
        d_projection = model.ops.alloc3f(*projection.shape)
        d_weights = model.ops.alloc1f(nL)
        factor_weights = weights.tolist()
        dX = []
        for i, x in enumerate(X):
            if not factors[i]:
                dX.append(model.ops.alloc2f(*x.shape))
                continue
            d_weighted = dY.T @ x
            d_weights[i] = (d_weighted * projection[:, i]).sum() * factors[i]
            xp.multiply(d_weighted, factor_weights[i] * factors[i], out=d_projection[:, i])
            dX.append(dY @ weighted[i])
        if residual:
            dX[-1] += dY
        model.inc_grad(BIAS, dY.sum(axis=0))
        model.inc_grad(PROJECTION, d_projection)
        add_logit_gradient(model, weights, d_weights)
        return dX

    return Y, backprop


def to_affine_map(model: Aggregator) -> AffineMap:
    projection: Any = model.get_param(PROJECTION)
    weights = softmax_weights(model) * model.get_dim("nL")
    matrices = [projection[:, i] * weight for i, weight in enumerate(weights.tolist())]
    if model.attrs.get("residual", False):
        matrices[-1] = matrices[-1] + model.ops.xp.eye(model.get_dim("nI"), dtype="f")
    return AffineMap(matrices, model.get_param(BIAS))


def _dropout_factors(model: Aggregator, n_layers: int, is_train: bool) -> Weights:
    """Factors of layer dropout, (n_layers,): 0 or `1 / (1 - p)`; 1 for the last layer, which is always kept."""
    kept = draw_kept(model, n_layers, is_train)
    if kept is None:
        return model.ops.alloc1f(n_layers) + 1
    kept /= 1 - model.attrs[LAYER_DROPOUT]
    kept[-1] = 1
    return kept
