"""The token vectors of single layers in training, for heads on lower layers (see `spacy_xner.layer_vectors`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData
from thinc.api import Model
from transformers.utils import ModelOutput

from ..layer_vectors import LayerVectors
from .pieces import BatchLayers, DocLayers, pool_pieces
from .types import Layers, Rows


def begin_with_layers(model: Model, docs: Sequence[Doc], layers: Sequence[int]) -> LayerVectors:
    """The forward pass of a Tok2Vec in training, with the vectors of single layers. Pieces are pooled in the same way.

    model (Model): a transformer (or a listener) and `aggregate_layers`, whose `grad_factor` is for these layers too.
    layers (Sequence[int]): as in a config, whether or not the aggregator reads them.
    RAISES: XnerError for a layer that the encoder does not have.
    """
    encoder, aggregate = model.layers
    X, backprop_encoder = encoder(list(docs), True)
    vectors, backprop_vectors = aggregate(X, True)
    of_layers, backprop_layers = _vectors_of(aggregate, X, layers)

    def backprop(d_vectors: list[Rows], d_layers: list[list[Rows]]) -> object:
        pairs = zip(backprop_vectors(d_vectors), backprop_layers(d_layers), strict=True)
        return backprop_encoder([add_gradients(*pair) for pair in pairs])

    return LayerVectors(vectors, of_layers, backprop)


def _vectors_of(
    aggregate: Model, X: list[TransformerData], layers: Sequence[int]
) -> tuple[list[list[Rows]], Callable[[list[list[Rows]]], list[TransformerData]]]:
    """The vectors of each layer, lowest first, for each doc; gradients are for the docs that have layers."""
    ops, pooling, factor = aggregate.ops, aggregate.layers[1], aggregate.attrs["grad_factor"]
    docs = [DocLayers(data, list(layers)) for data in X]
    with_layers = [doc for doc in docs if doc.layers]
    if not with_layers:
        return [[ops.alloc2f(doc.n_tokens, 0) for doc in docs] for _ in layers], lambda d_layers: []
    batch = BatchLayers(ops, with_layers)
    pooled = [pool_pieces(pooling, batch.gather(i), batch.lengths, True) for i in range(len(layers))]
    ends = numpy.cumsum([doc.n_tokens for doc in with_layers])[:-1].tolist()

    def by_doc(rows: Rows) -> list[Rows]:
        parts = iter(ops.xp.split(rows, ends))
        return [next(parts) if doc.layers else ops.alloc2f(doc.n_tokens, batch.width) for doc in docs]

    def backprop(d_layers: list[list[Rows]]) -> list[TransformerData]:
        d_pieces: Layers = []
        for (_, backprop_pool), d_docs in zip(pooled, d_layers, strict=True):
            rows = ops.xp.concatenate([d_doc for d_doc, doc in zip(d_docs, docs, strict=True) if doc.layers])
            d_pieces.append(backprop_pool(rows) * factor)
        return batch.scatter(d_pieces)

    return [by_doc(rows) for rows, _ in pooled], backprop


def add_gradients(one: TransformerData, other: TransformerData) -> TransformerData:
    """The sum of two gradients of the encoder's output for a doc, of which each is for all layers or the last alone."""
    first, second = sorted((one.model_output, other.model_output), key=len)
    return TransformerData(
        one.wordpieces,
        ModelOutput({name: first[name] + value if name in first else value for name, value in second.items()}),
        one.align,
    )
