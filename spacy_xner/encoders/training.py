"""Training on a CPU without padding: from docs to the layers of each doc's word pieces, and gradients back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy
import torch
from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch
from thinc.types import Floats3d
from transformers import PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from ..errors import XnerError
from .inference import fill_doc_data
from .packed import Batch
from .word_pieces import tokenize_spans

if TYPE_CHECKING:
    from .shim import EncoderShim


@dataclass
class UnpaddedBatch(FullTransformerBatch):
    """The encoder's output for a batch of docs, with arrays of each doc's own length.

    rows (list[list[slice]]): for each doc that has spans, the rows of its spans in the packed arrays.
    n_rows (int): number of rows of the packed arrays.
    """

    rows: list[list[slice]] = field(default_factory=list)
    n_rows: int = 0

    def unsplit_by_doc(self, arrays: list[list[Floats3d]]) -> FullTransformerBatch:
        """Pack the gradients of docs, which are padded to the longest span of each doc, without padding.

        arrays (list[list[Floats3d]]): for each doc that has spans, a gradient for the last layer only, or one for the
            last layer and one for each layer below it; (n_spans, longest, width).
        RETURNS: a batch whose `model_output` holds the gradients as tensors (n_rows, width).
        RAISES: XnerError where docs are missing, or differ in the number of layers.
        """
        if len(arrays) != len(self.rows) or len({len(layers) for layers in arrays}) != 1:
            raise XnerError(
                f"The encoder read {len(self.rows)} docs and got gradients for {len(arrays)}, of "
                f"{sorted({len(layers) for layers in arrays})} layers; expected one number of layers, and all docs."
            )
        output = ModelOutput()
        for number in range(len(arrays[0])):
            packed = numpy.empty((self.n_rows, arrays[0][0].shape[-1]), dtype="float32")
            for layers, rows in zip(arrays, self.rows, strict=True):
                for gradient, place in zip(layers[number], rows, strict=True):
                    packed[place] = gradient[: place.stop - place.start]
            output[f"output_{number}"] = torch.from_numpy(packed)
        return FullTransformerBatch(self.spans, self.wordpieces, output, self.align)


def begin_update(
    docs: list[Doc], spans: list[list[Span]], tokenizer: PreTrainedTokenizerBase, shim: EncoderShim
) -> tuple[UnpaddedBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """The output of `AllLayersTransformer` for docs in training on a CPU, and the callback for gradients.

    The layers are the same as with spacy-transformers' own forward function, which pads all spans to the longest one of
    the batch and computes the padding too.
    """
    with_spans = [i for i, of_doc in enumerate(spans) if of_doc and len(of_doc[0])]
    flat = tokenize_spans(tokenizer, [span for i in with_spans for span in spans[i]])
    order = sorted(range(len(flat)), key=lambda i: len(flat[i].ids))  # spans of equal length are neighbours
    typed = any(any(pieces.types or ()) for pieces in flat)
    sequences = Batch([flat[i].ids for i in order], [flat[i].types or [] for i in order] if typed else None)
    layers, backward = shim.begin_packed_update(sequences)

    rows: list[slice] = [slice(0)] * len(flat)
    start = 0
    for i in order:
        rows[i] = slice(start, start + len(flat[i].ids))
        start = rows[i].stop
    arrays = [layer.detach().numpy() for layer in layers]
    vectors = [[array[place] for array in arrays] for place in rows]
    empty = cast(UnpaddedBatch, UnpaddedBatch.empty(len(docs)))
    batch = fill_doc_data(empty, spans, with_spans, flat, vectors, tokenizer)
    batch.n_rows = start
    start = 0
    for i in with_spans:
        batch.rows.append(rows[start : start + len(spans[i])])
        start += len(spans[i])

    def backprop(d_batch: FullTransformerBatch) -> list[Doc]:
        gradients: list[Any] = list(d_batch.model_output.values())
        backward(gradients)
        return docs

    return batch, backprop
