"""`EmbeddingAligner`: word alignment by contextual vectors of any encoder, by optimal transport or as SimAlign does."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoders.precision import check_inference, resolve_inference
from ..errors import XnerError
from . import segmenters
from .affinity import pair_affinity
from .loading import encoder_version
from .matching import METHODS, check_method, match
from .similarity import cosine_similarity, pool_words, word_links, word_similarity, words_with_pieces
from .transport_alignment import TransportAlignment
from .types import Alignment, SpacedWords, Words

if TYPE_CHECKING:
    from .encoder import EncodedSentence, PieceEncoder

REVISION = 3  # raise it if links or affinities change for the same encoder: keys of journals have it
ALIGN_METHODS = ("transport", *METHODS)
TOKEN_TYPES = ("bpe", "word")
# Sentences are sorted by length within a buffer. It is full at this number of batches or of words, to limit memory.
BUFFERED_BATCHES = 8
BUFFERED_WORDS = 20_000
KEPT_PIECES = 50_000
"""Word pieces of source sentences whose vectors `keep_sources` keeps: 230 MB with three layers of width 384."""


class EmbeddingAligner:
    """Aligns words by their contextual vectors.

    The method "transport" aligns all words of a sentence pair together, by optimal transport (see `transport_plan`) of
    mean-centred cosines (see `pair_affinity`). It has the lowest alignment error rate. Single characters of scripts
    without spaces are aligned as words of a segmenter (see `alignment_units`).

    The other methods are those of SimAlign (Jalili Sabet et al. 2020). With `join_unspaced=False` they give the links
    of the package `simalign` for the same encoder, layer, method and token type, in float32, with four differences:

    1. Several layers can be averaged.
    2. Sentences longer than the encoder's limit are read in overlapping windows; the package truncates them.
    3. Empty sides and words without word pieces (control characters, for example) get no links; the package fails.
    4. Only the layers up to the highest one requested run, on batches of sentences of similar length, each distinct
       sentence of a buffer once.

    The encoder is loaded when the first pair is aligned. It runs on thinc's device (`spacy.require_gpu`), else on
    torch's default device.

    model (str): "embedded", a Hugging Face folder, or a name on the hub.
    layers (int | list[int] | None): layers to take the vectors from, 0 being the embeddings; similarities of several
        layers are averaged. None: the middle layer (the 6th of 12), and for transport three layers, of which the first
        is the middle one; for `bert-base-multilingual-cased` the 8th, as in SimAlign, and for transport the 7th to 9th.
    method (str): "transport", "inter" (few, precise links), "itermax" (a second round among unmatched words) or "mwmf"
        (maximum-weight matching: most links, slow).
    token_type (str): "bpe" matches word pieces and links their words; "word" matches means of word pieces. Transport
        always aligns words.
    batch_size (int): `BUFFERED_BATCHES` times as many sentence pairs are read and encoded at a time. Word pieces, not
        pairs, limit what the encoder computes at once.
    join_unspaced (bool): join neighbouring words of scripts without spaces (Chinese, Japanese, Thai, ...) before the
        encoder's tokenizer splits them, so that word pieces can span several words. Links are much better where words
        are single characters, as `spacy_xner.MultilingualTokenizer.v1` makes them. False gives SimAlign's own links.
    inference (str): precision on a CPU: "float32", "bfloat16", "int8", or "auto" for the fastest on this CPU.
    RAISES: XnerError for an unknown setting and, when aligning, for an encoder that cannot be used. Translation models
        are for `Seq2SeqAligner`.
    """

    NAME = "spacy_xner.EmbeddingAligner.v1"

    def __init__(
        self,
        model: str = "embedded",
        layers: int | Sequence[int] | None = None,
        method: str = "transport",
        token_type: str = "bpe",
        batch_size: int = 32,
        join_unspaced: bool = True,
        inference: str = "float32",
    ) -> None:
        check_method(method, ALIGN_METHODS)
        check_token_type(token_type)
        if batch_size < 1:
            raise XnerError(f"The aligner's batch_size is {batch_size}: expected 1 or more sentence pairs.")
        self.model = str(model)
        self.layers = layers
        self.method = method
        self.token_type = token_type
        self.batch_size = batch_size
        self.join_unspaced = join_unspaced
        self.inference = check_inference(inference, "the aligner")
        self.keep_sources = False
        """Whether to keep the vectors of source sentences, which will be aligned with other targets too."""
        self._kept: dict[tuple[str, ...], EncodedSentence] = {}

    @cached_property
    def encoder(self) -> "PieceEncoder":
        """The encoder, loaded on first use."""
        from .encoder import PieceEncoder

        beside = 1 if self.method == "transport" else 0
        return PieceEncoder(self.model, self.layers, self.join_unspaced, self.inference, beside=beside)

    @property
    def version(self) -> str:
        """The version of the encoder, see `encoder_version`."""
        return encoder_version(self.model)

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the links; loads the encoder, whose depth determines the default layers."""
        return {
            "name": self.NAME,
            "revision": REVISION,
            "model": self.model,
            "version": self.version,
            "layers": list(self.encoder.layers),
            "method": self.method,
            "token_type": self.token_type,
            "join_unspaced": self.join_unspaced,
            "segmenters": segmenters.identity() if self.method == "transport" else {},
            "inference": resolve_inference(self.inference),
        }

    def align(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[Alignment]:
        """Align (source words, target words) pairs lazily, in order. YIELDS: an `Alignment` for each pair."""
        for buffer in self._buffers(pairs):
            for (source, target), encoded in zip(buffer, self.encode(buffer), strict=True):
                yield self.align_encoded(*encoded, source, target)

    def encode(
        self, pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]
    ) -> list[tuple["EncodedSentence", "EncodedSentence"]]:
        """Encode sentence pairs, each distinct sentence once; see also `keep_sources`."""
        kept = self._kept
        sentences = [words for words in dict.fromkeys(words for pair in pairs for words in pair) if words not in kept]
        encoded = kept | dict(zip(sentences, self.encoder.encode(sentences), strict=True))
        if self.keep_sources:
            n_pieces = sum(sentence.vectors.shape[1] for sentence in kept.values())
            for source in dict.fromkeys(source for source, _ in pairs if source not in kept):
                n_pieces += encoded[source].vectors.shape[1]
                if n_pieces > KEPT_PIECES:  # the first ones stay: all come again, in the same order
                    break
                own = encoded[source]
                kept[source] = replace(own, vectors=own.vectors.copy())  # not a view of those of its whole batch
        return [(encoded[source], encoded[target]) for source, target in pairs]

    def _buffers(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[list[tuple[tuple[str, ...], tuple[str, ...]]]]:
        buffer: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        n_words = 0
        for source, target in pairs:
            buffer.append((as_words(source), as_words(target)))
            n_words += len(source) + len(target)
            if len(buffer) >= BUFFERED_BATCHES * self.batch_size or n_words >= BUFFERED_WORDS:
                yield buffer
                buffer, n_words = [], 0
        if buffer:
            yield buffer

    def align_encoded(
        self, source: "EncodedSentence", target: "EncodedSentence", source_words: Words, target_words: Words
    ) -> Alignment:
        """Align a pair that `encode` has encoded."""
        if self.method == "transport":
            return TransportAlignment(pair_affinity(source, target, source_words, target_words))
        shape = len(source_words), len(target_words)
        if not len(source.words) or not len(target.words):
            return Alignment.empty(*shape)
        if self.token_type == "word":
            rows, columns = words_with_pieces(source.words)[0], words_with_pieces(target.words)[0]
            similarity = cosine_similarity(
                pool_words(source.vectors[:, source.pieces], source.words),
                pool_words(target.vectors[:, target.pieces], target.words),
            )
            matches = match(similarity, self.method)
        else:
            rows, columns = source.words, target.words
            of_pieces = cosine_similarity(source.vectors, target.vectors)
            pairs = np.ix_(source.pieces, target.pieces)
            matches, similarity = match(of_pieces, self.method)[pairs], of_pieces[pairs]
        return Alignment(word_links(matches, rows, columns), word_similarity(similarity, rows, columns, shape))

    def __getstate__(self) -> dict[str, Any]:
        """Without the encoder and vectors: a copy in another process loads and computes them again."""
        return {**{name: value for name, value in self.__dict__.items() if name != "encoder"}, "_kept": {}}


def check_token_type(token_type: str) -> None:
    """RAISES: XnerError for an unknown token type."""
    if token_type not in TOKEN_TYPES:
        raise XnerError(f"Unknown token type {token_type!r}: expected one of {', '.join(TOKEN_TYPES)}.")


def as_words(words: Words) -> tuple[str, ...]:
    """The words as a tuple. RAISES: XnerError for a text that is not split into words."""
    if isinstance(words, str):
        raise XnerError(f"An aligner takes lists of words, and got the text {words[:50]!r}: split it into words first.")
    return words if isinstance(words, SpacedWords) else tuple(words)
