"""What an aggregator has learned of each layer, for people to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy
from thinc.api import Model

from .layer_attention import attention_weights
from .options import layers_read
from .types import Aggregator, Layers, Rows
from .weights import softmax_weights


@dataclass(frozen=True)
class LearnedLayers:
    """One row for each layer that has a weight.

    name (str): the aggregator's name.
    layers (list[int]): the encoder's numbers of the layers; 0 is the embeddings.
    weights (list[float]): their weights; they sum to 1.
    deviations (list[float] | None): standard deviations of the weights over word pieces, where pieces have their own.
    projections (list[float] | None): the norm of each layer's weighted projection as a share of the sum of the norms,
        where there is one: a layer of small weight can have a large projection.
    last (int): the highest layer that is read.
    notes (list[str]): sentences on what the numbers mean.
    """

    name: str
    layers: list[int]
    weights: list[float]
    last: int
    deviations: list[float] | None = None
    projections: list[float] | None = None
    notes: tuple[str, ...] = ()


class AttentionRecord:
    """The weights that an aggregator's pieces had for the lower layers, summed up batch by batch."""

    def __init__(self) -> None:
        self.n_pieces = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0

    def add(self, weights: Any) -> None:
        """weights: (n_pieces, n_lower, n_heads)."""
        mean = numpy.asarray(weights.tolist(), dtype="d").reshape(weights.shape).mean(axis=2)  # over the heads
        self.n_pieces += len(mean)
        self._sum = self._sum + mean.sum(axis=0)
        self._squares = self._squares + (mean**2).sum(axis=0)

    @property
    def mean(self) -> Any:
        """Over word pieces, (n_lower,)."""
        return self._sum / self.n_pieces

    @property
    def deviation(self) -> Any:
        """Over word pieces, (n_lower,)."""
        return numpy.sqrt(numpy.maximum(self._squares / self.n_pieces - self.mean**2, 0))


def has_attention(aggregator: Aggregator) -> bool:
    """Whether its weights depend on the text."""
    return aggregator.name == "layer_attention"


@contextmanager
def recorded_attention(aggregators: Iterable[Aggregator]) -> Iterator[list[AttentionRecord]]:
    """Yield a record for each aggregator with attention, of all that it reads in the block."""
    observed = list(aggregators)
    records = [AttentionRecord() for _ in observed]
    forwards = [aggregator._func for aggregator in observed]

    def observing(forward: Callable[..., Any], record: AttentionRecord) -> Callable[..., Any]:
        def observed_forward(model: Model, X: Layers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
            if len(X[0]):
                record.add(attention_weights(model, X))
            result: tuple[Rows, Callable[[Rows], Layers]] = forward(model, X, is_train)
            return result

        return observed_forward

    for aggregator, forward, record in zip(observed, forwards, records, strict=True):
        aggregator._func = observing(forward, record)
    try:
        yield records
    finally:
        for aggregator, forward in zip(observed, forwards, strict=True):
            aggregator._func = forward


def learned_layers(aggregator: Aggregator, record: AttentionRecord | None = None) -> LearnedLayers:
    """What a trained aggregator does with each layer.

    record (AttentionRecord | None): what an aggregator with attention attended to in some texts; needed for these.
    """
    layers = layers_read(aggregator)
    last = layers[-1]
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
