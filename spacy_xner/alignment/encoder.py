"""`PieceEncoder`: word-piece vectors of whole sentences, from chosen layers of any encoder, in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..encoders.inference import make_batches
from ..encoders.packed import Batch, make_encoder
from ..encoders.precision import resolve_inference
from ..encoders.threads import count_threads, run_in_threads, use_one_thread_if_forked
from ..encoders.windows import usable_length
from .loading import (
    SpecialPieces,
    check_layers,
    current_device,
    default_layers,
    drop_layers_above,
    load_encoder,
    special_tokens,
)
from .similarity import Indices, Vectors
from .types import SpacedWords, Words
from .windows import join_windows, window_starts
from .word_kinds import is_punctuation, unspaced_runs

Booleans = npt.NDArray[np.bool_]

WORD_STARTS = frozenset("▁Ġ")
PADDED_PIECES = 16_384
"""Word pieces of a batch on a GPU, padding included. Its vectors take 2 GB with 25 layers of 1,024 numbers."""
"""Pieces of SentencePiece and byte-level tokenizers that only mark the start of a word."""


@dataclass(frozen=True, eq=False)
class EncodedSentence:
    """The vectors of a sentence, and the words of its pieces.

    vectors (Vectors): (n_layers, n_pieces, width).
    pieces, words (Indices): (n_pairs,) each, pairs of a piece and a word that it is part of, sorted by word. A piece of
        joined words can be part of several words; other pieces occur once.
    content (Booleans): (n_pairs,), False for punctuation that is part of a word with other pieces (`(yogurt`).
    """

    vectors: Vectors
    pieces: Indices
    words: Indices
    content: Booleans


class PieceEncoder:
    """An encoder without the layers above the highest one requested.

    On a CPU it runs without padding, and as many batches at a time as torch has threads. On a GPU, sequences of similar
    length are padded to one length, in batches of `PADDED_PIECES`.

    model (str): as for `resolve_encoder`: "embedded", a folder, a hub name.
    layers (int | list[int] | None): 0 is the embedding layer, 1 the first transformer layer; None for `default_layers`.
    join_unspaced (bool): join neighbouring words of scripts without spaces before tokenization.
    inference (str): precision on a CPU: "float32", "bfloat16", "int8", or "auto" for the fastest on this CPU.
    beside (int): see `default_layers`.
    RAISES: XnerError for an encoder that cannot be loaded or has no fast tokenizer, and for layers that it does not
        have.
    """

    def __init__(
        self,
        model: str,
        layers: int | Sequence[int] | None,
        join_unspaced: bool = True,
        inference: str = "float32",
        beside: int = 0,
    ) -> None:
        self.config, self.tokenizer, self.model = self.load(model)
        depth = int(self.config.num_hidden_layers)
        if layers is None:
            layers = default_layers(model, self.config, beside)
        self.layers = check_layers(layers, depth, model)
        self.join_unspaced = join_unspaced
        self.inference = inference
        drop_layers_above(self.model, max(self.layers))
        self._prefix, self._suffix = special_tokens(self.tokenizer)
        self.window = usable_length(self.tokenizer, self.model) - len(self._prefix) - len(self._suffix)

    def load(self, model: str) -> tuple[Any, Any, Any]:
        """Configuration, tokenizer and model, see `load_encoder`."""
        return load_encoder(model)

    def encode(self, sentences: Sequence[Words], special: SpecialPieces | None = None) -> list[EncodedSentence]:
        """Encode each sentence separately. RETURNS: one result a sentence, in order.

        A sentence longer than the encoder's limit is read in windows that overlap by a quarter. Where two windows
        overlap, a piece gets its vectors from the window in which it is further from the edge.

        special (SpecialPieces | None): ids around each window; None for those of the tokenizer.
        """
        before, after = special or (self._prefix, self._suffix)
        pieces = list(self.pieces(sentences))
        windows = [
            (i, start, ids[start : start + self.window])
            for i, (ids, _, _, _) in enumerate(pieces)
            for start in window_starts(len(ids), self.window)
        ]
        vectors = self._run([before + ids + after for _, _, ids in windows])
        parts: list[list[tuple[int, Vectors]]] = [[] for _ in pieces]
        for (i, start, ids), array in zip(windows, vectors, strict=True):
            parts[i].append((start, array[:, len(before) : len(before) + len(ids)]))
        empty = np.zeros((len(self.layers), 0, int(self.config.hidden_size)), dtype=np.float32)
        return [
            EncodedSentence(join_windows(part) if part else empty, of_pieces, words, content)
            for part, (_, of_pieces, words, content) in zip(parts, pieces, strict=True)
        ]

    @property
    def first(self) -> int:
        """Index of a sentence's first piece, after the special pieces."""
        return len(self._prefix)

    def with_special_pieces(self, ids: list[int]) -> list[int]:
        """Ids of a sentence's pieces with the encoder's special pieces around them."""
        return self._prefix + ids + self._suffix

    def pieces(self, sentences: Sequence[Words]) -> Iterator[tuple[list[int], Indices, Indices, Booleans]]:
        """Tokenize. YIELDS: ids of a sentence's pieces without special ones; pieces, words and content of the pairs."""
        if not sentences:
            return
        clean = [encodable_words(words) for words in sentences]
        runs = [unspaced_runs(words) if self.join_unspaced else [[i] for i in range(len(words))] for words in clean]
        texts = [
            ["".join(words[i] for i in run) for run in own_runs] for words, own_runs in zip(clean, runs, strict=True)
        ]
        encoded = self.tokenizer(
            texts,
            is_split_into_words=True,
            add_special_tokens=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,  # no warning about length: long sentences are read in windows
        )
        for encoding, own_runs, words, run_texts in zip(encoded.encodings, runs, clean, texts, strict=True):
            empty = [piece in WORD_STARTS for piece in encoding.tokens]
            pairs = pair_with_words(encoding.word_ids, encoding.offsets, empty, own_runs, words)
            punctuation = [
                is_punctuation(run_texts[run][start:end])
                for run, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True)
            ]
            yield encoding.ids, *pairs, with_content(*pairs, np.array(punctuation, dtype=bool))

    def _run(self, sequences: list[list[int]]) -> list[Vectors]:
        """Encode sequences of ids within the encoder's limit. RETURNS: (n_layers, length, width) for each, in order."""
        use_one_thread_if_forked()
        device = current_device()
        return self._run_packed(sequences) if device.type == "cpu" else self._run_padded(sequences, device)

    def _run_packed(self, sequences: list[list[int]]) -> list[Vectors]:
        batches = make_batches([len(ids) for ids in sequences], count_threads())
        if next(self.model.parameters()).device.type != "cpu":  # it ran on a GPU since the last call
            self.forget_packed()
        packed = self._packed  # built here, once, before the threads start

        def run(batch: list[int]) -> Vectors:
            with torch.inference_mode():  # holds for this thread only
                layers = packed(Batch([sequences[i] for i in batch]))
                return torch.stack([layers[layer] for layer in self.layers]).numpy()

        vectors: list[Vectors] = [np.empty(0, dtype=np.float32)] * len(sequences)
        for batch, arrays in zip(batches, run_in_threads(run, batches), strict=True):
            start = 0
            for i in batch:
                vectors[i] = arrays[:, start : start + len(sequences[i])]
                start += len(sequences[i])
        return vectors

    @cached_property
    def _packed(self) -> Any:
        return make_encoder(self.model.to("cpu"), resolve_inference(self.inference))

    def forget_packed(self) -> None:
        """Drop the packed copy of the weights, after they have changed."""
        self.__dict__.pop("_packed", None)

    def _run_padded(self, sequences: list[list[int]], device: torch.device) -> list[Vectors]:
        self.model.to(device)
        vectors: list[Vectors] = [np.empty(0, dtype=np.float32)] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]), reverse=True)
        at = 0
        while at < len(order):
            batch = order[at : at + max(1, PADDED_PIECES // len(sequences[order[at]]))]  # the first is the longest
            at += len(batch)
            ids, mask = self.pad([sequences[i] for i in batch])
            with torch.inference_mode():
                states = self.model(
                    input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True
                ).hidden_states
                arrays = torch.stack([states[layer] for layer in self.layers], dim=1).float().cpu().numpy()
            for row, i in enumerate(batch):
                vectors[i] = arrays[row, :, : len(sequences[i])].copy()  # frees the padded batch
        return vectors

    def pad(self, sequences: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Pad sequences. RETURNS: ids and attention mask, both (n_sequences, max_length)."""
        shape = (len(sequences), max(map(len, sequences)))
        ids = torch.full(shape, self.tokenizer.pad_token_id or 0, dtype=torch.long, device="cpu")
        mask = torch.zeros(shape, dtype=torch.long, device="cpu")
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = torch.tensor(sequence, device="cpu")
            mask[row, : len(sequence)] = 1
        return ids, mask


def with_content(pieces: Indices, words: Indices, punctuation: Booleans) -> Booleans:
    """Mark the pairs whose piece is not punctuation, and all pairs of words that are punctuation only; (n_pairs,).

    punctuation (Booleans): (n_pieces,), True for pieces of punctuation.
    """
    content = ~punctuation[pieces]
    without_content = np.setdiff1d(words, words[content])
    return content | np.isin(words, without_content)


def encodable_words(words: Words) -> Words:
    """The words without lone surrogates, see `encodable`."""
    texts = [encodable(word) for word in words]
    return SpacedWords(texts, words.spaces) if isinstance(words, SpacedWords) else texts


def encodable(word: str) -> str:
    """Replace lone surrogates, which cannot be encoded, by U+FFFD."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return word


def pair_with_words(
    run_of_piece: list[int], offsets: list[tuple[int, int]], empty: list[bool], runs: list[list[int]], words: Words
) -> tuple[Indices, Indices]:
    """Pair pieces with the words that they are part of. RETURNS: pieces and words, (n_pairs,) each, sorted by word.

    An empty piece is part of no word of a run of several: its vector is that of the whole run, and its offsets are
    those of the first character.

    run_of_piece (list[int]): the run of each piece: the text of one or more words.
    offsets (list[tuple[int, int]]): start and end of each piece in its run, in characters.
    empty (list[bool]): whether a piece only marks the start of a run, and has no character of it.
    runs (list[list[int]]): the word indices of each run.
    """
    # The word of each character, of runs of several words: the work grows with the length, not with its square.
    word_at = [[word for word in run for _ in words[word]] if len(run) > 1 else [] for run in runs]
    pairs = []
    for piece, (run, (start, end)) in enumerate(zip(run_of_piece, offsets, strict=True)):
        if len(runs[run]) == 1:
            pairs.append((runs[run][0], piece))
        elif not empty[piece]:
            pairs += [(word, piece) for word in dict.fromkeys(word_at[run][start : max(end, start + 1)])]
    indices = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
    return indices[:, 1], indices[:, 0]
