"""Loading of translation models: from a folder or the hub, safetensors alone, and no code of the model."""

from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from ..errors import XnerError
from ..extras import install_line
from ..files import Stamps, file_stamps, folder_sha256
from ..hub import download_snapshot, is_hub_name
from ..model_files import CONFIG_NAME, LOCAL, TOKENIZER_FILES, check_model_folder

WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors")
FILES = (CONFIG_NAME, "generation_config.json", *WEIGHTS, "model.safetensors.index.json", *TOKENIZER_FILES)
EXPECTED = (
    "Expected a folder, or a hub name, with config.json, model.safetensors and a tokenizer. Sentencepiece tokenizers "
    f"(Marian, M2M-100) need: {install_line('seq2seq')}."
)

# Weights in use. Translators into several languages share them, but not the tokenizers, which have a language set.
LOADED: WeakValueDictionary[tuple[str, Stamps], Any] = WeakValueDictionary()


def model_folder(model: str) -> Path:
    """The folder of a translation model. That of a hub name is in the hub's cache, downloaded the first time.

    model (str): a folder, or a hub name, with or without `@revision`.
    RAISES: XnerError where there is no such model, or its files are not those of a model without code.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if not is_hub_name(model):
            raise XnerError(f"The translation model {model!r} cannot be loaded: there is no such folder. {EXPECTED}")
        folder = download_snapshot(model, FILES)
    check_model_folder(folder, model)
    if not any(path for pattern in WEIGHTS for path in folder.glob(pattern)):
        raise XnerError(
            f"The translation model {model!r} cannot be loaded: it has no model.safetensors. Other formats, such as "
            "pytorch_model.bin, are not read, since they can run code. On the hub, many models have a conversion as a "
            "pull request: give it as the revision, such as Helsinki-NLP/opus-mt-en-de@refs/pr/3."
        )
    return folder


def load_model(folder: Path, name: str) -> tuple[Any, Any]:
    """Tokenizer, and model in evaluation mode. RAISES: XnerError where they cannot be loaded.

    name (str): what the user calls the model, for messages.
    """
    from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        config = AutoConfig.from_pretrained(str(folder), **LOCAL)
        if not config.is_encoder_decoder:
            raise XnerError(
                f"{name} is a {config.model_type} model, expected one for translation (sequence to sequence), such as "
                f"Helsinki-NLP/opus-mt-en-de or facebook/nllb-200-distilled-600M."
            )
        tokenizer = AutoTokenizer.from_pretrained(str(folder), **LOCAL)
        key = str(folder), folder_stamps(folder)
        if (loaded := LOADED.get(key)) is None:
            loaded = AutoModelForSeq2SeqLM.from_pretrained(
                str(folder), config=config, use_safetensors=True, **LOCAL
            ).eval()
            LOADED[key] = loaded
    except XnerError:
        raise
    except Exception as error:  # damaged files raise errors of many types, some of them unnamed
        raise XnerError(f"The translation model {name!r} cannot be loaded: {error} {EXPECTED}") from error
    return tokenizer, loaded


def model_version(folder: Path) -> str:
    """The version of a model: the commit of one from the hub, otherwise a checksum of its folder's files."""
    if folder.parent.name == "snapshots":  # the cache of the hub: MODEL/snapshots/COMMIT
        return folder.name
    return _folder_version(folder, folder_stamps(folder))


@cache
def _folder_version(folder: Path, stamps: Stamps) -> str:
    return folder_sha256(folder)


def folder_stamps(folder: Path) -> Stamps:
    """The stamps of the files in a folder."""
    return file_stamps(sorted(path for path in folder.glob("*") if path.is_file()))
