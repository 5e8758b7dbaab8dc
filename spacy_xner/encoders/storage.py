"""Weights as they are stored: float32, or less in a package.

Where an encoder's weights are float16, its word embeddings, which are most of a multilingual encoder, are stored in 8
bits: integers in [-127, 127], and one scale a row in float32. They are read back as float32. A row's error is at most
half a step, 1/254 of its greatest absolute value.
"""

import torch

from ..errors import XnerError

SCALE = ".row_scale"  # after the name of a weight that is stored in 8 bits
LEVELS = 127


def stored_weights(encoder: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights to write, by name.

    encoder (torch.nn.Module): an encoder of transformers. Its weights are not changed.
    """
    state = {name: weight.contiguous() for name, weight in encoder.state_dict().items()}
    embeddings = encoder.get_input_embeddings()  # type: ignore[operator]
    for name in [name for name, weight in encoder.named_parameters() if weight is embeddings.weight]:
        if state[name].dtype == torch.float16:
            state[name], state[name + SCALE] = quantise_rows(state[name])
    return state


def read_stored(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights that `stored_weights` gave, with float32 instead of float16 and 8 bits.

    Other types stay as they are.

    RAISES: XnerError for a scale that fits no weight.
    """
    scales = {name.removesuffix(SCALE): scale for name, scale in state.items() if name.endswith(SCALE)}
    weights = {name: weight for name, weight in state.items() if not name.endswith(SCALE)}
    for name, scale in scales.items():
        if name not in weights:
            raise XnerError(f"The weights of the pipeline's encoder have a scale of {name!r}, but not its weight.")
        weights[name] = dequantise_rows(name, weights[name], scale)
    for name, weight in weights.items():
        if weight.dtype == torch.float16:
            weights[name] = weight.float()
    return weights


def quantise_rows(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix in 8 bits. RETURNS: integers, int8, (n_rows, width), and scales, float32, (n_rows, 1)."""
    values = weight.float()
    scales = values.abs().amax(dim=1, keepdim=True) / LEVELS
    scales[scales == 0] = 1.0  # a row of zeros, such as that of the padding
    return (values / scales).round().to(torch.int8), scales


def dequantise_rows(name: str, weight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The matrix of `quantise_rows`, float32. RAISES: XnerError for other types or shapes."""
    if weight.dtype != torch.int8 or weight.dim() != 2 or scales.shape != (len(weight), 1):
        raise XnerError(
            f"The weight {name!r} of the pipeline's encoder is {weight.dtype} of the shape {tuple(weight.shape)} with "
            f"scales of the shape {tuple(scales.shape)}, expected torch.int8 and one scale a row."
        )
    return weight.to(torch.float32).mul_(scales.to(torch.float32))
