"""Spans to spans: where the labelled spans of a sentence are in its translation."""

from .projector import SpanProjector
from .types import MissingSpan, ProjectedSpan, Projection, ProjectionAlgorithm, SourceSpan

__all__ = ["MissingSpan", "ProjectedSpan", "Projection", "ProjectionAlgorithm", "SourceSpan", "SpanProjector"]
