"""Training and prediction as spacy-transformers does them: all spans of a batch padded to the longest one.

Used on a GPU, and for training encoders that cannot be packed (see `packed.can_pack`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy
from spacy.tokens import Doc, Span
from spacy_transformers.align import get_alignment, get_alignment_via_offset_mapping
from spacy_transformers.data_classes import FullTransformerBatch
from spacy_transformers.layers import TransformerModel
from spacy_transformers.util import maybe_flush_pytorch_cache

from .word_pieces import Pieces, to_batch


def run(
    model: TransformerModel,
    docs: list[Doc],
    spans: list[list[Span]],
    pieces: Sequence[Sequence[Pieces]],
    is_train: bool,
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """The encoder's output for docs, and the callback for its gradients.

    This is the stock model's forward function, with word pieces that are known, because spans were split where they
    did not fit.

    spans (list[list[Span]]): the spans of each doc. pieces (Sequence[Sequence[Pieces]]): theirs.
    """
    maybe_flush_pytorch_cache(chance=model.attrs.get("flush_cache_chance", 0))
    flat_spans = [span for of_doc in spans for span in of_doc]
    flat = [found for of_doc in pieces for found in of_doc]
    if not flat:
        return FullTransformerBatch.empty(len(docs)), lambda d_output: docs
    wordpieces = to_batch(flat, model.tokenizer)
    if model.tokenizer.is_fast:
        offsets: Any = numpy.zeros((*wordpieces.input_ids.shape, 2), dtype="int64")
        for row, found in zip(offsets, flat, strict=True):
            row[: len(found)] = found.offsets
        align = get_alignment_via_offset_mapping(flat_spans, offsets)
    else:
        align = get_alignment(flat_spans, wordpieces.strings, model.tokenizer.all_special_tokens)
    output, backprop = model.layers[0](wordpieces, is_train)

    def backprop_docs(d_output: FullTransformerBatch) -> list[Doc]:
        backprop(d_output.model_output)
        return docs

    return FullTransformerBatch(spans, wordpieces, output, align), backprop_docs
