"""Words to words: which words of two sentences that translate each other belong together."""

from .types import Aligner, Alignment, Links, Words

__all__ = ["Aligner", "Alignment", "Links", "Words"]
