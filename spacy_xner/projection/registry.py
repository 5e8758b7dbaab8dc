"""The projection algorithms that a config can name."""

from .link_projection import LinkProjection


def span_projection_v1(unaligned: float = 0.5) -> LinkProjection:
    """`spacy_xner.SpanProjection.v1`: places spans by their links; the arguments are those of `LinkProjection`."""
    return LinkProjection(unaligned)
