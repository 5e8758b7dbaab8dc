"""Registered aligners, which a config can name."""

from typing import Literal

from .embedding import EmbeddingAligner
from .seq2seq import Seq2SeqAligner
from .simalign_package import SimAlignAligner
from .types import Method, TokenType


def embedding_aligner_v1(
    model: str = "embedded",
    layers: int | list[int] | None = None,
    method: Method = "transport",
    token_type: TokenType = "bpe",
    batch_size: int = 32,
    join_unspaced: bool = True,
    inference: Literal["float32", "bfloat16", "int8", "auto"] = "float32",
) -> EmbeddingAligner:
    """`spacy_xner.EmbeddingAligner.v1`: aligns in batches; the arguments are those of `EmbeddingAligner`."""
    return EmbeddingAligner(model, layers, method, token_type, batch_size, join_unspaced, inference)


def seq2seq_aligner_v1(
    model: str,
    source: str,
    target: str,
    layers: int | list[int] | None = None,
    method: Method = "transport",
    token_type: TokenType = "bpe",
    batch_size: int = 32,
    join_unspaced: bool = True,
    inference: Literal["float32", "bfloat16", "int8", "auto"] = "float32",
) -> Seq2SeqAligner:
    """`spacy_xner.Seq2SeqAligner.v1`: aligns by the encoder of a translation model, see `Seq2SeqAligner`."""
    return Seq2SeqAligner(
        model,
        source,
        target,
        layers=layers,
        method=method,
        token_type=token_type,
        batch_size=batch_size,
        join_unspaced=join_unspaced,
        inference=inference,
    )


def simalign_v1(
    model: str = "embedded",
    layer: int | None = None,
    method: Literal["inter", "itermax", "mwmf"] = "itermax",
    token_type: TokenType = "bpe",
) -> SimAlignAligner:
    """`spacy_xner.SimAlign.v1`: the package `simalign` itself; the arguments are those of `SimAlignAligner`."""
    return SimAlignAligner(model, layer, method, token_type)
