"""Learning: docs in, the layers of each doc's word pieces out, and gradients for them back, without padding."""

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
from .inference import by_doc
from .packed import Batch
from .word_pieces import cut_into_pieces

if TYPE_CHECKING:
    from .shim import EncoderShim


@dataclass
class UnpaddedBatch(FullTransformerBatch):
    """What the encoder gave for a batch of docs, each with arrays of its own length.

    places (list[list[slice]]): for each doc that was read, the rows of its spans in the packed arrays.
    n_rows (int): rows of the packed arrays.
    """

    places: list[list[slice]] = field(default_factory=list)
    n_rows: int = 0

    def unsplit_by_doc(self, arrays: list[list[Floats3d]]) -> FullTransformerBatch:
        """Put the gradients of docs, padded to the longest span of each, side by side without padding.

        arrays (list[list[Floats3d]]): for each doc that was read, a gradient for the last layer, or that and one for
            each layer below; (n_spans, longest, width).
        RETURNS: a batch whose `model_output` holds the gradients as tensors (n_rows, width).
        """
        if len(arrays) != len(self.places) or len({len(layers) for layers in arrays}) != 1:
            raise XnerError(
                f"The encoder read {len(self.places)} docs and got gradients for {len(arrays)}, of "
                f"{sorted({len(layers) for layers in arrays})} layers; expected one number of layers, and all docs."
            )
        output = ModelOutput()
        for number in range(len(arrays[0])):
            packed = numpy.empty((self.n_rows, arrays[0][0].shape[-1]), dtype="float32")
            for layers, places in zip(arrays, self.places, strict=True):
                for row, place in zip(layers[number], places, strict=True):
                    packed[place] = row[: place.stop - place.start]
            output[f"output_{number}"] = torch.from_numpy(packed)
        return FullTransformerBatch(self.spans, self.wordpieces, output, self.align)


def learn_from_docs(
    docs: list[Doc], spans: list[list[Span]], tokenizer: PreTrainedTokenizerBase, shim: EncoderShim
) -> tuple[UnpaddedBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """What `AllLayersTransformer` gives for docs when it learns on a CPU, and the callback for gradients.

    The layers are those that spacy-transformers' own way gives. There, all spans are padded to the longest one of the
    batch, and a training step computes them too; here no padding is computed.
    """
    read = [i for i, of_doc in enumerate(spans) if of_doc and len(of_doc[0])]
    flat = cut_into_pieces(tokenizer, [span for i in read for span in spans[i]])
    order = sorted(range(len(flat)), key=lambda i: len(flat[i].ids))  # those of one length are neighbours
    typed = any(any(pieces.types or ()) for pieces in flat)
    sequences = Batch([flat[i].ids for i in order], [flat[i].types or [] for i in order] if typed else None)
    layers, backward = shim.learn(sequences)

    places: list[slice] = [slice(0)] * len(flat)
    start = 0
    for i in order:
        places[i] = slice(start, start + len(flat[i].ids))
        start = places[i].stop
    arrays = [layer.detach().numpy() for layer in layers]
    vectors = [[array[place] for array in arrays] for place in places]
    empty = cast(UnpaddedBatch, UnpaddedBatch.empty(len(docs)))
    batch = by_doc(empty, spans, read, flat, vectors, tokenizer)
    batch.n_rows = start
    start = 0
    for i in read:
        batch.places.append(places[start : start + len(spans[i])])
        start += len(spans[i])

    def backprop(d_batch: FullTransformerBatch) -> list[Doc]:
        gradients: list[Any] = list(d_batch.model_output.values())
        backward(gradients)
        return docs

    return batch, backprop
