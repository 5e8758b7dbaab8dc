"""Word alignment: links between the words of a sentence and its translation."""

from .types import Aligner, Alignment, Links, Words

__all__ = ["Aligner", "Alignment", "Links", "Words"]
