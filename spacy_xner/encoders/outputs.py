"""Where all layers are kept in spacy-transformers' data, and how gradients for them travel."""

from __future__ import annotations

import torch
from spacy_transformers.data_classes import TransformerData
from thinc.api import get_array_module
from thinc.types import FloatsXd
from transformers.utils import ModelOutput

from ..errors import XnerError

LAYERS_KEY = "xner_layers"


def layers_of(data: TransformerData) -> list[FloatsXd] | None:
    """All L + 1 layers of one doc, lowest first, each of shape (n_spans, n_word_pieces, width).

    None where the encoder that made `data` keeps its last layer only.
    """
    lower = data.model_output.get(LAYERS_KEY)
    return None if lower is None else [*lower, data.model_output["last_hidden_state"]]


def gradients_of(d_layers: dict[int, FloatsXd], n_layers: int) -> ModelOutput:
    """Gradients for what `layers_of` gave, in the flat, positional form that spacy-transformers carries.

    d_layers (dict[int, FloatsXd]): index of a layer -> its gradient; a layer that is left out has none.
    n_layers (int): how many layers there are, L + 1.
    """
    last = n_layers - 1
    sample = next(iter(d_layers.values()))
    zeros = get_array_module(sample).zeros_like
    output = ModelOutput({"last_hidden_state": d_layers[last] if last in d_layers else zeros(sample)})
    if set(d_layers) != {last}:  # the last layer alone needs no more than a stock listener sends
        for i in range(last):
            output[f"layer_{i}"] = d_layers[i] if i in d_layers else zeros(sample)
    return output


def with_gradients(
    roots: list[torch.Tensor], gradients: list[torch.Tensor]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The layers to begin a backward pass at, and their gradients.

    roots (list[torch.Tensor]): the last layer, then all others from the lowest on.
    gradients (list[torch.Tensor]): one for the last layer (a stock listener sends that), or one for each root.
    RAISES: XnerError for any other number, where torch would silently leave out some.
    """
    if len(gradients) not in (1, len(roots)):
        raise XnerError(
            f"The encoder got gradients for {len(gradients)} arrays, expected 1 (from a stock listener) or "
            f"{len(roots)} (from spacy_xner.LayerAggregationListener.v1)."
        )
    # A root without gradient (the embeddings, when they are frozen) makes torch raise.
    kept = [(root, gradient) for root, gradient in zip(roots, gradients, strict=False) if root.requires_grad]
    return [root for root, _ in kept], [gradient for _, gradient in kept]
