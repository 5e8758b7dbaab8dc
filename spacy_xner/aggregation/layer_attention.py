"""Attention of the last layer over the lower ones (Chen et al. 2022, arXiv 2205.08497)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from thinc.api import Model, glorot_uniform_init

from ..errors import XnerError
from .options import common_attributes, draw_kept
from .types import Aggregator, Layers, Rows, Weights
from .weights import LOGITS

QUERY, QUERY_BIAS, KEY, SCALE = "query_W", "query_b", "key_W", "fusion_scale"

Scores: TypeAlias = Any
"""A score or weight of each lower layer for each row: float32, (n_rows, n_lower)."""

OBSERVERS: dict[int, Callable[[Scores], None]] = {}
"""What is called with the attention weights of each prediction, by the model's id; see `learned.recorded_attention`."""


def layer_attention(
    query_width: int = 64,
    logit_scale: float = 10.0,
    layers: Sequence[int] | None = None,
    layer_dropout: float = 0.0,
) -> Aggregator:
    """`last + scale * sum over l of softmax(score(last, layer_l) + logit_l)_l * layer_l`, over the layers below `last`.

    Each word piece has its own weights: the query comes from its last layer (the highest that is read), keys and values
    from the others. Chen et al. 2022 (arXiv 2205.08497) combine the layers of mBERT in this way; scores are scaled dot
    products (Vaswani et al. 2017, arXiv 1706.03762). `scale` is a learned number for each dimension that starts at 0,
    so that training starts at the last layer. The logits are learned too, the same for all texts, and start at 0.

    query_width (int): width of queries and keys.
    logit_scale (float): how many times faster than the other parameters the layers' logits learn; 0 turns them off.
    layers (Sequence[int] | None): the layers that are read (0: embeddings, -1: last), at least two; None reads all.
    layer_dropout (float): probability that a layer below the last is left out for a training batch; the weights of the
        others still sum to 1, and if none is left, nothing is added to the last layer.
    RAISES: XnerError for an option out of its range.
    """
    if query_width < 1:
        raise XnerError(f"query_width: {query_width} is too small. Give a whole number of at least 1.")
    if logit_scale < 0:
        raise XnerError(f"logit_scale: {logit_scale} is negative. 10 is the default, 0 turns the logits off.")
    if layers is not None and len(layers) == 1:
        raise XnerError(
            f"layers: {list(layers)} is one layer only, with none below it to attend to. Name at least two, or use "
            "LastLayer."
        )
    return Model(
        "layer_attention",
        forward,
        init=init,
        params=dict.fromkeys((LOGITS, QUERY, QUERY_BIAS, KEY, SCALE)),
        dims={"nL": None, "nI": None, "nO": None},
        attrs={
            **common_attributes(layers, layer_dropout),
            "query_width": query_width,
            "logit_scale": logit_scale,
        },
    )


def init(model: Aggregator, X: Layers | None = None, Y: Rows | None = None) -> None:
    """Set random projections for queries and keys, zeros for the other parameters.

    Projections have the shape (1, query_width, nI), the bias (1, query_width): the first dimension was for heads, and
    pipelines that were saved with one head still load.
    """
    if not model.has_dim("nI"):
        return
    width, nI = model.attrs["query_width"], model.get_dim("nI")
    model.set_dim("nO", nI)
    if not model.has_dim("nL"):
        return
    if model.get_dim("nL") < 2:
        raise XnerError("layers: the encoder has one layer only, with none below it to attend to. Use LastLayer.")
    model.set_param(LOGITS, model.ops.alloc1f(model.get_dim("nL") - 1))
    for name in (QUERY, KEY):
        projection: Any = glorot_uniform_init(model.ops, (width, nI))
        model.set_param(name, projection[None])
    model.set_param(QUERY_BIAS, model.ops.alloc2f(1, width))
    model.set_param(SCALE, model.ops.alloc1f(nI))


