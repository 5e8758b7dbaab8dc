"""Loads pipelines by name, selects the GPU, and identifies pipelines by a hash and a name."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spacy.language import Language

from .errors import XnerError
from .files import folder_sha256

# What a trained pipeline keeps of its training in its meta, see experiments/training_record.py.
TRAINING = "xner_training"


def load_pipeline(name: str) -> Language:
    """`spacy.load` with errors that say how to fix them.

    name (str): an installed package or a folder.
    RAISES: XnerError where there is no such package or folder, or the pipeline cannot be loaded.
    """
    import spacy

    try:
        return spacy.load(name)
    except OSError as error:
        if Path(name).is_dir():
            raise XnerError(f"{name}: this folder holds no pipeline ({error}).") from error
        raise XnerError(
            f"{name}: no installed package or folder of that name. `spacy project run all` makes xx_xner_agg; "
            "`spacy info` lists the installed pipelines."
        ) from error
    except ValueError as error:  # a component that needs another package
        raise XnerError(f"{name}: it cannot be loaded: {error}") from error


def use_gpu(gpu_id: int) -> None:
    """Use a GPU, or the CPU for -1. RAISES: XnerError where the GPU cannot be used."""
    from thinc.api import require_gpu

    if gpu_id >= 0:
        try:
            require_gpu(gpu_id)
        except Exception as error:  # cupy raises its own errors for an unknown GPU number
            raise XnerError(
                f"GPU {gpu_id} cannot be used: {error}. On Linux with CUDA 12: pip install 'spacy[cuda12x]'."
            ) from error


def fingerprint_of(nlp: Language) -> str:
    """A hash of a pipeline: of its folder's files and its config, or of its serialised form if it has no folder.

    Training after loading does not change the hash of a pipeline that has a folder.
    """
    folder = Path(nlp.path) if nlp.path else None
    if folder is None or not folder.is_dir():
        return hashlib.sha256(nlp.to_bytes()).hexdigest()
    return hashlib.sha256(f"{folder_sha256(folder)} {nlp.config.to_str()}".encode()).hexdigest()


def name_of(nlp: Language) -> str:
    """Language, name and version of a pipeline from its meta, and the name of its folder if it has one."""
    meta: dict[str, Any] = nlp.meta
    folder = f" ({nlp.path.name})" if nlp.path else ""
    return f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')} {meta.get('version', '')}{folder}".strip()


def with_note(meta: Mapping[str, Any], note: str) -> str:
    """The notes in a pipeline's meta, and one more as a paragraph of its own."""
    return "\n\n".join(filter(None, [meta.get("notes"), note]))
