"""What flows through an aggregator."""

from typing import Any, TypeAlias

from thinc.api import Model

# The array types of thinc know too little of indexing and broadcasting for a type checker, hence `Any`.

Rows: TypeAlias = Any
"""One vector for each row: float32, (n_rows, width). Rows are word pieces, or tokens where pooling went first."""

Layers: TypeAlias = list[Rows]
"""The layers that an aggregator reads, lowest first: n_layers arrays, each (n_rows, nI) and contiguous. A list, so that
nothing of the size of all layers together is ever made a second time."""

Weights: TypeAlias = Any
"""One number for each layer: float32, (n_layers,)."""

Aggregator: TypeAlias = Model[Layers, Rows]
"""Combines layers. Its dimensions are `nL` (layers that it reads), `nI` (their width) and `nO`."""

LAYERS_READ = "layers_read"
"""Attribute of an aggregator: the encoder's layers that it reads, as they were asked for, or None for all."""

ENCODER_LAYERS = "encoder_layers"
"""Attribute of an aggregator: how many layers the encoder has, embeddings included; set by the first batch."""

AFFINE = "affine"
"""Attribute of an aggregator: its result is an affine function of each row, so means of rows can be taken first."""
