"""The word pieces of docs and their alignment with tokens, without the padding that spacy-transformers adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from spacy.attrs import LENGTH, SPACY
from spacy.tokens import Doc, Span
from spacy_transformers.align import get_alignment
from spacy_transformers.data_classes import WordpieceBatch
from thinc.types import Ragged
from transformers import PreTrainedTokenizerBase

Integers = NDArray[numpy.integer[Any]]


SPANS_PER_CALL = 256
"""Spans that the tokenizer reads at once: its own results take some 500 bytes a piece until they are converted."""


@dataclass
class Pieces:
    """The word pieces of one span, special ones included.

    ids (Integers): ids of the pieces, int32 (n_pieces,): a long doc keeps them until its output is deleted.
    types (Integers | None): token type ids, int8 (n_pieces,); None from a tokenizer that has none.
    offsets (Integers | None): start and end (exclusive) in the span's text, in characters, int64 (n_pieces, 2); equal
        for special pieces. None from a slow tokenizer.
    """

    ids: Integers
    types: Integers | None
    offsets: Integers | None

    def __len__(self) -> int:
        return len(self.ids)

    def cut(self, limit: int) -> Pieces:
        """The first pieces."""
        return Pieces(
            self.ids[:limit],
            None if self.types is None else self.types[:limit],
            None if self.offsets is None else self.offsets[:limit],
        )

    def without_offsets(self) -> Pieces:
        """The same pieces; offsets are not needed after alignment, and take twice the memory of ids."""
        return Pieces(self.ids, self.types, None)


def tokenize_spans(tokenizer: PreTrainedTokenizerBase, spans: Sequence[Span]) -> list[Pieces]:
    """All word pieces of spans, also where there are more than the encoder can read; see `windows.fit_spans`."""
    result: list[Pieces] = []
    for start in range(0, len(spans), SPANS_PER_CALL):
        encoded = tokenizer(
            [span.text for span in spans[start : start + SPANS_PER_CALL]],
            return_offsets_mapping=tokenizer.is_fast,
            return_attention_mask=False,
            verbose=False,  # no warning about too long sequences
        )
        all_types, all_offsets = encoded.get("token_type_ids"), encoded.get("offset_mapping")
        for i, ids in enumerate(encoded["input_ids"]):
            result.append(
                Pieces(
                    numpy.array(ids, dtype="int32"),
                    numpy.array(all_types[i], dtype="int8") if all_types else None,
                    numpy.array(all_offsets[i], dtype="int64").reshape(-1, 2) if all_offsets else None,
                )
            )
    return result


def to_batch(pieces: Sequence[Pieces], tokenizer: PreTrainedTokenizerBase) -> WordpieceBatch:
    """The pieces of one doc as spacy-transformers' `WordpieceBatch`, padded to the longest span of the doc."""
    lengths = [len(p) for p in pieces]
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
        strings.append(padded_strings(p, longest, tokenizer))
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
        return [align_strings(*of_doc, tokenizer) for of_doc in zip(spans, pieces, strict=True)]
    if not spans:
        return []
    # All docs at once: characters, tokens and rows are numbered through all spans and docs.
    starts, tokens, firsts, lasts, rows = [], [], [], [], []  # of characters, in each span
    n_characters = n_tokens = n_rows = 0
    token_bounds, row_bounds = [0], [0]
    for doc_spans, doc_pieces in zip(spans, pieces, strict=True):
        begin, end = doc_spans[0].start, doc_spans[-1].end
        token_starts = character_starts(doc_spans[0].doc)
        longest = max(map(len, doc_pieces))
        for i, (span, p) in enumerate(zip(doc_spans, doc_pieces, strict=True)):
            own = token_starts[span.start : span.end]
            starts.append(own - own[0] + n_characters)
            tokens.append(numpy.arange(span.start, span.end) - begin + n_tokens)
            offsets: Any = p.offsets
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
    sizes = doc.to_array([LENGTH, SPACY]).astype("int64").sum(axis=1)
    return numpy.concatenate([[0], sizes.cumsum()])


def padded_strings(pieces: Pieces, length: int, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The pieces as strings, with padding pieces up to a length."""
    strings: Any = tokenizer.convert_ids_to_tokens(pieces.ids.tolist())
    return [*strings, *[tokenizer.pad_token] * (length - len(pieces))]


def align_strings(spans: Sequence[Span], pieces: Sequence[Pieces], tokenizer: PreTrainedTokenizerBase) -> Ragged:
    """As `align_docs` for the spans of one doc, by the text of the pieces: slow tokenizers give no offsets."""
    longest = max(map(len, pieces))
    strings = [padded_strings(p, longest, tokenizer) for p in pieces]
    return get_alignment(list(spans), strings, tokenizer.all_special_tokens)[spans[0].start : spans[-1].end]
