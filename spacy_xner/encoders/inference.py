"""Prediction on a CPU: from docs to the layers of each doc's word pieces, in batches of spans of similar length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch, TransformerData
from transformers import PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from .outputs import LAYERS_KEY
from .packed import Batch
from .threads import count_threads
from .word_pieces import Pieces, align_docs, to_batch, tokenize_spans

BATCH_PIECES = 1024
"""Approximate number of word pieces in a batch: few enough that their arrays fit into the processor's cache."""

Vectors = NDArray[numpy.float32]
BatchType = TypeVar("BatchType", bound=FullTransformerBatch)
Encode = Callable[[list[Batch]], list[list[Vectors]]]


def predict_docs(
    docs: list[Doc], spans: list[list[Span]], tokenizer: PreTrainedTokenizerBase, encode: Encode
) -> FullTransformerBatch:
    """The output of `AllLayersTransformer` for docs in prediction on a CPU.

    spacy-transformers pads all spans to the longest one, which more than doubles the work where sentences differ in
    length. Here spans of similar length share a batch. Each doc's data is the same, padded to the doc's own longest
    span; arrays of docs with one span are views into those of the batch. The result holds only data by doc
    (`doc_data`): an annotation setter does not find the padded arrays of all docs in it.

    spans (list[list[Span]]): the spans of each doc, from `get_spans`.
    encode (Encode): batches of word pieces to all L + 1 layers, each (n_pieces, width).
    """
    with_spans = [i for i, of_doc in enumerate(spans) if of_doc and len(of_doc[0])]
    flat = tokenize_spans(tokenizer, [span for i in with_spans for span in spans[i]])
    vectors = encode_sorted(flat, encode)
    return fill_doc_data(FullTransformerBatch.empty(len(docs)), spans, with_spans, flat, vectors, tokenizer)


def fill_doc_data(
    batch: BatchType,
    spans: list[list[Span]],
    with_spans: list[int],
    flat: list[Pieces],
    vectors: list[list[Vectors]],
    tokenizer: PreTrainedTokenizerBase,
) -> BatchType:
    """Put the encoder's output into an empty batch, as data of each doc.

    spans (list[list[Span]]): the spans of each doc.
    with_spans (list[int]): indices of the docs that have spans.
    flat (list[Pieces]): the pieces of all their spans.
    vectors (list[list[Vectors]]): the L + 1 layers of each of these spans, (n_pieces, width).
    """
    batch.spans = spans
    pieces, layers, start = [], [], 0
    for i in with_spans:
        end = start + len(spans[i])
        pieces.append(flat[start:end])
        layers.append(vectors[start:end])
        start = end
    alignments = align_docs([spans[i] for i in with_spans], pieces, tokenizer)
    data: Any = batch.doc_data  # of an empty batch: a list to fill
    for i, own, of_spans, align in zip(with_spans, pieces, layers, alignments, strict=True):
        lower = [pad(of_layer) for of_layer in zip(*of_spans, strict=True)]
        last = lower.pop()
        output = ModelOutput({"last_hidden_state": last, LAYERS_KEY: lower})
        data[i] = TransformerData(to_batch(own, tokenizer), output, align)
    return batch


def encode_sorted(pieces: list[Pieces], encode: Encode) -> list[list[Vectors]]:
    """All L + 1 layers of each span, each (n_pieces, width); spans of similar length share a batch."""
    result: list[list[Vectors]] = [[] for _ in pieces]
    lengths = [len(p.ids) for p in pieces]
    batches = make_batches(lengths, count_threads())
    typed = any(any(p.types or ()) for p in pieces)
    encoded = encode(
        [
            Batch([pieces[i].ids for i in batch], [pieces[i].types or [] for i in batch] if typed else None)
            for batch in batches
        ]
    )
    for batch, layers in zip(batches, encoded, strict=True):
        start = 0
        for i in batch:
            end = start + lengths[i]
            result[i] = [layer[start:end] for layer in layers]
            start = end
    return result


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


def pad(spans: tuple[Vectors, ...]) -> Vectors:
    """One array for the spans of a doc, (n_spans, longest, width)."""
    if len(spans) == 1:
        return spans[0][None]
    longest = max(map(len, spans))
    padded = numpy.zeros((len(spans), longest, spans[0].shape[-1]), dtype="float32")
    for row, span in zip(padded, spans, strict=True):
        row[: len(span)] = span
    return padded
