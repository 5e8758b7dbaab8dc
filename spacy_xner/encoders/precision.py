"""The data type of prediction on a CPU: the setting `inference`, and what this processor supports."""

import functools
import warnings

import torch

from ..errors import XnerError

INFERENCE = ("float32", "bfloat16", "int8", "auto")


def check_inference(setting: str, of: str = "the transformer") -> str:
    """Return the setting, checked. Pipelines check it when they are made, and resolve it where they run.

    of (str): what has the setting, for the message.
    RAISES: XnerError for an unknown value.
    """
    if setting not in INFERENCE:
        names = ", ".join(f'"{name}"' for name in INFERENCE)
        raise XnerError(f"The setting `inference` of {of} is {setting!r}, expected one of {names}.")
    return setting


def resolve_inference(setting: str) -> str:
    """The precision that a setting stands for on this processor: "float32", "bfloat16" or "int8".

    "auto" is int8 where torch has a quantised engine for this processor: int8 was 1.7 times as fast as float32 on a
    processor with AVX2, and faster than bfloat16 on one with AVX512. Otherwise it is bfloat16 where the processor has
    instructions for it, and float32 elsewhere.

    RAISES: XnerError where "int8" is asked for by name and torch does not support it here.
    """
    check_inference(setting)
    if setting == "auto":
        if cpu_computes_int8():
            return "int8"
        return "bfloat16" if cpu_computes_bfloat16() else "float32"
    if setting == "int8" and not cpu_computes_int8():
        raise XnerError(
            'The setting `inference` of the transformer is "int8", but this torch has no quantised linear layers for '
            f'this processor (engine {torch.backends.quantized.engine!r}). Set it to "auto" or "float32".'
        )
    return setting


@functools.cache
def cpu_computes_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16. Where it has not, float32 is faster."""
    if not hasattr(torch.cpu, "get_capabilities"):  # an older torch
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


@functools.cache
def cpu_computes_int8() -> bool:
    """Whether torch multiplies 8-bit activations by 7-bit weights here, with exact sums.

    This is tested by a product: engines differ by processor and by how torch was built.
    """
    from .quantised import is_exact, largest_weights, pack

    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            return is_exact(pack(largest_weights(), torch.ones(8)))
    except (RuntimeError, NotImplementedError, AttributeError):
        return False
