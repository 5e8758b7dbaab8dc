"""Checks that a folder has an encoder that every part of spacy-xner can use."""

from pathlib import Path, PurePath

from ..errors import XnerError
from ..model_files import LOCAL, check_model_folder, read_settings

WEIGHTS_NAME, INDEX_NAME = "model.safetensors", "model.safetensors.index.json"
SEQ2SEQ_ADVICE = (
    "To align words with a translation model, give the languages of both sides: the settings source and target of "
    "spacy_xner.Seq2SeqAligner.v1, or --source-lang and --target-lang (with `xner project`, --source-lang and --lang)."
)


def check_files(folder: Path, *, name: str | None = None) -> None:
    """Check that the folder has a configuration without code and complete safetensors weights; takes milliseconds.

    name (str | None): what the user calls it, for the messages; the folder itself if None.
    RAISES: XnerError with what is missing, and as `check_model_folder`.
    """
    name = name or str(folder)
    check_model_folder(folder, name)
    for path in _weight_files(folder, name):
        _check_weights(path, name)


def check_loadable(folder: Path, *, name: str | None = None) -> None:
    """Check that transformers supports the model and that a fast tokenizer fits it; takes seconds.

    RAISES: XnerError with what is wrong.
    """
    from transformers import AutoConfig, AutoTokenizer

    name = name or str(folder)
    check_model_folder(folder, name)
    try:
        config = AutoConfig.from_pretrained(str(folder), **LOCAL)
    except Exception as error:
        raise XnerError(
            f"{name} is not an encoder that transformers can load without running code of the model: {error}"
        ) from error
    if config.is_encoder_decoder:
        raise XnerError(
            f"{name} is an encoder with a decoder ({config.model_type}); choose an encoder, such as BERT. "
            f"{SEQ2SEQ_ADVICE}"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), use_fast=True, **LOCAL)
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
        names = set(map(str, read_settings(folder / INDEX_NAME, name).get("weight_map", {}).values()))
        for shard in sorted(names):
            if PurePath(shard).name != shard or not shard.endswith(".safetensors"):
                raise XnerError(f"{name}: {INDEX_NAME} names {shard!r}, expected a .safetensors file of the folder.")
        shards = [folder / shard for shard in sorted(names)]
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
