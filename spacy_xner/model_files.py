"""What a model's files and settings may say before anything is loaded: nothing that runs code or reads other files.

A model of transformers is data, except where its files name code: `auto_map` names Python files beside the model,
`attn_implementation` a repository with a compiled kernel, adapter_config.json another model. The tokenizer's settings
can name files anywhere. `check_model_folder` refuses all of these; every folder goes through it before it is loaded.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import XnerError
from .paths import check_links

CONFIG_NAME, TOKENIZER_CONFIG_NAME = "config.json", "tokenizer_config.json"
LOCAL = {"trust_remote_code": False, "local_files_only": True}
"""Arguments for every `from_pretrained`: no code of the model is run, and nothing is fetched."""

# The files of tokenizers, as patterns of `fnmatch`. Not vocab.pkl of Transformer-XL, which is a pickle.
TOKENIZER_FILES = (
    "tokenizer.json",
    TOKENIZER_CONFIG_NAME,
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "bpe.codes",
    "entity_vocab.json",
    "*.model",  # SentencePiece
    "*.spm",
)
ATTENTION = (None, "", "eager", "sdpa", "flash_attention_2", "flex_attention")
GENERATE_NAME = "custom_generate"  # a folder with Python code that replaces `generate`
ADAPTER_NAME = "adapter_config.json"
MAX_JSON_BYTES = 50_000_000  # of the settings; a tokenizer.json may be larger
# Settings that name files, but that transformers does not open.
UNREAD = {"special_tokens_map_file", "tokenizer_config_file", "added_tokens_file", "name_or_path"}
CODE = "spacy-xner runs no code of a model"

# Arguments of `from_pretrained` that a pipeline's settings cannot have.
REFUSED_SETTINGS = {
    "trust_remote_code": f"{CODE}: choose a model whose architecture is in transformers, and leave this setting out",
    "auto_map": f"{CODE}: choose a model whose architecture is in transformers, and leave this setting out",
    "code_revision": f"{CODE}: leave this setting out",
    "revision": "write it into the encoder's name, as name@revision",
    "token": "it would be saved with the pipeline: set the environment variable HF_TOKEN instead",
    "use_auth_token": "it would be saved with the pipeline: set the environment variable HF_TOKEN instead",
    "proxies": "set the environment variable HTTPS_PROXY instead",
    "cache_dir": "set the environment variable HF_HOME instead",
    "local_files_only": "set the environment variable HF_HUB_OFFLINE=1 instead",
    "force_download": "delete the model from the cache instead",
    "subfolder": "download the folder and give its path as the encoder",
    "gguf_file": "only safetensors are read",
    "quantization_config": "use the setting `inference` for faster prediction",
}


def check_settings(settings: Mapping[str, Any], where: str) -> None:
    """Check settings for `from_pretrained` of a tokenizer or a model, nested ones included.

    where (str): what the user calls them, such as `tokenizer_config`.
    RAISES: XnerError for a setting that would run code of a model, load other files than the encoder's, or be a key.
    """
    for path, value in _walk(settings):
        name = path[-1]
        # `False` and `None` are what happens anyway
        if name in REFUSED_SETTINGS and value not in (False, None):
            shown = f" = {value!r}" if isinstance(value, bool) else ""
            raise XnerError(f"Found the setting {'.'.join(path)}{shown} in {where}: {REFUSED_SETTINGS[name]}.")
        if name in ("attn_implementation", "_attn_implementation") and value not in ATTENTION:
            raise XnerError(
                f"Found the setting {'.'.join(path)} = {str(value)[:80]!r} in {where}, which can name a kernel to "
                f"download and run; {CODE}. Expected one of {', '.join(filter(None, ATTENTION))}."
            )
        if _names_a_file(name, value):
            raise XnerError(
                f"Found the setting {'.'.join(path)} = {str(value)[:80]!r} in {where}, which names a file outside of "
                "the encoder. Put the file into the encoder's folder, and leave this setting out."
            )


def check_model_folder(folder: Path, name: str) -> None:
    """Check what the files of a model's folder say, before transformers reads them; takes milliseconds.

    name (str): what the user calls the model, for messages.
    RAISES: XnerError where a file is a link that leads out of the folder or is no file, config.json or
        tokenizer_config.json names code or other files, or the architecture is not one of transformers.
    """
    check_links(folder, name=name)
    if (folder / ADAPTER_NAME).exists():
        raise XnerError(
            f"{name} has an {ADAPTER_NAME}: it is an adapter, which names another model to load. Merge it into its "
            "base model with `merge_and_unload` of the library peft, save that, and use the folder."
        )
    if (folder / GENERATE_NAME).exists():
        raise XnerError(f"{name} has a folder {GENERATE_NAME}: the model brings its own Python code; {CODE}.")
    config = read_settings(folder / CONFIG_NAME, name)
    check_config(config, f"{CONFIG_NAME} of {name}")
    if (folder / TOKENIZER_CONFIG_NAME).is_file():
        check_tokenizer_config(
            read_settings(folder / TOKENIZER_CONFIG_NAME, name), f"{TOKENIZER_CONFIG_NAME} of {name}"
        )


def check_config(config: Mapping[str, Any], where: str) -> None:
    """Check the content of a config.json. RAISES: XnerError as `check_model_folder`."""
    from transformers import CONFIG_MAPPING

    _check_auto_map(config, where)
    check_settings(config, where)
    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise XnerError(
            f"{where.partition(' of ')[2] or where} is not an encoder: its {CONFIG_NAME} has no `model_type`."
        )
    if kind not in CONFIG_MAPPING:
        raise XnerError(
            f"Found the model_type {kind!r} in {where}, which this release of transformers does not have; {CODE}. "
            "Choose another model, or install a newer transformers if spacy-xner allows it."
        )
    own = CONFIG_MAPPING[kind].__module__
    if own.partition(".")[0] != "transformers":
        raise XnerError(f"The model_type {kind!r} in {where} belongs to {own}, expected one of transformers itself.")


def check_tokenizer_config(config: Mapping[str, Any], where: str) -> None:
    """Check the content of a tokenizer_config.json. RAISES: XnerError as `check_model_folder`."""
    _check_auto_map(config, where)
    check_settings(config, where)
    if config.get("init_inputs"):
        raise XnerError(f"Found init_inputs in {where}, expected none. Remove the entry if you trust the tokenizer.")
    kind = config.get("tokenizer_class")
    if kind is not None and not _is_tokenizer_class(kind):
        raise XnerError(
            f"Found the tokenizer_class {str(kind)[:80]!r} in {where}, expected a tokenizer of transformers; {CODE}."
        )


def read_settings(path: Path, name: str) -> dict[str, Any]:
    """Read a JSON object of a model's folder. RAISES: XnerError where it is missing, too large, or something else."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise XnerError(f"{name}: {path.name} is larger than {MAX_JSON_BYTES:,} bytes, expected some settings.")
        found = json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise XnerError(
            f"{name} is not an encoder: it has no {path.name}. Expected a folder as `save_pretrained` of transformers "
            f"writes it, with {CONFIG_NAME}, model.safetensors and tokenizer.json."
        ) from None
    except (ValueError, OSError, RecursionError) as error:
        if isinstance(error, XnerError):
            raise
        raise XnerError(f"{name} is not an encoder: {path.name} cannot be read ({error}).") from error
    if not isinstance(found, dict):
        raise XnerError(f"{name} is not an encoder: {path.name} has a {type(found).__name__}, expected an object.")
    return found


def _check_auto_map(config: Mapping[str, Any], where: str) -> None:
    if config.get("auto_map"):
        raise XnerError(
            f"Found auto_map in {where}: the model brings its own Python code; {CODE}. Choose a model whose "
            "architecture is in transformers."
        )


def _names_a_file(name: str, value: object) -> bool:
    return isinstance(value, str) and name.endswith(("_file", "_spm")) and name not in UNREAD


def _is_tokenizer_class(name: object) -> bool:
    """Whether a name is that of a tokenizer of transformers; its package may be missing."""
    import transformers
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    if any(name in names for names in TOKENIZER_MAPPING_NAMES.values()):
        return True
    found = getattr(transformers, name, None) if isinstance(name, str) and name.isidentifier() else None
    return isinstance(found, type) and issubclass(found, transformers.PreTrainedTokenizerBase)


def _walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every named value in nested dicts and lists, with the names that lead to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, str(key)), item
            yield from _walk(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _walk(item, path)
