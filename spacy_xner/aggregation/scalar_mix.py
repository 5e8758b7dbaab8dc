"""A weighted sum of layers (Peters et al. 2018, ELMo, https://aclanthology.org/N18-1202)."""

from collections.abc import Callable, Sequence

from thinc.api import Model

from .affine import AFFINE_MAP, AffineMap
from .options import check_logit_scale, common_attributes, draw_kept
from .types import AFFINE, Aggregator, Layers, Rows
from .weights import LOGITS, add_logit_gradient, softmax_weights, start_logits

SCALE = "scale"


def scalar_mix(
    start_last: float = 0.0,
    logit_scale: float = 10.0,
    layers: Sequence[int] | None = None,
    layer_dropout: float = 0.0,
    residual: bool = False,
) -> Aggregator:
    """`scale * sum over l of softmax(logits)_l * layer_l`, with a learned logit per layer and a learned scale.

    start_last (float): how much higher the last layer's logit starts. With 0, all layers start with equal weights.
    logit_scale (float): how many times faster than the other parameters the logits learn.
    layers (Sequence[int] | None): the layers that are read (0: embeddings, -1: last); None reads all.
    layer_dropout (float): probability that a layer other than the last is left out for a training batch; the weights
        of the others still sum to 1.
    residual (bool): add the sum to the last layer instead of replacing it; the scale then starts at 0, so that
        training starts at the last layer.
    RAISES: XnerError for an option out of its range.
    """
    check_logit_scale(logit_scale)
    return Model(
        "scalar_mix",
        forward,
        init=init,
        params={LOGITS: None, SCALE: None},
        dims={"nL": None, "nI": None, "nO": None},
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
    if model.has_dim("nI"):
        model.set_dim("nO", model.get_dim("nI"))
    if model.has_dim("nL"):
        model.set_param(LOGITS, start_logits(model))
        model.set_param(SCALE, model.ops.alloc1f(1) + (0 if model.attrs["residual"] else 1))


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
    xp = model.ops.xp
    residual = model.attrs.get("residual", False)
    kept = draw_kept(model, len(X), is_train)
    if kept is not None:
        kept[-1] = 1
    weights = softmax_weights(model, kept)
    scale = model.get_param(SCALE)
    factors = weights.tolist()
    mixed = X[0] * factors[0]
    for x, factor in zip(X[1:], factors[1:], strict=True):
        mixed += x * factor

    def backprop(dY: Rows) -> Layers:
        model.inc_grad(SCALE, xp.vdot(dY, mixed).reshape(1))
        d_mixed = dY * scale
        add_logit_gradient(model, weights, xp.stack([xp.vdot(x, d_mixed) for x in X]))
        dX = [d_mixed * factor for factor in factors]
        if residual:
            dX[-1] += dY
        return dX

    return (mixed * scale + X[-1] if residual else mixed * scale), backprop


def to_affine_map(model: Aggregator) -> AffineMap:
    width = model.get_dim("nI")
    factors = softmax_weights(model) * model.get_param(SCALE)
    if model.attrs.get("residual", False):
        factors[-1] += 1
    identity = model.ops.xp.eye(width, dtype="f")
    return AffineMap([identity * factor for factor in factors.tolist()], model.ops.alloc1f(width))
