"""Which weights of an encoder are not trained."""

from typing import Any

from .. import compat
from ..errors import XnerError


def freeze(model: Any, embeddings: bool, layers: int) -> None:
    """Exclude weights from training.

    model (PreTrainedModel): changed in place.
    embeddings (bool): the word embeddings.
    layers (int): this number of lowest layers, and with them everything below: all embeddings.
    RAISES: XnerError where the encoder has no more layers, or is not built as a stack of layers.
    """
    if embeddings:
        model.get_input_embeddings().weight.requires_grad_(False)
    if not layers:
        return
    stack = compat.get_layer_stack(model)
    if stack is None or layers >= len(stack):
        found = "no stack of layers that this package knows" if stack is None else f"{len(stack)} layers"
        raise XnerError(
            f"The setting `freeze_layers` of the transformer is {layers}, and the encoder has {found}: expected fewer "
            "than its layers, or 0."
        )
    for module in (model.embeddings, *stack[:layers]):  # each build with such a stack has its embeddings there
        module.requires_grad_(False)
