"""All layers in spacy-transformers' data structures, and how gradients for them get back to the encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from spacy_transformers.data_classes import TransformerData
from thinc.api import Model, get_array_module
from thinc.types import ArgsKwargs, FloatsXd
from transformers.utils import ModelOutput

from ..errors import XnerError

LAYERS_KEY = "xner_layers"
"""Key in `model_output` of the list of all layers below the last one."""


def layers_of(data: TransformerData) -> list[FloatsXd] | None:
    """All L + 1 layers of one doc, lowest first, each of shape (n_spans, n_word_pieces, width).

    None where the encoder that made `data` keeps only its last layer.
    """
    lower = data.model_output.get(LAYERS_KEY)
    return None if lower is None else [*lower, data.model_output["last_hidden_state"]]


def gradients_of(d_layers: dict[int, FloatsXd], n_layers: int) -> ModelOutput:
    """Gradients for the arrays of `layers_of`, in the flat, positional form that spacy-transformers carries.

    d_layers (dict[int, FloatsXd]): index of a layer -> its gradient; layers that are missing get zeros.
    n_layers (int): number of layers, L + 1.
    """
    last = n_layers - 1
    sample = next(iter(d_layers.values()))
    zeros = get_array_module(sample).zeros_like
    output = ModelOutput({"last_hidden_state": d_layers[last] if last in d_layers else zeros(sample)})
    if set(d_layers) != {last}:  # the last layer alone needs no more than a stock listener sends
        for i in range(last):
            output[f"layer_{i}"] = d_layers[i] if i in d_layers else zeros(sample)
    return output


def select_roots(
    roots: list[torch.Tensor], gradients: list[torch.Tensor]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The layers where the backward pass starts, and their gradients.

    roots (list[torch.Tensor]): the last layer, then all others from the lowest on.
    gradients (list[torch.Tensor]): one for the last layer (a stock listener sends that), or one for each root.
    RAISES: XnerError for any other number, where torch would silently leave out some.
    """
    if len(gradients) not in (1, len(roots)):
        raise XnerError(
            f"The encoder got gradients for {len(gradients)} arrays, expected 1 (from a stock listener) or "
            f"{len(roots)} (from spacy_xner.LayerAggregationListener.v1)."
        )
    # torch raises for a root that needs no gradient, such as the embeddings when they are frozen.
    kept = [(root, gradient) for root, gradient in zip(roots, gradients, strict=False) if root.requires_grad]
    return [root for root, _ in kept], [gradient for _, gradient in kept]


def convert_outputs(
    model: Model, inputs_outputs: tuple[Any, Any], is_train: bool
) -> tuple[ModelOutput, Callable[[ModelOutput], ArgsKwargs]]:
    """The encoder's output with all its layers, and the callback that turns their gradients into torch's.

    Replaces the function of spacy-transformers, in which `last_hidden_state` is the only root of the backward pass.
    """
    _, output = inputs_outputs
    last: torch.Tensor = output.last_hidden_state.float()
    lower = tuple(layer.float() for layer in output.hidden_states[:-1])
    roots = [last, *lower]

    def backprop(d_output: ModelOutput) -> ArgsKwargs:
        kept, gradients = select_roots(roots, list(d_output.values()))
        return ArgsKwargs(args=(kept,), kwargs={"grad_tensors": gradients})

    return ModelOutput({"last_hidden_state": last, LAYERS_KEY: lower}), backprop
