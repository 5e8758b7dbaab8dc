"""Softmax weights over layers, which several aggregators use."""

from thinc.api import Model

from .types import Aggregator, Weights

LOGITS = "layer_logits"


def start_logits(model: Aggregator) -> Weights:
    """Initial logits, (nL,): zero, and `attrs["start_last"]` more for the last layer."""
    logits = model.ops.alloc1f(model.get_dim("nL"))
    logits[-1] = model.attrs["start_last"] / model.attrs["logit_scale"]
    return logits


def softmax_weights(model: Aggregator, kept: Weights | None = None) -> Weights:
    """The weights of the layers, (n_layers,): not negative, with the sum 1.

    The parameter holds the logits divided by `attrs["logit_scale"]`: an optimizer with one learning rate for all
    parameters then changes the logits `logit_scale` times as fast as other parameters.

    kept (Weights | None): one for a layer that is used, zero for one that layer dropout leaves out; at least one is
        used. The weights of the used ones sum to 1.
    """
    scaled = model.get_param(LOGITS) * model.attrs["logit_scale"]
    weights = model.ops.softmax(scaled.reshape(1, -1)).reshape(-1)
    if kept is None:
        return weights
    weights = weights * kept
    return weights / weights.sum()


def add_logit_gradient(model: Aggregator, weights: Weights, d_weights: Weights) -> None:
    """Turn the gradient of the weights into that of the parameter, and add it."""
    d_logits = weights * (d_weights - (weights * d_weights).sum())
    model.inc_grad(LOGITS, d_logits * model.attrs["logit_scale"])


def find_aggregators(model: Model) -> list[Aggregator]:
    """All nodes of `model` that have layer weights."""
    return [node for node in model.walk() if LOGITS in node.param_names and node.has_param(LOGITS)]
