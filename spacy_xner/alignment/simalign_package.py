"""`SimAlignAligner`: the package `simalign`, the reference for `EmbeddingAligner`."""

import warnings
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import XnerError
from ..extras import needs_extra
from .embedding import as_words, check_token_type
from .loading import encoder_version
from .matching import check_method
from .similarity import word_similarity
from .types import Alignment, Similarity, Words

METHOD_LETTERS = {"inter": "a", "itermax": "i", "mwmf": "m"}


class SimAlignAligner:
    """Runs `simalign.SentenceAligner`, one pair at a time (https://github.com/cisnlp/simalign).

    The package runs all layers of the encoder. It fails on empty sides and on words without word pieces; here they get
    no links. It truncates sentences longer than the encoder's limit: the words beyond it get no links, with a warning,
    and `cut` counts these sentences. `EmbeddingAligner` reads them whole.

    model (str): "embedded", a Hugging Face folder, or a name on the hub.
    layer (int | None): 0 is the embedding layer; None as in `EmbeddingAligner`.
    method (str): "inter", "itermax" or "mwmf".
    token_type (str): "bpe" or "word".
    RAISES: XnerError for an unknown setting and, when aligning, for an encoder that cannot be used.
    """

    def __init__(
        self, model: str = "embedded", layer: int | None = None, method: str = "itermax", token_type: str = "bpe"
    ) -> None:
        check_method(method)
        check_token_type(token_type)
        self.model = str(model)
        self.layer = layer
        self.method = method
        self.token_type = token_type
        self.cut = 0

    @cached_property
    def package(self) -> "Package":
        """The package's aligner, loaded on first use."""
        return Package(self.model, self.layer, self.method, self.token_type)

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the links; loads the encoder, whose depth determines the default layer."""
        return {
            "name": "spacy_xner.SimAlign.v1",
            "model": self.model,
            "version": encoder_version(self.model),
            "layers": [self.package.layer],
            "method": self.method,
            "token_type": self.token_type,
        }

    def align(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[Alignment]:
        """Align (source words, target words) pairs lazily, in order. YIELDS: an `Alignment` for each pair."""
        for source, target in pairs:
            yield self._align_pair(as_words(source), as_words(target))

    def _align_pair(self, source: tuple[str, ...], target: tuple[str, ...]) -> Alignment:
        sides = [self._usable(words) for words in (source, target)]
        if not all(indices for indices, _ in sides):
            return Alignment.empty(len(source), len(target))
        (rows, row_sizes), (columns, column_sizes) = sides
        links, similarity = self.package.align([source[i] for i in rows], [target[j] for j in columns])
        if self.token_type == "bpe":
            row_words, column_words = np.repeat(rows, row_sizes), np.repeat(columns, column_sizes)
        else:
            row_words, column_words = np.array(rows), np.array(columns)
        return Alignment(
            sorted((rows[i], columns[j]) for i, j in links),
            word_similarity(similarity, row_words, column_words, (len(source), len(target))),
        )

    def _usable(self, words: tuple[str, ...]) -> tuple[list[int], list[int]]:
        """Indices and numbers of pieces of the words that have pieces and are within the encoder's limit."""
        sizes = self.package.piece_counts(words)
        fits = np.cumsum(sizes) <= self.package.max_pieces if sizes else []
        if not all(fits):
            self.cut += 1
            warnings.warn(
                f"simalign truncates a sentence of {sum(sizes)} word pieces to the {self.package.max_pieces} that fit "
                f"into the encoder; the words after them get no links. spacy_xner.EmbeddingAligner.v1 reads the whole "
                f"sentence.",
                stacklevel=2,
            )
        usable = [i for i, size in enumerate(sizes) if size and fits[i]]
        return usable, [sizes[i] for i in usable]

    def __getstate__(self) -> dict[str, Any]:
        """Without the package's aligner: a copy in another process loads it again."""
        return {name: value for name, value in self.__dict__.items() if name != "package"}


class Package:
    """`simalign.SentenceAligner` for one encoder, layer, method and token type."""

    def __init__(self, model: str, layer: int | None, method: str, token_type: str) -> None:
        from transformers import AutoConfig

        from ..encoders.names import resolve_encoder
        from ..model_files import LOCAL
        from .loading import check_layers, check_not_seq2seq, current_device, default_layers

        with needs_extra("align", "SimAlign.v1 needs"):
            from simalign import SentenceAligner

        class RecordingAligner(SentenceAligner):
            """Keeps the similarities from which the package computes links."""

            similarity: Similarity

            def get_similarity(self, X: Any, Y: Any) -> Similarity:
                self.similarity = super().get_similarity(X, Y)
                return self.similarity

        name = resolve_encoder(model)
        try:
            config = AutoConfig.from_pretrained(name, **LOCAL)
            check_not_seq2seq(model, config)
            chosen = default_layers(model, config, beside=0)[0] if layer is None else layer
            (self.layer,) = check_layers(chosen, int(config.num_hidden_layers), model)
            self._aligner = RecordingAligner(
                name, token_type, matching_methods=METHOD_LETTERS[method], device=str(current_device()), layer=chosen
            )
        except OSError as error:
            raise XnerError(f"simalign cannot load the encoder {model!r}: {error}") from error
        self._method = method
        self._tokenizer = self._aligner.embed_loader.tokenizer
        self.max_pieces = int(self._tokenizer.model_max_length) - self._tokenizer.num_special_tokens_to_add()

    def align(self, source: list[str], target: list[str]) -> tuple[list[tuple[int, int]], Similarity]:
        """Links between words, and the similarities that were matched: of pieces or of words."""
        links = self._aligner.get_word_aligns(source, target)[self._method]
        return links, self._aligner.similarity

    def piece_counts(self, words: Words) -> list[int]:
        """Number of pieces of each word, as the package counts them."""
        return [len(self._tokenizer.tokenize(word)) for word in words]
