"""Registered projection algorithms, which a config can name."""

from .link_projection import LinkProjection
from .transport_projection import TransportProjection


def span_projection_v1(unaligned: float = 0.5) -> LinkProjection:
    """`spacy_xner.SpanProjection.v1`: places spans by alignment links; the arguments are those of `LinkProjection`."""
    return LinkProjection(unaligned)


def transport_projection_v1(
    null: float | None = None, neighbours: float = 0.05, least_edge: float = 0.02, null_share: float = 0.5
) -> TransportProjection:
    """`spacy_xner.TransportProjection.v1`: places spans by the transport plan; see `TransportProjection`."""
    return TransportProjection(null, neighbours, least_edge, null_share)
