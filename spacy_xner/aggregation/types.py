"""What flows through an aggregator."""

from typing import TypeAlias

from thinc.api import Model
from thinc.types import Floats2d, Floats3d

Layers: TypeAlias = Floats3d
"""All layers of a batch of word pieces, lowest first: (n_pieces, n_layers, width)."""

Pieces: TypeAlias = Floats2d
"""One vector for each word piece: (n_pieces, nO)."""

Aggregator: TypeAlias = Model[Layers, Pieces]
"""Combines layers. Its dimensions are `nL` (layers that it reads), `nI` (their width) and `nO`."""

LAYERS_READ = "layers_read"
"""Attribute of an aggregator that reads some layers only: their indices, lowest first. Absent: it reads all."""
