"""How well each lower layer answers to the last one: the scores of layer attention, with their gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from thinc.api import Model, glorot_uniform_init

from .types import Aggregator, Layers, Rows

QUERY, QUERY_BIAS, KEY, SCORE = "query_W", "query_b", "key_W", "score_W"

Scores: TypeAlias = Any
"""float32, (n_rows, n_lower, n_heads)."""

Backprop: TypeAlias = Callable[[Scores], tuple[Rows, Layers]]
"""The gradient of the scores to that of the last layer and those of the lower ones; adds those of the parameters."""


def init_scores(model: Aggregator) -> None:
    """Random projections for queries and keys, each head with its own: (n_heads, query_width, nI)."""
    heads, width, nI = model.attrs["n_heads"], model.attrs["query_width"], model.get_dim("nI")
    for name in (QUERY, KEY):
        projection: Any = glorot_uniform_init(model.ops, (heads * width, nI))
        model.set_param(name, projection.reshape(heads, width, nI))
    model.set_param(QUERY_BIAS, model.ops.alloc2f(heads, width))
    if model.attrs["scores"] == "additive":
        model.set_param(SCORE, glorot_uniform_init(model.ops, (heads, width)))


def dot_scores(model: Aggregator, last: Rows, lower: Layers) -> tuple[Scores, Backprop]:
    """`query . key / sqrt(query_width)` (Vaswani et al. 2017, arXiv 1706.03762).

    `(Q last) . (K layer)` is computed as `(K^T Q last) . layer`: one product of matrices for all layers instead of one
    for each, and no keys in memory. A bias of the keys would be the same for all layers, and softmax ignores that.
    """
    xp = model.ops.xp
    key: Any = model.get_param(KEY)
    heads, width, nI = key.shape
    query = _query(model, last)
    scale = 1 / math.sqrt(width)
    seen = model.ops.alloc3f(len(last), heads, nI, zeros=False)  # what each head looks for in a layer
    for h in range(heads):
        seen[:, h] = query[:, h * width : (h + 1) * width] @ (key[h] * scale)
    scores = model.ops.alloc3f(len(last), len(lower), heads, zeros=False)
    for i, x in enumerate(lower):
        scores[:, i] = xp.einsum("nhw,nw->nh", seen, x)

    def backprop(d_scores: Scores) -> tuple[Rows, Layers]:
        d_seen = model.ops.alloc3f(*seen.shape)
        d_lower = []
        for i, x in enumerate(lower):
            d_lower.append(xp.einsum("nh,nhw->nw", d_scores[:, i], seen))
            for h in range(heads):
                d_seen[:, h] += d_scores[:, i, h, None] * x
        d_seen *= scale
        d_query = xp.empty_like(query)
        d_key = xp.empty_like(key)
        for h in range(heads):
            part = slice(h * width, (h + 1) * width)
            d_query[:, part] = d_seen[:, h] @ key[h].T
            d_key[h] = query[:, part].T @ d_seen[:, h]
        model.inc_grad(KEY, d_key)
        return _backprop_query(model, d_query, last), d_lower

    return scores, backprop


def additive_scores(model: Aggregator, last: Rows, lower: Layers) -> tuple[Scores, Backprop]:
    """`v . tanh(query + key)` (Bahdanau et al. 2015, arXiv 1409.0473)."""
    xp = model.ops.xp
    vector: Any = model.get_param(SCORE)
    heads, width = vector.shape
    query = _query(model, last)
    hidden = [xp.tanh(query + x @ _matrix(model, KEY).T) for x in lower]  # each (n, heads * width)
    scores = model.ops.alloc3f(len(last), len(lower), heads, zeros=False)
    for i, h in enumerate(hidden):
        scores[:, i] = xp.einsum("nhd,hd->nh", h.reshape(-1, heads, width), vector)

    def backprop(d_scores: Scores) -> tuple[Rows, Layers]:
        d_vector, d_query, d_key = xp.zeros_like(vector), xp.zeros_like(query), xp.zeros_like(model.get_param(KEY))
        d_lower = []
        for i, (x, h) in enumerate(zip(lower, hidden, strict=True)):
            d_vector += xp.einsum("nhd,nh->hd", h.reshape(-1, heads, width), d_scores[:, i])
            d_hidden = (d_scores[:, i, :, None] * vector).reshape(h.shape) * (1 - h * h)
            d_query += d_hidden
            d_key += (d_hidden.T @ x).reshape(d_key.shape)
            d_lower.append(d_hidden @ _matrix(model, KEY))
        model.inc_grad(SCORE, d_vector)
        model.inc_grad(KEY, d_key)
        return _backprop_query(model, d_query, last), d_lower

    return scores, backprop


SCORES: dict[str, Callable[[Aggregator, Rows, Layers], tuple[Scores, Backprop]]] = {
    "dot": dot_scores,
    "additive": additive_scores,
}


def _matrix(model: Model, name: str) -> Any:
    """A projection with the heads one under the other: (n_heads * query_width, nI)."""
    parameter: Any = model.get_param(name)
    return parameter.reshape(-1, parameter.shape[-1])


def _query(model: Aggregator, last: Rows) -> Rows:
    """The queries of all heads, (n_rows, n_heads * query_width)."""
    bias: Any = model.get_param(QUERY_BIAS)
    return last @ _matrix(model, QUERY).T + bias.reshape(-1)


def _backprop_query(model: Aggregator, d_query: Rows, last: Rows) -> Rows:
    model.inc_grad(QUERY, (d_query.T @ last).reshape(model.get_param(QUERY).shape))
    model.inc_grad(QUERY_BIAS, d_query.sum(axis=0).reshape(model.get_param(QUERY_BIAS).shape))
    return d_query @ _matrix(model, QUERY)
