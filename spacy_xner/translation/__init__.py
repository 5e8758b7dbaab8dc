"""Text to text: translators, which all take texts and give texts in the same number and order."""

from .factory import make_translator
from .types import Translator

__all__ = ["Translator", "make_translator"]
