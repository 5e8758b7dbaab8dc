"""The layer weights that an aggregator has learned, for display."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy
from thinc.api import Model

from .last_layer import LAST_LAYER
from .layer_attention import OBSERVERS, Scores
from .options import layers_read
from .types import Aggregator
from .weights import find_aggregators, softmax_weights


@dataclass(frozen=True)
class LearnedLayers:
    """The weight of each layer, and statistics that help to interpret it.

    name (str): the aggregator's name.
    layers (list[int]): indices of the encoder's layers that have a weight; 0 is the embeddings.
    weights (list[float]): their weights; they sum to 1.
    last (int): the highest layer that is read.
    deviations (list[float] | None): standard deviations of the weights over word pieces, for attention.
    projections (list[float] | None): the norm of each layer's weighted projection as a share of the sum of the norms,
        for aggregators with a projection: a layer of small weight can have a large projection.
    notes (tuple[str, ...]): sentences that explain the numbers.
    """

    name: str
    layers: list[int]
    weights: list[float]
    last: int
    deviations: list[float] | None = None
    projections: list[float] | None = None
    notes: tuple[str, ...] = ()


class AttentionRecord:
    """Mean and standard deviation of attention weights over word pieces, summed up batch by batch."""

    def __init__(self) -> None:
        self.n_pieces = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0
        self._lock = threading.Lock()  # batches are predicted in several threads

    def add(self, weights: Scores) -> None:
        """Add the attention weights of some word pieces, (n_pieces, n_lower)."""
        if not len(weights):
            return
        exact = numpy.asarray(weights.tolist(), dtype="d")  # also from a GPU
        with self._lock:
            self.n_pieces += len(exact)
            self._sum = self._sum + exact.sum(axis=0)
            self._squares = self._squares + (exact**2).sum(axis=0)

    @property
    def mean(self) -> Any:
        """Mean over word pieces, (n_lower,)."""
        return self._sum / self.n_pieces

    @property
    def deviation(self) -> Any:
        """Standard deviation over word pieces, (n_lower,)."""
        return numpy.sqrt(numpy.maximum(self._squares / self.n_pieces - self.mean**2, 0))


def shown_aggregators(model: Model) -> list[Aggregator]:
    """All nodes of `model` whose layers can be shown: those with layer weights, and those that read one layer alone."""
    return [*find_aggregators(model), *(node for node in model.walk() if node.name == LAST_LAYER)]


def has_attention(aggregator: Aggregator) -> bool:
    """Whether its weights depend on the text."""
    return aggregator.name == "layer_attention"


@contextmanager
def recorded_attention(aggregators: Iterable[Aggregator]) -> Iterator[list[AttentionRecord]]:
    """Yield a record for each aggregator with attention, of all its predictions inside the block."""
    records = {aggregator.id: AttentionRecord() for aggregator in aggregators}
    OBSERVERS.update({number: record.add for number, record in records.items()})
    try:
        yield list(records.values())
    finally:
        for number in records:
            OBSERVERS.pop(number, None)


def learned_layers(aggregator: Aggregator, record: AttentionRecord | None = None) -> LearnedLayers:
    """The layer weights of a trained aggregator.

    record (AttentionRecord | None): attention weights in some texts; needed for an aggregator with attention.
    """
    layers = layers_read(aggregator)
    last = layers[-1]
    if aggregator.name == LAST_LAYER:
        note = f"It reads layer {last} alone: no weights are learned."
        return LearnedLayers(aggregator.name, [last], [1.0], last, notes=(note,))
    if record is not None:
        priors = ", ".join(f"{w:.3f}" for w in softmax_weights(aggregator)) if aggregator.attrs["logit_scale"] else ""
        return LearnedLayers(
            aggregator.name,
            layers[:-1],
            [float(w) for w in record.mean],
            last,
            deviations=[float(d) for d in record.deviation],
            notes=(
                f"Mean attention of layer {last} over {record.n_pieces} word pieces, ± standard deviation; it is "
                f"added to layer {last}.",
                *([f"By the logits alone, for all texts: {priors}."] if priors else []),
            ),
        )
    weights = softmax_weights(aggregator)
    notes = [f"Added to layer {last} as it is."] if aggregator.attrs.get("residual") else []
    projections = None
    if aggregator.has_param("W"):
        projection: Any = aggregator.get_param("W")
        norms = (projection**2).sum(axis=(0, 2)) ** 0.5 * weights
        projections = [float(norm) for norm in norms / max(float(norms.sum()), 1e-30)]
        notes.append("projection: the norm of each layer's weighted projection, as a share of their sum.")
    else:
        notes.append(f"The sum is multiplied by {float(aggregator.get_param('scale')[0]):.3f}.")
    return LearnedLayers(
        aggregator.name, layers, [float(w) for w in weights], last, projections=projections, notes=tuple(notes)
    )
