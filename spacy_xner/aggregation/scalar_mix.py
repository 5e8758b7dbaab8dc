"""A weighted sum of layers (Peters et al. 2018, ELMo, https://aclanthology.org/N18-1202)."""

from collections.abc import Callable

from thinc.api import Model

from .types import Aggregator, Layers, Pieces
from .weights import LOGITS, add_logit_gradient, softmax_weights, start_logits

SCALE = "scale"


def scalar_mix(start_last: float, logit_scale: float) -> Aggregator:
    """`scale * sum over l of softmax(logits)_l * layer_l`, with a learned logit per layer and a learned scale.

    start_last (float): how much higher the last layer's logit begins. 0 begins with the mean of all layers.
    logit_scale (float): how many times faster than the other parameters the logits learn.
    """
    return Model(
        "scalar_mix",
        forward,
        init=init,
        params={LOGITS: None, SCALE: None},
        dims={"nL": None, "nI": None, "nO": None},
        attrs={"start_last": start_last, "logit_scale": logit_scale},
    )


def init(model: Aggregator, X: Layers | None = None, Y: Pieces | None = None) -> None:
    if model.has_dim("nI"):
        model.set_dim("nO", model.get_dim("nI"))
    if model.has_dim("nL"):
        model.set_param(LOGITS, start_logits(model))
        model.set_param(SCALE, model.ops.alloc1f(1) + 1)


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Pieces, Callable[[Pieces], Layers]]:
    xp = model.ops.xp
    weights = softmax_weights(model)
    scale = model.get_param(SCALE)
    mixed = xp.einsum("nlw,l->nw", X, weights)

    def backprop(dY: Pieces) -> Layers:
        model.inc_grad(SCALE, (dY * mixed).sum().reshape(1))
        d_mixed = dY * scale
        add_logit_gradient(model, weights, xp.einsum("nlw,nw->l", X, d_mixed))
        return d_mixed[:, None, :] * weights[None, :, None]

    return mixed * scale, backprop
