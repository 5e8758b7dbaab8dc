"""Types of the arrays and models of aggregation, and names of attributes."""

from typing import Any, TypeAlias

from thinc.api import Model

# `Any`, because thinc's array types do not cover indexing and broadcasting.

Rows: TypeAlias = Any
"""One vector for each row: float32, (n_rows, width). Rows are word pieces, or tokens if pieces were pooled before."""

Layers: TypeAlias = list[Rows]
"""The layers that an aggregator reads, lowest first: n_layers arrays, each (n_rows, nI) and contiguous. They are a list
so that all layers together are never copied."""

Weights: TypeAlias = Any
"""One number for each layer: float32, (n_layers,)."""

Aggregator: TypeAlias = Model[Layers, Rows]
"""Combines layers. Its dimensions are `nL` (layers that it reads), `nI` (their width) and `nO`."""

LAYERS_READ = "layers_read"
"""Attribute of an aggregator: the layers that it reads, as in the config, or None for all."""

ENCODER_LAYERS = "encoder_layers"
"""Attribute of an aggregator: number of layers of the encoder, embeddings included; set by the first batch."""

AFFINE = "affine"
"""Attribute of an aggregator: its result is an affine function of each row, so rows can be averaged before it."""
