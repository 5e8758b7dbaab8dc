"""Loading of encoders for alignment: from a folder or the hub, default layers, length limit, version."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from thinc.api import get_torch_default_device

from ..compat import get_layer_stack
from ..encoders.check import SEQ2SEQ_ADVICE
from ..encoders.names import resolve_encoder
from ..encoders.origin import EMBEDDED, UNKNOWN, read_origin
from ..errors import XnerError
from ..files import file_sha256
from ..model_files import LOCAL

MBERT = "bert-base-multilingual-cased"
MBERT_DEPTH, MBERT_LAYER = 12, 8

SpecialPieces = tuple[list[int], list[int]]
"""Ids of the special pieces before and after a sentence."""


def load_encoder(model: str) -> tuple[Any, Any, Any]:
    """Load configuration, fast tokenizer and model in evaluation mode, from safetensors only.

    model (str): as for `resolve_encoder`.
    RAISES: XnerError where it cannot be loaded, is a translation model, or has no fast tokenizer.
    """
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    name = resolve_encoder(model)
    try:
        config = AutoConfig.from_pretrained(name, **LOCAL)
        check_not_seq2seq(model, config)
        tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True, **LOCAL)
        if not tokenizer.is_fast:
            raise XnerError(
                f"The encoder {model!r} has no fast tokenizer ({type(tokenizer).__name__} was loaded), which "
                f"alignment needs to find the word of each piece: use an encoder with a tokenizer.json."
            )
        if getattr(tokenizer, "add_prefix_space", True) is False:  # byte-level ones refuse words without it
            tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True, add_prefix_space=True, **LOCAL)
        transformer = AutoModel.from_pretrained(name, config=config, use_safetensors=True, **LOCAL)
    except (OSError, ValueError) as error:
        if isinstance(error, XnerError):
            raise
        raise XnerError(
            f"The encoder {model!r} cannot be loaded: {error} Expected 'embedded', a Hugging Face folder with "
            f"model.safetensors and tokenizer.json, or the name of such a model on the hub."
        ) from error
    return config, tokenizer, transformer.eval()


def check_not_seq2seq(model: str, config: Any) -> None:
    """RAISES: XnerError for a model with a decoder."""
    if config.is_encoder_decoder:
        raise XnerError(
            f"{model} has a decoder ({config.model_type}), expected an encoder such as BERT. {SEQ2SEQ_ADVICE}"
        )


def default_layers(model: str, config: Any, beside: int) -> tuple[int, ...]:
    """The default layers of alignment: one layer and `beside` layers below and above it.

    An encoder trained by `xner align train` has a record of its trained layers: all of them, or the middle one if
    `beside` is 0. For a translation model it is the last layer of its encoder alone, which TransAlign reads and trains
    (Ebing, Goldschmied and Glavaš 2025, https://arxiv.org/abs/2510.27337: layer 12 of 12 of NLLB-200-distilled-600M).
    For other encoders it is the middle layer, or SimAlign's choice for mBERT, the 8th.

    Middle layers align best; the last ones are specialised for the pretraining objective (Jalili Sabet et al. 2020,
    figure 2). With the embedded encoder, layers 5 to 7 of 12 are within a point of each other.
    """
    depth = int(config.num_hidden_layers)
    if config.is_encoder_decoder:
        return (depth,)
    origin = read_origin(Path(model))
    if origin is not None and origin.aligned is not None:
        trained = sorted(origin.aligned["layers"])
        return tuple(trained) if beside else (trained[len(trained) // 2],)
    names = f"{model} {getattr(config, '_name_or_path', '')} {f'{origin.name} {origin.source}' if origin else ''}"
    middle = MBERT_LAYER if MBERT in names and depth == MBERT_DEPTH else max(1, round(depth / 2))
    return tuple(range(max(0, middle - beside), min(depth, middle + beside) + 1))


def encoder_version(model: str) -> str:
    """The version of an encoder: checksum of a folder's weights, version of a wheel, commit on the hub.

    RETURNS: "unknown" for a folder without weights.
    """
    if model == EMBEDDED.name:
        return EMBEDDED.version
    if Path(model).is_dir():
        files = sorted(Path(model).glob("*.safetensors"))  # several where the weights are sharded
        hashes = [_sha256(file, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
        return "-".join(hashes) or UNKNOWN
    origin = read_origin(Path(resolve_encoder(model)))
    return origin.version if origin else UNKNOWN


@functools.lru_cache
def _sha256(file: Path, modified: int, size: int) -> str:
    """The checksum of a file, cached by its time and size; half a gigabyte takes a second."""
    return file_sha256(file)


def check_layers(layers: int | Sequence[int], depth: int, model: str) -> tuple[int, ...]:
    """The layers as a tuple. RAISES: XnerError for layers that the encoder does not have."""
    chosen = (layers,) if isinstance(layers, int) else tuple(layers)
    wrong = [layer for layer in chosen if not 0 <= layer <= depth]
    if wrong or not chosen:
        raise XnerError(
            f"The encoder {model!r} has layers 0 (embeddings) to {depth}, but the setting `layers` asks for "
            f"{', '.join(map(str, wrong)) or 'none'}."
        )
    return chosen


def drop_layers_above(model: Any, highest: int) -> None:
    """Remove the layers above `highest` from encoders built like BERT; other encoders are not changed."""
    layers = get_layer_stack(model)
    if layers is not None and len(layers) == model.config.num_hidden_layers:
        del layers[highest:]


def special_tokens(tokenizer: Any) -> SpecialPieces:
    """Ids of the special pieces before and after a sentence."""
    bare = tokenizer([["a"]], is_split_into_words=True, add_special_tokens=False)["input_ids"][0]
    whole = tokenizer([["a"]], is_split_into_words=True, add_special_tokens=True)["input_ids"][0]
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return whole[:start], whole[start + len(bare) :]
    return [], []


def current_device() -> torch.device:
    """thinc's device (`spacy.require_gpu`), else torch's default device."""
    device: torch.device = get_torch_default_device()
    return torch.get_default_device() if device.type == "cpu" else device
