"""Training on a CPU without padding: from docs to the layers of each doc's word pieces, and gradients back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy
import torch
from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch, TransformerData
from thinc.types import Floats3d
from transformers import PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from ..errors import XnerError
from .inference import pack, to_output
from .word_pieces import Pieces, align_docs, to_batch

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
    docs: list[Doc],
    spans: list[list[Span]],
    pieces: list[list[Pieces]],
    tokenizer: PreTrainedTokenizerBase,
    shim: EncoderShim,
) -> tuple[UnpaddedBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """The output of `AllLayersTransformer` for docs in training on a CPU, and the callback for gradients.

    The layers are the same as with `padded.run`, which pads all spans to the longest one of the batch and computes the
    padding too.

    spans (list[list[Span]]): the spans of each doc. pieces (list[list[Pieces]]): theirs; see `windows.fit_spans`.
    """
    flat = [found for of_doc in pieces for found in of_doc]
    order = sorted(range(len(flat)), key=lambda i: len(flat[i]))  # spans of equal length are neighbours
    (sequences,) = pack(flat, [order])
    layers, backward = shim.begin_packed_update(sequences)

    rows: list[slice] = [slice(0)] * len(flat)
    start = 0
    for i in order:
        rows[i] = slice(start, start + len(flat[i]))
        start = rows[i].stop
    arrays = [layer.detach().numpy() for layer in layers]
    batch = cast(UnpaddedBatch, UnpaddedBatch.empty(len(docs)))
    batch.spans, batch.n_rows = spans, start
    data: Any = batch.doc_data  # of an empty batch: a list to fill
    with_spans = [i for i, of_doc in enumerate(spans) if of_doc]
    alignments = align_docs([spans[i] for i in with_spans], [pieces[i] for i in with_spans], tokenizer)
    start = 0
    for i, align in zip(with_spans, alignments, strict=True):
        places = rows[start : start + len(spans[i])]
        start += len(places)
        batch.rows.append(places)
        output = to_output([[array[place] for array in arrays] for place in places], views=True)
        data[i] = TransformerData(to_batch(pieces[i], tokenizer), output, align)

    def backprop(d_batch: FullTransformerBatch) -> list[Doc]:
        gradients: list[Any] = list(d_batch.model_output.values())
        backward(gradients)
        return docs

    return batch, backprop
