"""Batches of spans of similar length for prediction on a CPU, and the layers of each span.

spacy-transformers pads all spans to the longest one, which more than doubles the work where sentences differ in length.
Here spans of similar length share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy
from numpy.typing import NDArray
from transformers.utils import ModelOutput

from .outputs import LAYERS_KEY
from .packed import Batch
from .threads import count_threads
from .word_pieces import Integers, Pieces

BATCH_PIECES = 1024
"""Approximate number of word pieces in a batch: few enough that their arrays fit into the processor's cache."""

Vectors = NDArray[numpy.float32]
Encode = Callable[[list[Batch]], list[list[Vectors]]]


def encode_sorted(pieces: Sequence[Pieces], encode: Encode) -> list[list[Vectors]]:
    """All L + 1 layers of each span, each (n_pieces, width); spans of similar length share a batch."""
    result: list[list[Vectors]] = [[] for _ in pieces]
    batches = make_batches(list(map(len, pieces)), count_threads())
    for batch, layers in zip(batches, encode(pack(pieces, batches)), strict=True):
        start = 0
        for i in batch:
            end = start + len(pieces[i])
            result[i] = [layer[start:end] for layer in layers]
            start = end
    return result


def pack(pieces: Sequence[Pieces], batches: Sequence[Sequence[int]]) -> list[Batch]:
    """The encoder's input for batches of spans, given by their indices."""
    typed = any(p.types is not None and p.types.any() for p in pieces)
    return [
        Batch([pieces[i].ids for i in batch], [types_of(pieces[i]) for i in batch] if typed else None)
        for batch in batches
    ]


def types_of(pieces: Pieces) -> Integers:
    """Token type ids, zeros where the tokenizer gives none."""
    return numpy.zeros_like(pieces.ids) if pieces.types is None else pieces.types


def make_batches(lengths: list[int], n_threads: int) -> list[list[int]]:
    """Indices of spans, shortest first, in batches of `BATCH_PIECES` word pieces or up to a span more.

    Each thread gets the same number of batches, unless these would be smaller than a quarter of `BATCH_PIECES`.
    """
    total = sum(lengths)
    n_batches = max(1, -(-total // BATCH_PIECES))
    if total >= n_threads * BATCH_PIECES // 4:
        n_batches = -(-n_batches // n_threads) * n_threads
    batches: list[list[int]] = []
    done = 0
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if done * n_batches >= total * len(batches):
            batches.append([])
        batches[-1].append(i)
        done += lengths[i]
    return batches


def to_output(spans: Sequence[Sequence[Vectors]], *, views: bool = False) -> ModelOutput:
    """The `model_output` of a doc from the layers of its spans, each (n_pieces, width).

    views (bool): the arrays of a doc with one span may be views of its layers, which stay in memory anyway.
    """
    lower = [of_layer[0][None] if views and len(spans) == 1 else pad(of_layer) for of_layer in zip(*spans, strict=True)]
    last = lower.pop()
    return ModelOutput({"last_hidden_state": last, LAYERS_KEY: lower})


def pad(spans: Sequence[Vectors]) -> Vectors:
    """A new array for the spans of a doc, (n_spans, longest, width)."""
    padded = numpy.zeros((len(spans), max(map(len, spans)), spans[0].shape[-1]), dtype="float32")
    for row, span in zip(padded, spans, strict=True):
        row[: len(span)] = span
    return padded
