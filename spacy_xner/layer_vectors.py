"""Token vectors of single encoder layers, beside those of a Tok2Vec: for heads that are trained on lower layers.

`ner` and `aggregation` do not import each other; they share the attribute that is named here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from spacy.tokens import Doc
from thinc.api import Model

Rows: TypeAlias = Any
"""float32, (n_tokens, width), for one doc."""

BEGIN_WITH_LAYERS = "begin_with_layers"
"""Attribute of a Tok2Vec: a `BeginWithLayers`. A Tok2Vec without it gives no layers."""


class LayerVectors(NamedTuple):
    """What a Tok2Vec gives in training, and the vectors of single layers.

    vectors (list[Rows]): those of the Tok2Vec, for each doc.
    layers (list[list[Rows]]): for each layer, lowest first, the vectors of each doc: (n_tokens, width of the encoder).
        The width is 0 where no doc has tokens.
    backprop: takes the gradients of both, in the same form.
    """

    vectors: list[Rows]
    layers: list[list[Rows]]
    backprop: Callable[[list[Rows], list[list[Rows]]], Any]


BeginWithLayers = Callable[[Model, Sequence[Doc], Sequence[int]], LayerVectors]
"""From a Tok2Vec, docs, and layers as in a config (0: embeddings, -1: last)."""
