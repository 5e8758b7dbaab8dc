"""How what the last layer found in the lower ones joins it. Each way begins with the last layer as it is."""

from collections.abc import Callable
from typing import Any

from .types import Aggregator, Rows

SCALE, WEIGHT, BIAS = "fusion_scale", "fusion_W", "fusion_b"

Fused = tuple[Rows, Callable[[Rows], tuple[Rows, Rows]]]
"""The result, and the callback from its gradient to those of the last layer and of what was attended to."""


def init_fusion(model: Aggregator) -> None:
    """Zeros: what is attended to adds nothing at first."""
    nI = model.get_dim("nI")
    if model.attrs["fusion"] == "sum":
        model.set_param(SCALE, model.ops.alloc1f(nI))
    else:
        model.set_param(WEIGHT, model.ops.alloc3f(2, nI, nI))
        model.set_param(BIAS, model.ops.alloc1f(nI))


def fuse_sum(model: Aggregator, last: Rows, attended: Rows) -> Fused:
    """`last + scale * attended`, with a learned number for each dimension."""
    scale: Any = model.get_param(SCALE)

    def backprop(dY: Rows) -> tuple[Rows, Rows]:
        model.inc_grad(SCALE, model.ops.xp.einsum("nw,nw->w", dY, attended))
        return dY.copy(), dY * scale

    return last + attended * scale, backprop


def fuse_concat(model: Aggregator, last: Rows, attended: Rows) -> Fused:
    """`last + W [last; attended] + b`: both side by side, projected; the first term is a start at the identity."""
    projected, backprop_projection = _project_both(model, last, attended)

    def backprop(dY: Rows) -> tuple[Rows, Rows]:
        d_last, d_attended = backprop_projection(dY)
        return d_last + dY, d_attended

    return last + projected, backprop


def fuse_gate(model: Aggregator, last: Rows, attended: Rows) -> Fused:
    """`last + tanh(W [last; attended] + b) * attended`: a gate for each dimension that depends on both."""
    gate, backprop_projection = _project_both(model, last, attended)
    model.ops.xp.tanh(gate, out=gate)

    def backprop(dY: Rows) -> tuple[Rows, Rows]:
        d_last, d_attended = backprop_projection(dY * attended * (1 - gate * gate))
        d_last += dY
        d_attended += dY * gate
        return d_last, d_attended

    return last + gate * attended, backprop


FUSIONS: dict[str, Callable[[Aggregator, Rows, Rows], Fused]] = {
    "sum": fuse_sum,
    "concat": fuse_concat,
    "gate": fuse_gate,
}


def _project_both(model: Aggregator, last: Rows, attended: Rows) -> Fused:
    weight: Any = model.get_param(WEIGHT)

    def backprop(dY: Rows) -> tuple[Rows, Rows]:
        model.inc_grad(WEIGHT, model.ops.xp.stack([dY.T @ last, dY.T @ attended]))
        model.inc_grad(BIAS, dY.sum(axis=0))
        return dY @ weight[0], dY @ weight[1]

    return last @ weight[0].T + attended @ weight[1].T + model.get_param(BIAS), backprop
