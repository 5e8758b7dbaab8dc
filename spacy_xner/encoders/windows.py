"""Spans that fit into the encoder: those of too many word pieces are split into overlapping windows of tokens.

Span getters count tokens. A token of a hash, a URL, or a script that the vocabulary lacks has dozens of pieces, so that
a span of 128 tokens can exceed the encoder's limit of, say, 512 pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
import torch
from numpy.typing import NDArray
from spacy.tokens import Span
from transformers import PreTrainedTokenizerBase

from .word_pieces import Pieces, align_strings, character_starts, tokenize_spans

OVERLAP = 0.25
"""Share of a window, in word pieces, that the next window repeats."""

Counts = NDArray[numpy.int64]


def usable_length(tokenizer: Any, model: Any) -> int:
    """The maximum number of pieces, including special ones, for tokenizer and position embeddings."""
    limits = [int(tokenizer.model_max_length)]  # a huge number where the tokenizer has no limit
    positions = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    if isinstance(positions, torch.nn.Embedding):
        # RoBERTa counts from the padding index on
        reserved = 0 if positions.padding_idx is None else positions.padding_idx + 1
        limits.append(positions.num_embeddings - reserved)
    elif isinstance(getattr(model.config, "max_position_embeddings", None), int):
        limits.append(model.config.max_position_embeddings)
    return min(limits)


def fit_spans(
    spans: Sequence[Sequence[Span]], tokenizer: PreTrainedTokenizerBase, limit: int
) -> tuple[list[list[Span]], list[list[Pieces]]]:
    """The spans of each doc, split where they have more than `limit` word pieces, and the pieces of each.

    Every token is in a window that has room for all its pieces. Only of a token that alone exceeds the limit the first
    pieces are read, and the others are left out. Docs without spans, or with an empty first one, get no spans.

    spans (Sequence[Sequence[Span]]): the spans of each doc, from `get_spans`.
    limit (int): the most pieces of a span, special ones included.
    """
    kept = [list(of_doc) if of_doc and len(of_doc[0]) else [] for of_doc in spans]
    pieces = iter(tokenize_spans(tokenizer, [span for of_doc in kept for span in of_doc]))
    fitting: list[list[Span]] = []
    theirs: list[list[Pieces]] = []
    for of_doc in kept:
        parts = [part for span in of_doc for part in split_span(span, next(pieces), tokenizer, limit)]
        fitting.append([span for span, _ in parts])
        theirs.append([found for _, found in parts])
    return fitting, theirs


def split_span(span: Span, pieces: Pieces, tokenizer: PreTrainedTokenizerBase, limit: int) -> list[tuple[Span, Pieces]]:
    """The span itself, or windows of its tokens that overlap; with the pieces of each, at most `limit`."""
    if len(pieces) <= limit:
        return [(span, pieces)]
    if len(span) < 2:
        return [(span, pieces.cut(limit))]
    counts, n_special = count_pieces(span, pieces, tokenizer)
    windows = [span[start:end] for start, end in cut_windows(counts, limit - n_special)]
    found = tokenize_spans(tokenizer, windows)  # a word can have other pieces at the start of a text
    return [
        part for window, own in zip(windows, found, strict=True) for part in split_span(window, own, tokenizer, limit)
    ]


def count_pieces(span: Span, pieces: Pieces, tokenizer: PreTrainedTokenizerBase) -> tuple[Counts, int]:
    """The number of pieces that start in each token of a span, int64 (n_tokens,), and the number of special pieces."""
    if pieces.offsets is None:
        counts = numpy.asarray(align_strings([span], [pieces], tokenizer).lengths).astype("int64")
    else:
        starts = character_starts(span.doc)[span.start : span.end]
        covering = pieces.offsets[pieces.offsets[:, 1] > pieces.offsets[:, 0], 0]
        owners = numpy.searchsorted(starts - starts[0], covering, side="right") - 1
        counts = numpy.bincount(owners, minlength=len(span))
    return counts, max(0, len(pieces) - int(counts.sum()))


def cut_windows(counts: Counts, room: int) -> list[tuple[int, int]]:
    """Start and end (exclusive) of windows over tokens, at least two, each shorter than the whole.

    Each has as many tokens as fit, one at least. The next one repeats about a quarter of it, so that a token near the
    border of one window has context in the other. The last one is as long as possible, too.

    counts (Counts): the number of pieces of each token; their sum is more than `room`.
    room (int): the most pieces of a window, without special ones.
    """
    sums = numpy.concatenate([[0], counts.cumsum()])
    windows: list[tuple[int, int]] = []
    start = end = 0
    while end < len(counts):
        end = max(int(numpy.searchsorted(sums, sums[start] + room, side="right")) - 1, start + 1)
        if end == len(counts):
            start = max(1, min(start, int(numpy.searchsorted(sums, sums[end] - room))))
        windows.append((start, end))
        if end < len(counts):
            repeated = int(numpy.searchsorted(sums, sums[end] - int(room * OVERLAP)))
            needed = int(numpy.searchsorted(sums, sums[end + 1] - room))  # so that at least one more token fits
            start = min(max(repeated, needed, start + 1), end)
    return windows
