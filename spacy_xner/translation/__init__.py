"""Translators: each takes texts and gives one translation for each of them, in the same order."""

from .factory import make_translator
from .types import BatchTranslator, Translator

__all__ = ["BatchTranslator", "Translator", "make_translator"]
