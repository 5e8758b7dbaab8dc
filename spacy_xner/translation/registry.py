"""The translators that a config can name."""

from .apertium import Apertium
from .memory import TranslationMemory


def translation_memory_v1(path: str, source: str, target: str) -> TranslationMemory:
    """`spacy_xner.TranslationMemory.v1`; the arguments are those of `TranslationMemory`."""
    return TranslationMemory(path, source, target)


def apertium_v1(
    source: str,
    target: str,
    mode: str | None = None,
    batch_size: int = 500,
    timeout: float = 120.0,
    max_token: int = 500,
) -> Apertium:
    """`spacy_xner.Apertium.v1`; the arguments are those of `Apertium`."""
    return Apertium(source, target, mode, batch_size, timeout=timeout, max_token=max_token)
