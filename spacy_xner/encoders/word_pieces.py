"""The word pieces of docs and their alignment with tokens, without the padding that spacy-transformers adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from spacy.tokens import Doc, Span
from spacy_transformers.align import get_alignment
from spacy_transformers.data_classes import WordpieceBatch
from thinc.types import Ragged
from transformers import PreTrainedTokenizerBase

Integers = NDArray[numpy.int64]


@dataclass
class Pieces:
    """The word pieces of one span, special ones included.

    ids (list[int]): ids of the pieces.
    types (list[int] | None): token type ids; None from a tokenizer that has none.
    strings (list[str]): the pieces.
    offsets (list[tuple[int, int]] | None): start and end (exclusive) in the span's text, in characters; equal for
        special pieces. None from a slow tokenizer.
    """

    ids: list[int]
    types: list[int] | None
    strings: list[str]
    offsets: list[tuple[int, int]] | None


def tokenize_spans(tokenizer: PreTrainedTokenizerBase, spans: Sequence[Span]) -> list[Pieces]:
    """The word pieces of spans; those beyond the tokenizer's maximum length are dropped, as in spacy-transformers."""
    if not spans:
        return []
    encoded = tokenizer(
        [span.text for span in spans],
        return_offsets_mapping=tokenizer.is_fast,
        return_attention_mask=False,
        verbose=False,  # no warning about too long sequences: they are truncated below
    )
    limit = tokenizer.model_max_length
    all_types, all_offsets = encoded.get("token_type_ids"), encoded.get("offset_mapping")
    result = []
    for i, ids in enumerate(encoded["input_ids"]):
        ids = ids[:limit]
        strings = encoded.tokens(i) if tokenizer.is_fast else tokenizer.convert_ids_to_tokens(ids)
        types = all_types[i][:limit] if all_types else None
        offsets = all_offsets[i][:limit] if all_offsets else None
        result.append(Pieces(ids, types, strings[:limit], offsets))
    return result


def to_batch(pieces: Sequence[Pieces], tokenizer: PreTrainedTokenizerBase) -> WordpieceBatch:
    """The pieces of one doc as spacy-transformers' `WordpieceBatch`, padded to the longest span of the doc."""
    lengths = [len(p.ids) for p in pieces]
    longest, padding = max(lengths), tokenizer.pad_token_id or 0
    shape = (len(pieces), longest)
    ids = numpy.full(shape, padding, dtype="int64")
    mask = numpy.zeros(shape, dtype="float32")
    types = None if pieces[0].types is None else numpy.zeros(shape, dtype="int64")
    strings = []
    for row, (p, length) in enumerate(zip(pieces, lengths, strict=True)):
        ids[row, :length] = p.ids
        mask[row, :length] = 1
        if types is not None:
            types[row, :length] = p.types
        strings.append([*p.strings, *[tokenizer.pad_token] * (longest - length)])
    return WordpieceBatch(strings, ids, mask, lengths, types)  # type: ignore[arg-type]


def align_docs(
    spans: Sequence[Sequence[Span]], pieces: Sequence[Sequence[Pieces]], tokenizer: PreTrainedTokenizerBase
) -> list[Ragged]:
    """For each doc, the rows of its padded pieces that belong to each token, as spacy-transformers aligns them.

    A token has the pieces that share a character with it or with the space after it. The result covers the tokens
    from the first span's first to the last span's last.

    spans (Sequence[Sequence[Span]]): the spans of each doc, one at least, none empty.
    pieces (Sequence[Sequence[Pieces]]): their pieces.
    """
    if not tokenizer.is_fast:
        return [_align_strings(*of_doc, tokenizer) for of_doc in zip(spans, pieces, strict=True)]
    if not spans:
        return []
    # All docs at once: characters, tokens and rows are numbered through all spans and docs.
    starts, tokens, firsts, lasts, rows = [], [], [], [], []  # of characters, in each span
    n_characters = n_tokens = n_rows = 0
    token_bounds, row_bounds = [0], [0]
    for doc_spans, doc_pieces in zip(spans, pieces, strict=True):
        begin, end = doc_spans[0].start, doc_spans[-1].end
        token_starts = character_starts(doc_spans[0].doc)
        longest = max(len(p.ids) for p in doc_pieces)
        for i, (span, p) in enumerate(zip(doc_spans, doc_pieces, strict=True)):
            own = token_starts[span.start : span.end]
            starts.append(own - own[0] + n_characters)
            tokens.append(numpy.arange(span.start, span.end) - begin + n_tokens)
            offsets = numpy.array(p.offsets, dtype="int64").reshape(-1, 2)
            (covering,) = numpy.nonzero(offsets[:, 1] > offsets[:, 0])
            firsts.append(offsets[covering, 0] + n_characters)
            lasts.append(offsets[covering, 1] - 1 + n_characters)
            rows.append(covering + i * longest + n_rows)
            n_characters += int(token_starts[span.end] - own[0])
        n_tokens += end - begin
        n_rows += len(doc_pieces) * longest
        token_bounds.append(n_tokens)
        row_bounds.append(n_rows)
    all_starts, all_tokens, all_rows = numpy.concatenate(starts), numpy.concatenate(tokens), numpy.concatenate(rows)
    first = numpy.searchsorted(all_starts, numpy.concatenate(firsts), side="right") - 1
    last = numpy.searchsorted(all_starts, numpy.concatenate(lasts), side="right") - 1
    counts = last - first + 1  # a piece may cover several tokens
    within = numpy.arange(counts.sum()) - numpy.repeat(counts.cumsum() - counts, counts)
    owners = all_tokens[numpy.repeat(first, counts) + within]
    order = numpy.argsort(owners, kind="stable")  # tokens in the overlap of two spans have pieces in both
    sorted_rows = numpy.repeat(all_rows, counts)[order]
    lengths = numpy.bincount(owners, minlength=n_tokens)
    ends = numpy.concatenate([[0], lengths.cumsum()])
    result = []
    for i in range(len(spans)):
        begin, end = token_bounds[i], token_bounds[i + 1]
        of_doc: Any = (sorted_rows[ends[begin] : ends[end]] - row_bounds[i]).astype("int32")
        counts_of_doc: Any = lengths[begin:end].astype("int32")
        result.append(Ragged(of_doc, counts_of_doc))
    return result


def character_starts(doc: Doc) -> Integers:
    """The character at which each token starts, and last the text's length: int64, (n_tokens + 1,)."""
    sizes = numpy.array([len(token) + len(token.whitespace_) for token in doc], dtype="int64")
    return numpy.concatenate([[0], sizes.cumsum()])


def _align_strings(
    spans: Sequence[Span], pieces: Sequence[Pieces], tokenizer: PreTrainedTokenizerBase
) -> Ragged:  # slow tokenizers give no offsets
    longest = max(len(p.ids) for p in pieces)
    strings = [[*p.strings, *[tokenizer.pad_token] * (longest - len(p.ids))] for p in pieces]
    return get_alignment(list(spans), strings, tokenizer.all_special_tokens)[spans[0].start : spans[-1].end]
