"""An encoder and its tokenizer as bytes: weights as safetensors, never a pickle."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import safetensors.torch
import srsly
import torch
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import get_torch_default_device

from .. import compat
from .threads import one_at_a_time


def encoder_to_bytes(shim: HFShim, encoder: torch.nn.Module | None) -> bytes:
    """The message of spacy-transformers' shim, with the weights as safetensors: no pickle, and no second copy.

    encoder (torch.nn.Module | None): the encoder; None where none is loaded.
    """
    with one_at_a_time("tokenizer"):
        message = compat.serialise_without_weights(shim)
    if encoder is not None:
        message["state"] = safetensors.torch.save({k: v.contiguous() for k, v in encoder.state_dict().items()})
    return srsly.msgpack_dumps(message)


def encoder_from_message(message: dict[str, Any], shim: HFShim) -> None:
    """Load tokenizer and encoder from the message of `encoder_to_bytes` into the shim, on thinc's device.

    Weights in float16 become float32: float16 is for storage, not for computing. Other types stay as they are.
    """
    with TemporaryDirectory() as folder:
        srsly.write_json(Path(folder) / "config.json", message["config"])
        settings = message["tokenizer"].pop("kwargs", {})
        for name, content in message["tokenizer"].items():
            (Path(folder) / name).write_bytes(content)
        config = shim.config_cls.from_pretrained(folder)
        tokenizer = shim.tokenizer_cls.from_pretrained(folder, **settings)
        vocab_path = Path(folder) / tokenizer.vocab_files_names.get("vocab_file", "")
        vocab_file = vocab_path.read_bytes() if vocab_path.is_file() else None
    encoder = compat.make_empty_encoder(config, shim.model_cls)
    state = safetensors.torch.load(message["state"])
    halves = {name: weight.float() for name, weight in state.items() if weight.dtype == torch.float16}
    encoder.load_state_dict(state | halves, assign=True)
    encoder.to(get_torch_default_device())  # type: ignore[arg-type]
    compat.hold_encoder(shim, tokenizer, encoder, vocab_file)
