"""Projection of labelled spans onto a translation."""

from .projector import SpanProjector
from .types import MissingSpan, ProjectedSpan, Projection, ProjectionAlgorithm, SourceSpan

__all__ = ["MissingSpan", "ProjectedSpan", "Projection", "ProjectionAlgorithm", "SourceSpan", "SpanProjector"]
