"""Linear layers in 8-bit integers, with a scale for every row of the input."""

from __future__ import annotations

import warnings
from typing import Any

import torch

WEIGHT_LIMIT = 63
"""Weights take 7 bits: without VNNI a processor adds two products in 16 bits, and 2 * 255 * 127 would not fit."""

ACTIVATION_LEVELS = 255


class QuantisedLinear(torch.nn.Module):
    """`torch.nn.Linear` in integers, for prediction on a CPU.

    Every output feature has a scale for its weights; every row of the input (every word piece) has a scale and an
    offset of its own, found when it is seen. So a row gives the same result whatever it shares a batch with, and a
    large value in one row takes no precision from others: torch's own `quantize_dynamic`, with one scale for all
    rows and for all weights, makes an error three times as large in the last layer of the embedded encoder.

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
        # A row of one value has no range; its offset says all.
        step = (rows.amax(dim=1, keepdim=True) - lowest).div_(ACTIVATION_LEVELS).clamp_min_(1e-30)
        Y = multiply((rows - lowest).div_(step), self.packed)
        torch.addcmul(self.bias, Y, step, out=Y).addcmul_(lowest, self.row_sums)
        return Y.reshape(*X.shape[:-1], self.n_out)


def pack(integers: torch.Tensor, scales: torch.Tensor) -> Any:
    """Weights in the form that torch's engine wants: integers (n_out, n_in) of int8, times scales (n_out,)."""
    with warnings.catch_warnings():  # torch means to move quantisation elsewhere some day
        warnings.simplefilter("ignore")
        weight = torch._make_per_channel_quantized_tensor(
            integers, scales.double(), torch.zeros(len(scales), dtype=torch.long), 0
        )
        return torch.ops.quantized.linear_prepack(weight, None)


def multiply(X: torch.Tensor, packed: Any) -> torch.Tensor:
    """`X @ W.T` in float32, where X, (n_rows, n_in) of float32, holds numbers from 0 to 255 that are rounded first."""
    product: torch.Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(X, 1.0, 0, packed)
    return product
