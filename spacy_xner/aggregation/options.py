"""Options of all aggregators: the layers that are read, and layer dropout."""

from collections.abc import Sequence
from typing import Any

import numpy

from ..errors import XnerError
from .types import ENCODER_LAYERS, LAYERS_READ, Aggregator, Weights

LAYER_DROPOUT = "layer_dropout"


def common_attributes(layers: Sequence[int] | None, layer_dropout: float) -> dict[str, Any]:
    """The attributes that hold the options, checked as far as is possible without an encoder.

    layers (Sequence[int] | None): the layers to read, in any order: 0 is the embeddings, -1 the last; None reads all.
    layer_dropout (float): probability that a layer is left out for a training batch, in [0, 1).
    RAISES: XnerError for an empty list, a layer named twice, a layer that is not an integer, and a probability out of
        range.
    """
    if layers is not None:
        wrong = [layer for layer in layers if isinstance(layer, bool) or not isinstance(layer, int)]
        if wrong:
            raise XnerError(f"layers: {wrong[0]!r} is not a layer number. Give whole numbers, such as [4, 8, -1].")
        if not layers:
            raise XnerError("layers: the list is empty. Name at least one layer, such as [4, 8, -1], or null for all.")
        if len(set(layers)) < len(layers):
            raise XnerError(f"layers: {list(layers)} names a layer twice. Name each once.")
    if not 0 <= layer_dropout < 1:
        raise XnerError(f"layer_dropout: {layer_dropout} is not a probability in [0, 1). With 0, no layer is left out.")
    return {
        LAYERS_READ: None if layers is None else list(layers),
        ENCODER_LAYERS: None,
        LAYER_DROPOUT: float(layer_dropout),
    }


def check_logit_scale(logit_scale: float) -> None:
    """Check that the scale is positive: otherwise logits learn nothing, or in the wrong direction.

    RAISES: XnerError for a scale that is not positive.
    """
    if not logit_scale > 0:
        raise XnerError(f"logit_scale: {logit_scale} is not positive. 10 is the default, 1 an ordinary learning rate.")


def resolve_layers(layers: Sequence[int] | None, n_layers: int) -> list[int]:
    """Indices of the layers that are read, from 0, lowest first.

    layers (Sequence[int] | None): as in a config; negative numbers count from the last layer; None is all.
    n_layers (int): number of layers of the encoder, embeddings included.
    RAISES: XnerError for a layer that the encoder does not have, and for one that is named in two ways.
    """
    if layers is None:
        return list(range(n_layers))
    for layer in layers:
        if not -n_layers <= layer < n_layers:
            raise XnerError(
                f"layers: the encoder has no layer {layer}. It has {n_layers}, the embeddings included: name some of "
                f"0 to {n_layers - 1} (or {-n_layers} to -1, counted from the last), or null for all of them."
            )
    resolved = sorted({layer % n_layers for layer in layers})
    if len(resolved) < len(layers):
        raise XnerError(
            f"layers: {list(layers)} names a layer twice, as the encoder has {n_layers} and -1 is {n_layers - 1}. "
            "Name each once."
        )
    return resolved


def layers_read(aggregator: Aggregator) -> list[int]:
    """Indices of the encoder's layers that an initialised aggregator reads, from 0, lowest first."""
    n_layers = aggregator.attrs.get(ENCODER_LAYERS)  # not in the first pipelines that were saved: they read all
    chosen = aggregator.attrs.get(LAYERS_READ)
    return resolve_layers(chosen, n_layers) if n_layers else list(range(aggregator.get_dim("nL")))


def draw_kept(model: Aggregator, n_layers: int, is_train: bool) -> Weights | None:
    """Draw the layers that are used for this batch: float32 (n_layers,) of ones and zeros. None: all, as in prediction.

    They are drawn by numpy's global generator on every device: thinc's `fix_random_seed` and spaCy's `training.seed`
    set its seed.
    """
    probability = model.attrs.get(LAYER_DROPOUT, 0.0)
    if not is_train or not probability:
        return None
    return model.ops.asarray1f((numpy.random.random(n_layers) >= probability).astype("f"))
