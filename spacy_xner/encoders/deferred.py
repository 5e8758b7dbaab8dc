"""The data of a doc whose layers are computed when something reads them, so that they need not be in memory before.

All layers of a doc take some 15 kB a word piece. A component with this package's listener never needs them all: it
encodes a batch of pieces, combines its layers, and forgets them (aggregation/streaming.py). Other readers of
`doc._.trf_data` get the arrays that spacy-transformers would have put there.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spacy_transformers.data_classes import TransformerData, WordpieceBatch
from thinc.types import Ragged
from transformers import PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from ..errors import XnerError
from .inference import encode_sorted, to_output
from .word_pieces import Pieces, to_batch

if TYPE_CHECKING:
    from .shim import EncoderShim

KEPT_PIECES = 16_384
"""The most word pieces whose layers are computed and kept at once for further readers: some 250 MB."""


class Readers:
    """What is known about the components that read an encoder's output: whether something reads a doc twice."""

    def __init__(self) -> None:
        self.several = False


class Source:
    """The encoder that docs were tokenized for by one call, and the data of these docs.

    shim (EncoderShim): computes the layers.
    tokenizer (PreTrainedTokenizerBase): has split the docs into pieces.
    readers (Readers): shared by all docs that the encoder ever reads.
    """

    def __init__(self, shim: EncoderShim, tokenizer: PreTrainedTokenizerBase, readers: Readers) -> None:
        self.shim = shim
        self.tokenizer = tokenizer
        self.readers = readers
        self.weights = shim.weights_version()
        self.data: list[weakref.ref[DeferredData]] = []  # weak: a doc that is kept must not keep the others

    def check_weights(self) -> None:
        """RAISES: XnerError where the encoder is not the same as when the docs were tokenized."""
        if self.shim.weights_version() != self.weights:
            raise XnerError(
                "The encoder was trained or replaced after it had read this doc, and before `doc._.trf_data` was read: "
                "its vectors would be those of other weights. Run the transformer on the doc again, "
                "`nlp.get_pipe('transformer')(doc)`, or read `doc._.trf_data.model_output` before the change."
            )

    def neighbours(self, data: DeferredData) -> list[DeferredData]:
        """The doc's data and those that follow it and are not computed yet, up to `KEPT_PIECES` word pieces."""
        every = [found for reference in self.data if (found := reference()) is not None]
        start = next((i for i, found in enumerate(every) if found is data), 0)
        chosen, total = [data], data.n_pieces
        for found in every[start + 1 :] + every[:start]:
            if not found.is_computed and found is not data:
                total += found.n_pieces
                if total > KEPT_PIECES:
                    break
                chosen.append(found)
        return chosen


class DeferredData(TransformerData):
    """`TransformerData` whose `model_output` and `wordpieces` are made when they are read.

    Docs that the encoder has read together are then computed together. Copies that are pickled or serialised are plain
    `TransformerData`.

    source (Source): the encoder.
    pieces (Sequence[Pieces]): the word pieces of each span of the doc.
    align (Ragged): as in `TransformerData`.
    """

    def __init__(self, source: Source, pieces: Sequence[Pieces], align: Ragged) -> None:
        self.source = source
        self.pieces = pieces
        self.align = align
        self.n_pieces = sum(map(len, pieces))
        self.is_streamed = False
        """Whether a listener has computed the layers without keeping them."""
        self._wordpieces: WordpieceBatch | None = None
        self._output: ModelOutput | None = None
        source.data.append(weakref.ref(self))

    @property
    def is_computed(self) -> bool:
        """Whether the layers are in memory."""
        return self._output is not None

    @property
    def model_output(self) -> Any:
        """All layers, padded to the doc's longest span; see `outputs.layers_of`."""
        if self._output is None:
            compute(self.source.neighbours(self))
        return self._output

    @model_output.setter
    def model_output(self, output: ModelOutput) -> None:
        self._output = output

    @property
    def wordpieces(self) -> Any:
        """Ids and strings of the pieces, padded to the doc's longest span."""
        if self._wordpieces is None:
            self._wordpieces = to_batch(self.pieces, self.source.tokenizer)
        return self._wordpieces

    @wordpieces.setter
    def wordpieces(self, wordpieces: WordpieceBatch) -> None:
        self._wordpieces = wordpieces

    def __reduce__(self) -> tuple[Any, ...]:
        return TransformerData, (self.wordpieces, self.model_output, self.align)

    def __deepcopy__(self, memo: dict[int, Any]) -> TransformerData:
        if self.is_computed:
            return TransformerData(*copy.deepcopy((self.wordpieces, self.model_output, self.align), memo))
        return DeferredData(self.source, self.pieces, copy.deepcopy(self.align, memo))


def compute(data: Sequence[DeferredData]) -> None:
    """Compute all layers of docs of one encoder, and keep them in the data; arrays are each doc's own.

    RAISES: XnerError where the encoder has changed since.
    """
    source = begin_reading(data)
    vectors = iter(encode_sorted([pieces for each in data for pieces in each.pieces], source.shim.encode))
    for each in data:
        each.model_output = to_output([next(vectors) for _ in each.pieces])


def begin_reading(data: Sequence[DeferredData]) -> Source:
    """The source of docs of one encoder, which are about to be encoded; notes whether this was done before.

    RAISES: XnerError where the encoder has changed since it tokenized one of them.
    """
    for source in {id(each.source): each.source for each in data}.values():
        source.check_weights()
    source.readers.several |= any(each.is_streamed for each in data)
    return source
