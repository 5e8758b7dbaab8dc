"""From the encoder's output for a batch of docs to rows for an aggregator, and gradients back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from spacy_transformers.data_classes import TransformerData
from thinc.api import Model, Ops
from thinc.types import Floats2d, Ints1d, Ragged

from ..encoders.outputs import gradients_of, layers_of
from ..encoders.transformer import ARCHITECTURE, LISTENER_ARCHITECTURE
from ..errors import XnerError
from .options import resolve_layers
from .types import Layers, Rows

Pooling: TypeAlias = Model[Ragged, Floats2d]

MEANS = ("reduce_mean", "reduce_first", "reduce_last")
"""Poolings that take a (weighted) mean of word pieces: the mean of an affine map is the affine map of the mean."""


def pool_pieces(pooling: Pooling, pieces: Rows, lengths: Any, is_train: bool) -> tuple[Rows, Callable[[Rows], Rows]]:
    """The vector of each token, and the callback to the gradients of its word pieces.

    Tokens without pieces, such as white space, get zeros: some poolings fail for them.

    pieces (Rows): those of the first token, then those of the second and so on, (n_pieces, width).
    lengths (array): number of pieces of each token, int32 (n_tokens,).
    """
    ops = pooling.ops
    has_pieces = lengths > 0
    if not len(pieces):
        return ops.alloc2f(len(lengths), pieces.shape[1]), lambda d_tokens: pieces
    if has_pieces.all():
        pooled, backprop_pooling = pooling(Ragged(pieces, lengths), is_train)
        return pooled, lambda d_tokens: backprop_pooling(d_tokens).dataXd
    pooled, backprop_pooling = pooling(Ragged(pieces, lengths[has_pieces]), is_train)
    tokens: Any = ops.alloc2f(len(lengths), pooled.shape[1])
    tokens[has_pieces] = pooled
    return tokens, lambda d_tokens: backprop_pooling(d_tokens[has_pieces]).dataXd


class DocLayers:
    """The layers of one doc that are read, and the alignment of its word pieces with its tokens.

    data (TransformerData): the encoder's output for the doc.
    layers (list[int] | None): the layers to read, as in a config.
    RAISES: XnerError where the encoder gives its last layer only, or has no such layer.
    """

    def __init__(self, data: TransformerData, layers: list[int] | None) -> None:
        self.data = data
        self.lengths: Any = data.align.lengths
        """Number of word pieces of each token, (n_tokens,)."""
        self.n_tokens = len(self.lengths)
        self.rows: Any = data.align.dataXd
        """The word pieces of the first token, then those of the second and so on, as rows of a flattened layer."""
        every = layers_of(data) or []
        self.n_encoder_layers = len(every)
        self.read = resolve_layers(layers, len(every)) if every else []
        self.layers: list[Any] = [every[i] for i in self.read]
        # An empty doc has no output; a doc that was not encoded has zeros, and empty strings as word pieces.
        is_encoded = any(any(strings) for strings in data.wordpieces.strings)
        if is_encoded and not self.layers:
            raise XnerError(
                f"{LISTENER_ARCHITECTURE} needs all layers of the encoder, but the transformer component gives the "
                f'last one only. In the config, set [components.transformer.model] @architectures = "{ARCHITECTURE}".'
            )

    @property
    def n_rows(self) -> int:
        """Number of word pieces of the doc, padding and special ones included."""
        return int(self.layers[0].size // self.layers[0].shape[-1])


class BatchLayers:
    """The word pieces of a batch of docs; each doc has layers."""

    def __init__(self, ops: Ops, docs: list[DocLayers]) -> None:
        self.ops = ops
        self.docs = docs
        self.width = docs[0].layers[0].shape[-1]
        self.lengths: Ints1d = ops.xp.concatenate([ops.asarray1i(doc.lengths) for doc in docs])
        self.n_pieces = sum(len(doc.rows) for doc in docs)

    def gather(self, layer: int) -> Rows:
        """One layer of the word pieces of all tokens, (n_pieces, width). A piece shared by two tokens occurs twice."""
        pieces, start = self.ops.alloc2f(self.n_pieces, self.width, zeros=False), 0
        for doc in self.docs:
            end = start + len(doc.rows)
            pieces[start:end] = doc.layers[layer].reshape(-1, self.width)[doc.rows]
            start = end
        return pieces

    def scatter(self, d_layers: Layers) -> list[TransformerData]:
        """The backward pass of `gather`: gradients as new arrays with the shapes of the encoder's output.

        Empties the list `d_layers`, so that a layer's gradient is not in memory twice.
        """
        xp, starts, total = self.ops.xp, [0], 0
        for doc in self.docs:
            total += doc.n_rows
            starts.append(total)
        shifted = zip(self.docs, starts[:-1], strict=True)
        rows = xp.concatenate([self.ops.asarray1i(doc.rows) + start for doc, start in shifted])
        distinct = len(xp.unique(rows)) == len(rows)  # no overlapping spans, and no piece shared by two tokens
        d_docs: list[dict[int, Any]] = [{} for _ in self.docs]
        for i in reversed(range(len(d_layers))):
            d_pieces = d_layers.pop()
            d_flat = self.ops.alloc2f(total, self.width)
            if distinct:
                d_flat[rows] = d_pieces
            else:
                self.ops.scatter_add(d_flat, rows, d_pieces)
            for d_doc, doc, start in zip(d_docs, self.docs, starts[:-1], strict=True):
                d_doc[doc.read[i]] = d_flat[start : start + doc.n_rows].reshape(doc.layers[i].shape)
        return [
            TransformerData(doc.data.wordpieces, gradients_of(d_doc, doc.n_encoder_layers), doc.data.align)
            for doc, d_doc in zip(self.docs, d_docs, strict=True)
        ]
