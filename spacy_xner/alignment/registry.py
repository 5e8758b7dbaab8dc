"""The aligners that a config can name."""

from typing import Literal

from .embedding import EmbeddingAligner
from .simalign_package import SimAlignAligner


def embedding_aligner_v1(
    model: str = "embedded",
    layers: int | list[int] | None = None,
    method: Literal["inter", "itermax", "mwmf"] = "itermax",
    token_type: Literal["bpe", "word"] = "bpe",
    batch_size: int = 32,
    join_unspaced: bool = False,
) -> EmbeddingAligner:
    """`spacy_xner.EmbeddingAligner.v1`: SimAlign's links in batches; the arguments are those of `EmbeddingAligner`."""
    return EmbeddingAligner(model, layers, method, token_type, batch_size, join_unspaced)


def simalign_v1(
    model: str = "embedded",
    layer: int | None = None,
    method: Literal["inter", "itermax", "mwmf"] = "itermax",
    token_type: Literal["bpe", "word"] = "bpe",
) -> SimAlignAligner:
    """`spacy_xner.SimAlign.v1`: the package `simalign` itself; the arguments are those of `SimAlignAligner`."""
    return SimAlignAligner(model, layer, method, token_type)
