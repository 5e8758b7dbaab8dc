"""Linear layers in 8-bit integers, with a scale for each row of the input."""

from __future__ import annotations

import functools
import warnings
from typing import Any, NamedTuple

import torch

from .. import compat

WEIGHT_LIMIT = 63
"""Weights take 7 bits: without VNNI a processor adds two products in 16 bits, and 2 * 255 * 127 would not fit."""

ACTIVATION_LEVELS = 255


class QuantisedLinear(torch.nn.Module):
    """`torch.nn.Linear` in integers, for prediction on a CPU.

    Each output feature has a scale for its weights; each row of the input (each word piece) has its own scale and
    offset, computed from its values. So the result of a row does not depend on the other rows of its batch, and a
    large value in one row does not reduce the precision of others: with torch's own `quantize_dynamic`, which has one
    scale for all rows and for all weights, the error in the last layer of the embedded encoder is three times as large.

    weight (torch.Tensor): (n_out, n_in), float32.
    bias (torch.Tensor | None): (n_out,), float32.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        super().__init__()
        weight = weight.detach().float()
        scales = (weight.abs().amax(dim=1) / WEIGHT_LIMIT).clamp_min(torch.finfo(torch.float32).tiny)
        integers = (weight / scales[:, None]).round().to(torch.int8)
        self.packed = pack(integers, scales)
        self.row_sums = integers.sum(dim=1) * scales
        self.bias = torch.zeros(len(weight)) if bias is None else bias.detach().float()
        self.n_out = len(weight)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """(..., n_in) to (..., n_out), both float32."""
        rows = X.reshape(-1, X.shape[-1])
        if not len(rows):
            return X.new_empty((*X.shape[:-1], self.n_out))
        lowest = rows.amin(dim=1, keepdim=True)
        # A row of equal values has no range: its offset is its value.
        step = (rows.amax(dim=1, keepdim=True) - lowest).div_(ACTIVATION_LEVELS).clamp_min_(1e-30)
        Y = multiply((rows - lowest).div_(step), self.packed)
        torch.addcmul(self.bias, Y, step, out=Y).addcmul_(lowest, self.row_sums)
        return Y.reshape(*X.shape[:-1], self.n_out)


class Packed(NamedTuple):
    """Weights in the form that torch's engine needs.

    weight (Any): integers (n_out, n_in). scales (torch.Tensor | None): one for each output feature, for oneDNN.
    """

    weight: Any
    scales: torch.Tensor | None


def pack(integers: torch.Tensor, scales: torch.Tensor) -> Packed:
    """Weights for `multiply`: integers (n_out, n_in) of int8, times scales (n_out,)."""
    if has_onednn():
        return Packed(compat.pack_onednn_weight(integers), scales)
    return pack_for_engine(integers, scales)


def pack_for_engine(integers: torch.Tensor, scales: torch.Tensor) -> Packed:
    """The same for `torch.backends.quantized.engine`, such as FBGEMM."""
    with warnings.catch_warnings():  # torch warns that quantisation will move to another package
        warnings.simplefilter("ignore")
        weight = compat.make_quantised_weight(integers, scales)
        return Packed(torch.ops.quantized.linear_prepack(weight, None), None)


def multiply(X: torch.Tensor, packed: Packed) -> torch.Tensor:
    """`X @ W.T` in float32, where X, (n_rows, n_in) of float32, holds numbers from 0 to 255, which are rounded."""
    if packed.scales is not None:
        return compat.multiply_onednn(X, packed.weight, packed.scales)
    product: torch.Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(X, 1.0, 0, packed.weight)
    return product


@functools.cache
def has_onednn() -> bool:
    """Whether oneDNN multiplies with exact sums here, on a processor that it has fast code for.

    The encoder takes 5% less time than with FBGEMM on a processor with AVX2. Elsewhere than on x86 it may be slow.
    """
    if torch.backends.quantized.engine not in ("x86", "onednn", "fbgemm"):
        return False
    try:
        # torch warns, once in a process, that quantisation will move to another package
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            return is_exact(Packed(compat.pack_onednn_weight(largest_weights()), torch.ones(8)))
    except (RuntimeError, NotImplementedError, AttributeError, TypeError):
        return False


def largest_weights() -> torch.Tensor:
    """Weights whose sums are the largest, for `is_exact`: int8 (8, 64)."""
    return torch.full((8, 64), WEIGHT_LIMIT, dtype=torch.int8)


def is_exact(packed: Packed) -> bool:
    """Whether `multiply` has exact sums with the `largest_weights`: a weak engine overflows."""
    sums = multiply(torch.full((4, 64), float(ACTIVATION_LEVELS)), packed)
    return bool((sums == 64 * ACTIVATION_LEVELS * WEIGHT_LIMIT).all())
