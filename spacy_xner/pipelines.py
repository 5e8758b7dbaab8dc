"""Pipelines that a user names."""

import hashlib
from pathlib import Path
from typing import Any

from spacy.language import Language

from .errors import XnerError
from .files import folder_sha256


def load_pipeline(name: str) -> Language:
    """`spacy.load` with an error that says what to do.

    RAISES: XnerError where there is no such package or folder.
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
    """Work on a GPU; on the CPU for -1. RAISES: XnerError where there is no such GPU."""
    from thinc.api import require_gpu

    if gpu_id >= 0:
        try:
            require_gpu(gpu_id)
        except Exception as error:  # cupy has its own for a number that no GPU has
            raise XnerError(
                f"GPU {gpu_id} cannot be used: {error}. On Linux with CUDA 12: pip install 'spacy[cuda12x]'."
            ) from error


def fingerprint_of(nlp: Language) -> str:
    """A hash of what a pipeline is: of its folder's files and its config, or of itself where it has no folder.

    What was learned since it was loaded is not seen.
    """
    folder = Path(nlp.path) if nlp.path else None
    if folder is None or not folder.is_dir():
        return hashlib.sha256(nlp.to_bytes()).hexdigest()
    return hashlib.sha256(f"{folder_sha256(folder)} {nlp.config.to_str()}".encode()).hexdigest()


def name_of(nlp: Language) -> str:
    """What a pipeline calls itself: language, name, version; its folder's name where it has none."""
    meta: dict[str, Any] = nlp.meta
    folder = f" ({nlp.path.name})" if nlp.path else ""
    return f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')} {meta.get('version', '')}{folder}".strip()
