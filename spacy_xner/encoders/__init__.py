"""Encoders: where they come from, and text turned into one vector per layer."""

from .fetch import fetch_encoder, resolve_encoder

__all__ = ["fetch_encoder", "resolve_encoder"]
