"""The concatenation of softmax-weighted layers, brought back to a width by a learned projection."""

from collections.abc import Callable
from typing import Any

from thinc.api import Model, glorot_uniform_init

from .types import Aggregator, Layers, Pieces
from .weights import LOGITS, add_logit_gradient, softmax_weights, start_logits

PROJECTION, BIAS = "W", "b"


def weighted_concat(nO: int | None, start_last: float, logit_scale: float) -> Aggregator:
    """`[nL * weight_l * layer_l for each l] @ W.T + b`, with `weight = softmax(logits)`.

    Where the widths allow it (`nO` equal to the encoder's), the projection begins as the identity on the last layer
    and small random numbers on the others: training starts at the pretrained representation and adds to it.

    nO (int | None): width of the result; None takes the encoder's.
    start_last (float): how much higher the last layer's logit begins. 0 begins with equal weights.
    logit_scale (float): how many times faster than the other parameters the logits learn.
    """
    return Model(
        "weighted_concat",
        forward,
        init=init,
        params={LOGITS: None, PROJECTION: None, BIAS: None},
        dims={"nL": None, "nI": None, "nO": nO},
        attrs={"start_last": start_last, "logit_scale": logit_scale},
    )


def init(model: Aggregator, X: Layers | None = None, Y: Pieces | None = None) -> None:
    if model.has_dim("nI") and model.has_dim("nO") is None:
        model.set_dim("nO", model.get_dim("nI"))
    if not (model.has_dim("nL") and model.has_dim("nI")):
        return
    nO, nL, nI = model.get_dim("nO"), model.get_dim("nL"), model.get_dim("nI")
    model.set_param(LOGITS, start_logits(model))
    weights = softmax_weights(model) * nL
    projection: Any = glorot_uniform_init(model.ops, (nO, nL * nI))
    projection = projection.reshape(nO, nL, nI)
    if nO == nI:
        projection[:, -1] = model.ops.xp.eye(nI, dtype="f") / weights[-1]
    model.set_param(PROJECTION, projection)
    model.set_param(BIAS, model.ops.alloc1f(nO))


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Pieces, Callable[[Pieces], Layers]]:
    xp = model.ops.xp
    n_pieces, nL, nI = X.shape
    weights = softmax_weights(model)
    projection = model.get_param(PROJECTION)
    # Weighting the projection instead of the layers costs nothing per word piece.
    weighted = (projection * (weights * nL)[None, :, None]).reshape(-1, nL * nI)
    flat = X.reshape(n_pieces, nL * nI)
    Y = flat @ weighted.T + model.get_param(BIAS)

    def backprop(dY: Pieces) -> Layers:
        d_weighted = (dY.T @ flat).reshape(projection.shape)
        model.inc_grad(BIAS, dY.sum(axis=0))
        model.inc_grad(PROJECTION, d_weighted * (weights * nL)[None, :, None])
        add_logit_gradient(model, weights, xp.einsum("olw,olw->l", d_weighted, projection) * nL)
        return (dY @ weighted).reshape(X.shape)

    return Y, backprop
