"""Token vectors of docs whose layers are not in memory: encoded, combined and forgotten batch by batch.

Memory follows the batch of some 1,000 word pieces, not the docs: only the result, one vector for each token, is kept.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy
from numpy.typing import NDArray
from thinc.api import Model
from thinc.types import Ragged

from ..encoders.deferred import KEPT_PIECES, DeferredData, begin_reading, compute
from ..encoders.inference import make_batches, pack
from ..encoders.memory import release_memory
from ..encoders.threads import count_threads
from .affine import AffineMap, affine_map
from .options import resolve_layers
from .pieces import MEANS, pool_pieces
from .types import AFFINE, LAYERS_READ, Layers, Rows

Settle = Callable[[int, int, int], None]
"""Called with the number of layers that are read, their width, and the number of the encoder's layers."""


class Head(NamedTuple):
    """A linear layer that reads token vectors, `vectors @ W.T + b`: float32, (n_out, width) and (n_out,)."""

    W: Rows
    b: Rows


Indices = NDArray[numpy.int64]

BATCHES_PER_RELEASE = 16
"""Batches between two calls of `release_memory`: without them, the heap of a text of 40,000 words grew by 200 MB."""

_batches_added = itertools.count(1)


def stream(model: Model, data: Sequence[DeferredData], settle: Settle, head: Head | None = None) -> list[Rows] | None:
    """The vectors of the tokens of each doc, (n_tokens, nO); None where all layers are in memory now instead.

    Where several components read the docs, computing all layers once and keeping them is faster, if they are few.

    model (Model): `aggregate_layers`.
    data (Sequence[DeferredData]): of one encoder, none computed yet.
    settle (Settle): sets the dimensions that depend on the encoder's output, and checks them.
    head (Head | None): what reads the vectors; its output is then returned, (n_tokens, n_out). Needs an affine
        aggregator that is initialised, and a pooling that is a mean.
    """
    source = begin_reading(data)
    if source.readers.several and sum(each.n_pieces for each in data) <= KEPT_PIECES:
        compute(data)
        return None
    for each in data:
        each.is_streamed = True
    pieces = [found for each in data for found in each.pieces]
    batches = make_batches(list(map(len, pieces)), count_threads())
    aggregator = model.layers[0]
    n_layers = source.shim.n_layers
    read = None if n_layers is None else resolve_layers(aggregator.attrs.get(LAYERS_READ), n_layers)
    tokens = TokenVectors(model, Places(data, batches, model.layers[1].name), n_layers, settle, head)
    source.shim.encode(pack(pieces, batches), tokens.add, None if read is None else read[-1] + 1)
    return numpy.split(tokens.finish(), numpy.cumsum([len(each.align.lengths) for each in data])[:-1])


class Places:
    """Where the word pieces of tokens are: their batches of spans, and their rows in the layers of a batch.

    data (Sequence[DeferredData]): the docs.
    batches (list[list[int]]): indices of spans, numbered through all docs.
    pooling (str): name of the pooling, which may read the first or the last piece of a token only.
    """

    def __init__(self, data: Sequence[DeferredData], batches: list[list[int]], pooling: str) -> None:
        span_lengths = numpy.array([len(found) for each in data for found in each.pieces])
        batch_of, first_row = numpy.empty_like(span_lengths), numpy.empty_like(span_lengths)
        for number, batch in enumerate(batches):
            batch_of[batch] = number
            first_row[batch] = numpy.cumsum([0, *span_lengths[batch[:-1]]])
        spans, within, n_spans = [], [], 0
        for each in data:  # `align` has rows of an array that is padded to the longest span
            longest = max(map(len, each.pieces))
            own, places = numpy.divmod(numpy.asarray(each.align.dataXd).reshape(-1), longest)
            spans.append(own + n_spans)
            within.append(places)
            n_spans += len(each.pieces)
        self.lengths: Indices = numpy.concatenate([numpy.asarray(each.align.lengths) for each in data])
        """Number of pieces of each token, (n_tokens,)."""
        self.tokens: Indices = numpy.repeat(numpy.arange(len(self.lengths)), self.lengths)
        """The token of each piece, (n_pieces,)."""
        span_of = numpy.concatenate(spans)
        self.rows: Indices = first_row[span_of] + numpy.concatenate(within)
        """The row of each piece in the layers of its batch, (n_pieces,)."""
        ends = self.lengths.cumsum()
        kept = numpy.arange(len(self.rows))
        if pooling == "reduce_first":
            kept = (ends - self.lengths)[self.lengths > 0]
        elif pooling == "reduce_last":
            kept = (ends - 1)[self.lengths > 0]
        batch_of_piece = batch_of[span_of[kept]]
        order = kept[numpy.argsort(batch_of_piece, kind="stable")]
        bounds = numpy.searchsorted(numpy.sort(batch_of_piece), numpy.arange(1, len(batches)))
        self.pieces: list[Indices] = numpy.split(order, bounds)
        """The pieces that are read of each batch: indices of `tokens` and `rows`, those of a token side by side."""
        self.counts: Indices = numpy.bincount(self.tokens[kept], minlength=len(self.lengths))
        """Number of pieces that are read of each token, (n_tokens,)."""


