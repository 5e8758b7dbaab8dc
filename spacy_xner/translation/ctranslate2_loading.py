"""Loading of translation models that `ct2-transformers-converter` has converted, and of their tokenizers."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

from ..errors import XnerError
from ..extras import needs_extra
from ..hub import download_snapshot, is_hub_name
from ..model_files import (
    LOCAL,
    TOKENIZER_CONFIG_NAME,
    TOKENIZER_FILES,
    check_tokenizer_config,
    read_settings,
)
from ..paths import check_links
from .seq2seq_loading import folder_stamps

WEIGHTS = "model.bin"
VOCABULARIES = tuple(
    f"{side}_vocabulary.{ending}" for side in ("shared", "source", "target") for ending in ("json", "txt")
)
# Of a converted model: settings and weights of CTranslate2, and tokenizer files that were copied
FILES = (WEIGHTS, "config.json", *VOCABULARIES, *TOKENIZER_FILES)
UNCONVERTED = ("model.safetensors", "model-*-of-*.safetensors", "pytorch_model*.bin")
# Tokenizers that name no class in their settings, as those of most OPUS-MT models, by the files that only they have
CLASSES = {
    "MarianTokenizer": ("source.spm", "target.spm"),
    "M2M100Tokenizer": ("vocab.json", "sentencepiece.bpe.model"),
}

# Models in use. Translators into several languages share them.
LOADED: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()


def import_engine() -> ModuleType:
    """The package ctranslate2. RAISES: XnerError where it is not installed."""
    with needs_extra("ctranslate2", "The translator CTranslate2 needs"):
        import ctranslate2
    found: ModuleType = ctranslate2
    return found


def converted_folder(model: str) -> Path:
    """The folder of a converted model. That of a hub name is in the hub's cache, downloaded the first time.

    model (str): a folder, or a hub name, with or without `@revision`.
    RAISES: XnerError where there is no such model, or it is not converted; the message has the command that does it.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if not is_hub_name(model):
            raise XnerError(
                f"The translation model {model!r} cannot be loaded: there is no such folder. Expected a folder with "
                f"{WEIGHTS}, made by `{convert_command('MODEL', 'FOLDER')}`."
            )
        folder = download_snapshot(model, FILES)
    check_links(folder, name=model)
    if not (folder / WEIGHTS).is_file():
        unconverted = any(path for pattern in UNCONVERTED for path in folder.glob(pattern))
        found = "is a model of transformers, which is not converted yet" if unconverted else f"has no {WEIGHTS}"
        output = f"{model.rstrip('/')}-ct2"
        copied = sorted({path.name for pattern in TOKENIZER_FILES for path in folder.glob(pattern)})
        raise XnerError(
            f"The translation model {model!r} {found}. Convert it: "
            f"`{convert_command(model if unconverted else 'MODEL', output, copied)}`"
        )
    if not any(path for pattern in VOCABULARIES for path in folder.glob(pattern)):
        raise XnerError(
            f"The translation model {model!r} has a {WEIGHTS}, but no shared_vocabulary.json or source_vocabulary.json."
            f" Expected all files that ct2-transformers-converter writes: convert or copy it again."
        )
    return folder


def convert_command(model: str, output: str, copied: list[str] | None = None) -> str:
    """The command that converts a model, with the files of its tokenizer."""
    files = " ".join(copied or ["tokenizer_config.json", "vocab.json", "source.spm", "target.spm"])
    return f"ct2-transformers-converter --model {model} --output_dir {output} --quantization int8 --copy_files {files}"


def tokenizer_folder(name: str) -> Path:
    """The folder of a tokenizer; that of a hub name is in the hub's cache. RAISES: XnerError where there is none."""
    folder = Path(name).expanduser()
    folder = folder if folder.is_dir() else download_snapshot(name, TOKENIZER_FILES)
    check_links(folder, name=name)
    return folder


def load_tokenizer(folder: Path, name: str) -> Any:
    """The tokenizer in a folder, whose config.json may be that of CTranslate2.

    name (str): what the user calls the folder, for messages.
    RAISES: XnerError where its files are missing or damaged, or name code.
    """
    import transformers

    settings: Mapping[str, Any] = {}
    if (folder / TOKENIZER_CONFIG_NAME).is_file():
        settings = read_settings(folder / TOKENIZER_CONFIG_NAME, name)
        check_tokenizer_config(settings, f"{TOKENIZER_CONFIG_NAME} of {name}")
    missing = (
        f"{name} has no tokenizer that can be loaded. Convert the model with its tokenizer's files, `--copy_files "
        "tokenizer_config.json ...`, or name the model that it was converted from, as the setting tokenizer, a folder "
        "or hub name."
    )
    declared = settings.get("tokenizer_class")
    by_files = (each for each, files in CLASSES.items() if all((folder / file).is_file() for file in files))
    kind = declared or next(by_files, None)
    if kind is None:
        raise XnerError(missing)
    fast = getattr(transformers, kind if kind.endswith("Fast") else f"{kind}Fast", None)
    cls = fast if fast is not None and (folder / "tokenizer.json").is_file() else getattr(transformers, kind)
    try:
        return cls.from_pretrained(str(folder), **LOCAL)
    except Exception as error:  # damaged files raise errors of many types, some of them unnamed
        raise XnerError(f"{missing} {type(error).__name__}: {error}") from error


def load_converted(folder: Path, name: str, **settings: Any) -> Any:
    """The model of CTranslate2, a `ctranslate2.Translator`; one that is in use with the same settings is shared.

    name (str): what the user calls the model, for messages.
    settings: those of `ctranslate2.Translator`: device, device_index, compute_type, inter_threads, intra_threads.
    RAISES: XnerError where the model is damaged or no model for translation, or a setting does not fit this machine.
    """
    engine = import_engine()
    key = str(folder), folder_stamps(folder), tuple(sorted(settings.items()))
    if (loaded := LOADED.get(key)) is None:
        supported = _compute_types(engine, settings["device"])
        if settings["compute_type"] not in (*supported, "default", "auto"):
            raise XnerError(
                f"The setting compute_type of CTranslate2 is {settings['compute_type']!r}, expected one that this "
                f"machine has on {settings['device']}: {', '.join(sorted(supported))}, default or auto."
            )
        try:
            loaded = engine.Translator(str(folder), **settings)
        except (RuntimeError, ValueError) as error:
            raise XnerError(
                f"The translation model {name!r} cannot be loaded by CTranslate2: {error}. Expected a folder that "
                "ct2-transformers-converter wrote from OPUS-MT, NLLB or M2M-100."
            ) from error
        LOADED[key] = loaded
    return loaded


def _compute_types(engine: ModuleType, device: str) -> set[str]:
    try:
        return set(engine.get_supported_compute_types(device))
    except (RuntimeError, ValueError) as error:
        raise XnerError(
            f"The setting device of CTranslate2 is {device!r}, which cannot be used ({error}), expected cpu or cuda."
        ) from None
