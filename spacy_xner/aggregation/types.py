"""What flows through an aggregator."""

from typing import Any, TypeAlias

from thinc.api import Model

# The array types of thinc know too little of indexing and broadcasting for a type checker, hence `Any`.

Layers: TypeAlias = Any
"""All layers of a batch of word pieces, lowest first: float32, (n_pieces, n_layers, width)."""

Pieces: TypeAlias = Any
"""One vector for each word piece: float32, (n_pieces, nO)."""

Weights: TypeAlias = Any
"""One number for each layer: float32, (n_layers,)."""

Aggregator: TypeAlias = Model[Layers, Pieces]
"""Combines layers. Its dimensions are `nL` (layers that it reads), `nI` (their width) and `nO`."""

LAYERS_READ = "layers_read"
"""Attribute of an aggregator that reads some layers only: their indices, lowest first. Absent: it reads all."""