def forward(model: Aggregator, X: Layers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
    xp = model.ops.xp
    last, lower = X[-1], X[:-1]
    scale: Any = model.get_param(SCALE)
    weights, backprop_weights = _attend(model, last, lower, draw_kept(model, len(lower), is_train))
    if not is_train and model.id in OBSERVERS:
        OBSERVERS[model.id](weights)
    attended = model.ops.alloc2f(*last.shape)
    for i, x in enumerate(lower):
        attended += weights[:, i, None] * x

    def backprop(dY: Rows) -> Layers:
        model.inc_grad(SCALE, xp.einsum("nw,nw->w", dY, attended))
        d_attended = dY * scale
        d_weights = xp.empty_like(weights)
        for i, x in enumerate(lower):
            d_weights[:, i] = xp.einsum("nw,nw->n", d_attended, x)
        d_last, d_lower = backprop_weights(d_weights)  # as query and keys
        for i, d_layer in enumerate(d_lower):
            d_layer += weights[:, i, None] * d_attended  # as values
        return [*d_lower, d_last + dY]

    return last + attended * scale, backprop


def attention_weights(model: Aggregator, X: Layers) -> Scores:
    """The weight of each layer below the last for each row, as in prediction: float32 (n_rows, n_lower)."""
    return _attend(model, X[-1], X[:-1], None)[0]


def _attend(
    model: Aggregator, last: Rows, lower: Layers, kept: Weights | None
) -> tuple[Scores, Callable[[Scores], tuple[Rows, Layers]]]:
    """Softmax over the layers of scores plus logits, without those that layer dropout leaves out."""
    xp, logit_scale = model.ops.xp, model.attrs["logit_scale"]
    weights, backprop_scores = _score(model, last, lower)
    weights += model.get_param(LOGITS) * logit_scale
    weights -= weights.max(axis=1, keepdims=True)
    xp.exp(weights, out=weights)
    if kept is not None:
        weights *= kept
    weights /= xp.maximum(weights.sum(axis=1, keepdims=True), 1e-30)  # all may have been left out

    def backprop(d_weights: Scores) -> tuple[Rows, Layers]:
        d_scores = weights * (d_weights - (weights * d_weights).sum(axis=1, keepdims=True))
        model.inc_grad(LOGITS, d_scores.sum(axis=0) * logit_scale)
        return backprop_scores(d_scores)

    return weights, backprop


def _score(model: Aggregator, last: Rows, lower: Layers) -> tuple[Scores, Callable[[Scores], tuple[Rows, Layers]]]:
    """`query . key / sqrt(query_width)`, and the callback to the gradients of the last and the lower layers.

    `(Q last) . (K layer)` is computed as `(K^T Q last) . layer`: one matrix product for all layers instead of one for
    each, and no keys in memory. Keys have no bias: it would be the same for all layers, which softmax ignores.
    """
    xp = model.ops.xp
    parameters: Any = [model.get_param(name) for name in (QUERY, KEY, QUERY_BIAS)]
    (Q,), (K,), (b,) = parameters  # the first dimension is 1, see `init`
    factor = 1 / math.sqrt(len(K))
    query = last @ Q.T + b
    projected = query @ (K * factor)  # (n_rows, nI)
    scores = model.ops.alloc2f(len(last), len(lower), zeros=False)
    for i, x in enumerate(lower):
        scores[:, i] = xp.einsum("nw,nw->n", projected, x)

    def backprop(d_scores: Scores) -> tuple[Rows, Layers]:
        d_projected = model.ops.alloc2f(*projected.shape)
        for i, x in enumerate(lower):
            d_projected += d_scores[:, i, None] * x
        d_projected *= factor
        d_query = d_projected @ K.T
        model.inc_grad(KEY, (query.T @ d_projected)[None])
        model.inc_grad(QUERY, (d_query.T @ last)[None])
        model.inc_grad(QUERY_BIAS, d_query.sum(axis=0)[None])
        return d_query @ Q, [d_scores[:, i, None] * projected for i in range(len(lower))]

    return scores, backprop
