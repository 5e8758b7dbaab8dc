"""Attention of the last layer over the lower ones (Chen et al. 2022, arXiv 2205.08497)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thinc.api import Model

from ..errors import XnerError
from .attention_fusion import BIAS, FUSIONS, SCALE, WEIGHT, init_fusion
from .attention_scores import KEY, QUERY, QUERY_BIAS, SCORE, SCORES, Scores, init_scores
from .options import common_attributes, draw_kept
from .types import Aggregator, Layers, Rows, Weights
from .weights import LOGITS

VALUE = "value_W"


def layer_attention(
    scores: str = "dot",
    query_width: int = 64,
    n_heads: int = 1,
    project_values: bool = False,
    fusion: str = "sum",
    logit_scale: float = 10.0,
    layers: Sequence[int] | None = None,
    layer_dropout: float = 0.0,
) -> Aggregator:
    """`fuse(last, sum over l of softmax(score(last, layer_l) + logit_l)_l * layer_l)`, over the layers below the last.

    Each word piece has weights of its own: the query comes from its last layer (the highest that is read), keys and
    values from the others. Chen et al. 2022 (arXiv 2205.08497) fuse the layers of mBERT so; what that leaves open is
    an argument here. Every fusion begins with the last layer as it is, and training adds to it. Beside the scores
    there is a learned logit for each layer, which is the same for all texts and begins at 0.

    scores (str): `dot` for scaled dot products, `additive` for `v . tanh(query + key)`.
    query_width (int): width of a head's queries and keys.
    n_heads (int): heads, each with weights of its own for its share of the dimensions; divides the encoder's width.
    project_values (bool): multiply what was attended to by a learned matrix, which begins as the identity. Not with
        the fusion `concat`, which does so itself.
    fusion (str): `sum` for `last + scale * attended` with a learned number for each dimension, `concat` for
        `last + W [last; attended] + b`, `gate` for `last + tanh(W [last; attended] + b) * attended`; all of these
        parameters begin at 0.
    logit_scale (float): how many times faster than the other parameters the layers' logits learn; 0 does without them.
    layers (Sequence[int] | None): the layers that are read (0: embeddings, -1: last), at least two; None reads all.
    layer_dropout (float): probability that a layer below the last is left out for a training batch; the weights of the
        others still sum to 1, and where none is left nothing is added to the last layer.
    RAISES: XnerError for an option out of its range.
    """
    _check_choice("scores", scores, SCORES)
    _check_choice("fusion", fusion, FUSIONS)
    for name, number in (("query_width", query_width), ("n_heads", n_heads)):
        if number < 1:
            raise XnerError(f"{name}: {number} is too small. Give a whole number of at least 1.")
    if logit_scale < 0:
        raise XnerError(f"logit_scale: {logit_scale} is negative. 10 is the default, 0 does without the logits.")
    if project_values and fusion == "concat":
        raise XnerError("project_values: the fusion concat projects the values itself. Set project_values to false.")
    if layers is not None and len(layers) == 1:
        raise XnerError(
            f"layers: {list(layers)} is one layer alone, with none below it to attend to. Name at least two, or use "
            "LastLayer."
        )
    names = [LOGITS, QUERY, QUERY_BIAS, KEY]
    names += [SCORE] if scores == "additive" else []
    names += [VALUE] if project_values else []
    names += [SCALE] if fusion == "sum" else [WEIGHT, BIAS]
    return Model(
        "layer_attention",
        forward,
        init=init,
        params=dict.fromkeys(names),
        dims={"nL": None, "nI": None, "nO": None},
        attrs={
            **common_attributes(layers, layer_dropout),
            "scores": scores,
            "query_width": query_width,
            "n_heads": n_heads,
            "fusion": fusion,
            "logit_scale": logit_scale,
        },
    )


def init(model: Aggregator, X: Layers | None = None, Y: Rows | None = None) -> None:
    if not model.has_dim("nI"):
        return
    nI, heads = model.get_dim("nI"), model.attrs["n_heads"]
    if nI % heads:
        raise XnerError(f"n_heads: {heads} does not divide the width of the encoder, {nI}. Give a divisor of it.")
    model.set_dim("nO", nI)
    if not model.has_dim("nL"):
        return
    if model.get_dim("nL") < 2:
        raise XnerError("layers: the encoder has one layer alone, with none below it to attend to. Use LastLayer.")
    model.set_param(LOGITS, model.ops.alloc1f(model.get_dim("nL") - 1))
    init_scores(model)
    init_fusion(model)
    if VALUE in model.param_names:
        model.set_param(VALUE, model.ops.xp.eye(nI, dtype="f"))


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
    last, lower = X[-1], X[:-1]
    weights, backprop_weights = _attend(model, last, lower, draw_kept(model, len(lower), is_train))
    attended, backprop_mix = _mix(model, weights, lower)
    values, backprop_values = _project_values(model, attended)
    Y, backprop_fusion = FUSIONS[model.attrs["fusion"]](model, last, values)

    def backprop(dY: Rows) -> Layers:
        d_last, d_values = backprop_fusion(dY)
        d_weights, d_lower = backprop_mix(backprop_values(d_values))
        d_query, d_keys = backprop_weights(d_weights)
        d_last += d_query
        for d_value, d_key in zip(d_lower, d_keys, strict=True):
            d_value += d_key
        return [*d_lower, d_last]

    return Y, backprop


def attention_weights(model: Aggregator, X: Layers) -> Scores:
    """The weight of each layer below the last for each row, as in prediction: float32 (n_rows, n_lower, n_heads)."""
    return _attend(model, X[-1], X[:-1], None)[0]


def _attend(
    model: Aggregator, last: Rows, lower: Layers, kept: Weights | None
) -> tuple[Scores, Callable[[Scores], tuple[Rows, Layers]]]:
    """Softmax over the layers of scores and logits, without those that layer dropout leaves out."""
    xp, logit_scale = model.ops.xp, model.attrs["logit_scale"]
    weights, backprop_scores = SCORES[model.attrs["scores"]](model, last, lower)
    weights += (model.get_param(LOGITS) * logit_scale)[None, :, None]
    weights -= weights.max(axis=1, keepdims=True)
    xp.exp(weights, out=weights)
    if kept is not None:
        weights *= kept[None, :, None]
    weights /= xp.maximum(weights.sum(axis=1, keepdims=True), 1e-30)  # all may have been left out

    def backprop(d_weights: Scores) -> tuple[Rows, Layers]:
        d_scores = weights * (d_weights - (weights * d_weights).sum(axis=1, keepdims=True))
        model.inc_grad(LOGITS, d_scores.sum(axis=(0, 2)) * logit_scale)
        return backprop_scores(d_scores)

    return weights, backprop


def _mix(model: Aggregator, weights: Scores, lower: Layers) -> tuple[Rows, Callable[[Rows], tuple[Scores, list[Any]]]]:
    """The weighted sum of the layers, each head for its share of the dimensions."""
    xp, heads = model.ops.xp, weights.shape[2]
    shape = lower[0].shape
    split = (shape[0], heads, shape[1] // heads)
    mixed = model.ops.alloc3f(*split)
    for i, x in enumerate(lower):
        mixed += weights[:, i, :, None] * x.reshape(split)

    def backprop(d_mixed: Rows) -> tuple[Scores, list[Any]]:
        d_split = d_mixed.reshape(split)
        d_weights = xp.empty_like(weights)
        for i, x in enumerate(lower):
            d_weights[:, i] = xp.einsum("nhw,nhw->nh", d_split, x.reshape(split))
        return d_weights, [(weights[:, i, :, None] * d_split).reshape(shape) for i in range(len(lower))]

    return mixed.reshape(shape), backprop


def _project_values(model: Aggregator, attended: Rows) -> tuple[Rows, Callable[[Rows], Rows]]:
    if VALUE not in model.param_names:
        return attended, lambda d_values: d_values
    value: Any = model.get_param(VALUE)

    def backprop(d_values: Rows) -> Rows:
        model.inc_grad(VALUE, d_values.T @ attended)
        return d_values @ value

    return attended @ value.T, backprop


def _check_choice(name: str, value: str, choices: dict[str, Any]) -> None:
    if value not in choices:
        raise XnerError(f"{name}: there is no {value!r}. Choose one of {', '.join(choices)}.")
