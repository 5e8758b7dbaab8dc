"""Translators: each takes texts and yields one translation for each of them, in the same order."""

from .factory import make_translator
from .types import Translator

__all__ = ["Translator", "make_translator"]
