"""Multilingual encoders: fetching them, and computing all their layers for spaCy docs."""

from .fetch import fetch_encoder
from .names import resolve_encoder

__all__ = ["fetch_encoder", "resolve_encoder"]