class TokenVectors:
    """The vectors of all tokens, to which the layers of each batch are added.

    With a pooling that is a mean, each batch adds its part to the mean of a token, which may have pieces in several
    batches (spans overlap). Other poolings get the combined pieces of all batches at the end.
    """

    def __init__(
        self, model: Model, places: Places, n_layers: int | None, settle: Settle, head: Head | None = None
    ) -> None:
        self.model = model
        self.aggregator, self.pooling = model.layers
        self.places = places
        self.n_layers = n_layers
        self.settle = settle
        self.is_mean = self.pooling.name in MEANS
        self.is_affine = bool(self.aggregator.attrs.get(AFFINE))
        self.head = head
        self.map: AffineMap | None = None
        """The aggregator and the head in one, without the head's bias, which tokens without pieces get too."""
        self.rows: Any = None
        self._lock = threading.Lock()  # batches are added by several threads

    def add(self, number: int, layers: Layers) -> None:
        """Add the layers of a batch: all of the encoder, or the lowest ones as far as they are read."""
        if next(_batches_added) % BATCHES_PER_RELEASE == 0:
            release_memory()
        n_layers = self.n_layers or len(layers)
        read = [layers[i] for i in resolve_layers(self.aggregator.attrs.get(LAYERS_READ), n_layers)]
        with self._lock:
            if self.rows is None:
                self.settle(len(read), read[0].shape[1], n_layers)
                n_rows = len(self.places.lengths) if self.is_mean else len(self.places.rows)
                width = self.aggregator.get_dim("nO")
                found = affine_map(self.aggregator) if self.head else None
                if self.head and found:
                    self.map, width = found.then(self.head.W), len(self.head.W)
                self.rows = self.model.ops.alloc2f(n_rows, width)
        chosen = self.places.pieces[number]
        if not len(chosen):
            return
        rows = self.places.rows[chosen]
        if not self.is_mean:
            self.rows[chosen] = self.aggregator.predict([layer[rows] for layer in read])
            return
        tokens = self.places.tokens[chosen]
        starts = numpy.flatnonzero(numpy.concatenate([[True], tokens[1:] != tokens[:-1]]))
        counts = numpy.diff([*starts, len(tokens)])
        targets = tokens[starts]
        if self.map:  # its result is so narrow that all rows are computed and none copied
            vectors = self._pool(self.map(read)[rows], counts)
        elif self.is_affine:  # there are fewer tokens than pieces
            vectors = self.aggregator.predict([self._pool(layer[rows], counts) for layer in read])
        else:
            vectors = self._pool(self.aggregator.predict([layer[rows] for layer in read]), counts)
        shares = counts / self.places.counts[targets]
        if (shares < 1).any():
            vectors = vectors * shares[:, None].astype("float32")
        with self._lock:
            self.rows[targets] += vectors

    def _pool(self, rows: Rows, counts: Indices) -> Rows:
        """The mean of neighbouring rows, or the rows themselves if each token has one."""
        if len(counts) == len(rows):
            return rows
        lengths: Any = counts.astype("int32")
        return self.pooling.predict(Ragged(rows, lengths))

    def finish(self) -> Rows:
        """The vectors, (n_tokens, nO); zeros for tokens without pieces. With a head, its output for them."""
        if self.is_mean:
            return self.rows + self.head.b if self.head else self.rows
        lengths: Any = self.places.lengths.astype("int32")
        return pool_pieces(self.pooling, self.rows, lengths, False)[0]
