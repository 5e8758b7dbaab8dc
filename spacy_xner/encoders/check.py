"""Checks that a folder has an encoder that every part of spacy-xner can use."""

import json
from pathlib import Path
from typing import Any

from ..errors import XnerError

CONFIG_NAME, WEIGHTS_NAME, INDEX_NAME = "config.json", "model.safetensors", "model.safetensors.index.json"


def check_files(folder: Path, *, name: str | None = None) -> None:
    """Check that the folder has a configuration and complete safetensors weights; takes milliseconds.

    name (str | None): what the user calls it, for the messages; the folder itself if None.
    RAISES: XnerError with what is missing.
    """
    name = name or str(folder)
    config = _read_json(folder / CONFIG_NAME, name)
    if not isinstance(config, dict) or "model_type" not in config:
        raise XnerError(f"{name} is not an encoder: its {CONFIG_NAME} has no `model_type`.")
    for path in _weight_files(folder, name):
        _check_weights(path, name)


def check_loadable(folder: Path, *, name: str | None = None) -> None:
    """Check also that transformers supports the model and that a fast tokenizer fits it; takes seconds.

    RAISES: XnerError with what is wrong.
    """
    from transformers import AutoConfig, AutoTokenizer

    name = name or str(folder)
    try:
        config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False, local_files_only=True)
    except Exception as error:
        raise XnerError(
            f"{name} is not an encoder that transformers can load without running code of the model: {error}"
        ) from error
    if config.is_encoder_decoder:
        raise XnerError(f"{name} is an encoder with a decoder ({config.model_type}); choose an encoder, such as BERT.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), use_fast=True, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # tokenizers raises bare exceptions
        raise XnerError(f"{name}: its tokenizer cannot be loaded: {error}") from error
    if not tokenizer.is_fast:
        raise XnerError(
            f"{name}: its tokenizer {type(tokenizer).__name__} has no fast version, which is needed for the offsets of "
            "word pieces. Choose an encoder with a tokenizer.json."
        )
    if len(tokenizer) > config.vocab_size:
        raise XnerError(
            f"{name}: its tokenizer has {len(tokenizer)} word pieces, but the model only {config.vocab_size} "
            "embeddings. Use the tokenizer that the model was trained with."
        )


def _weight_files(folder: Path, name: str) -> list[Path]:
    if (folder / WEIGHTS_NAME).is_file():
        return [folder / WEIGHTS_NAME]
    if (folder / INDEX_NAME).is_file():
        index = _read_json(folder / INDEX_NAME, name)
        shards = sorted({folder / shard for shard in index.get("weight_map", {}).values()})
        missing = [shard.name for shard in shards if not shard.is_file()]
        if missing or not shards:
            raise XnerError(f"{name}: {INDEX_NAME} names weight files that are missing: {missing or 'none at all'}.")
        return shards
    raise XnerError(
        f"{name} has no {WEIGHTS_NAME} (other formats, such as pytorch_model.bin, are not read, since they can run "
        "code). If you trust it, convert it once and fetch the folder NEW: "
        'python -c "import sys; from transformers import AutoModel as M, AutoTokenizer as T; '
        f'[c.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2]) for c in (M, T)]" {name} NEW'
    )


def _check_weights(path: Path, name: str) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as weights:
            empty = not weights.keys()
    except (SafetensorError, OSError) as error:
        raise XnerError(
            f"{name}: {path.name} is truncated or not a safetensors file ({error}). Fetch it again."
        ) from error
    if empty:
        raise XnerError(f"{name}: {path.name} has no tensors.")


def _read_json(path: Path, name: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError as error:
        raise XnerError(
            f"{name} is not an encoder: it has no {path.name}. Expected a folder as `save_pretrained` of transformers "
            f"writes it, with {CONFIG_NAME}, {WEIGHTS_NAME} and tokenizer.json."
        ) from error
    except (ValueError, OSError) as error:
        raise XnerError(f"{name} is not an encoder: {path.name} cannot be read ({error}).") from error
