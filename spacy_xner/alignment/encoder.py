"""Word-piece vectors of sentences, from chosen layers of any encoder: sorted by length, in batches, never cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from thinc.api import get_torch_default_device

from ..encoders.threads import use_one_thread_if_forked
from ..errors import XnerError
from .similarity import Indices, Vectors
from .types import Words
from .unspaced import unspaced_units

MBERT = "bert-base-multilingual-cased"
MBERT_DEPTH, MBERT_LAYER = 12, 8
OVERLAP = 0.25  # share of a window that the next one repeats, where a sentence is longer than the encoder


@dataclass(frozen=True, eq=False)
class EncodedSentence:
    """What an encoder knows of a sentence.

    vectors (Vectors): (n_layers, n_pieces, width).
    pieces, words (Indices): (n_pairs,) each, the pairs of a piece and a word that it is part of, in order. Pieces of
        joined words can be part of several words; otherwise each piece is there once.
    """

    vectors: Vectors
    pieces: Indices
    words: Indices


class PieceEncoder:
    """An encoder that runs up to the highest layer asked for.

    model (str): as `resolve_encoder` takes it: "embedded", a folder, a hub name.
    layers (int | list[int] | None): 0 is the embedding layer, 1 the first transformer layer; None for `default_layer`.
    batch_size (int): sequences that run at once.
    join_unspaced (bool): let the tokenizer see words of scripts without spaces as the text that they are.
    RAISES (XnerError): for an encoder that cannot be loaded or has no fast tokenizer, and for a layer it does not have.
    """

    def __init__(
        self, model: str, layers: int | Sequence[int] | None, batch_size: int, join_unspaced: bool = False
    ) -> None:
        self.config, self.tokenizer, self.model = load_encoder(model)
        depth = int(self.config.num_hidden_layers)
        self.layers = check_layers(default_layer(model, self.config) if layers is None else layers, depth, model)
        self.batch_size = batch_size
        self.join_unspaced = join_unspaced
        drop_layers_above(self.model, max(self.layers))
        self._prefix, self._suffix = special_tokens(self.tokenizer)
        self._window = usable_length(self.tokenizer, self.model) - len(self._prefix) - len(self._suffix)

    def encode(self, sentences: Sequence[Words]) -> list[EncodedSentence]:
        """Encode sentences, each by itself; in order, one result for each.

        A sentence that is longer than the encoder goes through it in windows that overlap by a quarter; each piece has
        its vectors from the window where it is farther from the edge.
        """
        pieces = self._pieces(sentences)
        windows = [
            (i, start, ids[start : start + self._window])
            for i, (ids, _, _) in enumerate(pieces)
            for start in window_starts(len(ids), self._window)
        ]
        vectors = self._run([ids for _, _, ids in windows])
        parts: list[list[tuple[int, Vectors]]] = [[] for _ in pieces]
        for (i, start, _), array in zip(windows, vectors, strict=True):
            parts[i].append((start, array))
        empty = np.zeros((len(self.layers), 0, int(self.config.hidden_size)), dtype=np.float32)
        return [
            EncodedSentence(join_windows(part) if part else empty, of_pieces, words)
            for part, (_, of_pieces, words) in zip(parts, pieces, strict=True)
        ]

    def _pieces(self, sentences: Sequence[Words]) -> list[tuple[list[int], Indices, Indices]]:
        """Ids of each sentence's pieces, without special tokens, and the pairs of pieces and words."""
        if not sentences:
            return []
        clean = [[encodable(word) for word in words] for words in sentences]
        units = [unspaced_units(words) if self.join_unspaced else [[i] for i in range(len(words))] for words in clean]
        encoded = self.tokenizer(
            [["".join(words[i] for i in unit) for unit in of] for words, of in zip(clean, units, strict=True)],
            is_split_into_words=True,
            add_special_tokens=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,  # no warning about length: windows take care of it
        )
        return [
            (encoding.ids, *pair_with_words(encoding.word_ids, encoding.offsets, of, words))
            for encoding, of, words in zip(encoded.encodings, units, clean, strict=True)
        ]

    def _run(self, sequences: list[list[int]]) -> list[Vectors]:
        """Vectors of id sequences that fit into the encoder: (n_layers, length, width) each, in order."""
        use_one_thread_if_forked()
        device = current_device()
        self.model.to(device)
        vectors: list[Vectors] = [np.empty(0, dtype=np.float32)] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]), reverse=True)
        for at in range(0, len(order), self.batch_size):
            batch = order[at : at + self.batch_size]
            ids, mask = self._pad([sequences[i] for i in batch])
            with torch.inference_mode():
                states = self.model(
                    input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True
                ).hidden_states
                arrays = torch.stack([states[layer] for layer in self.layers], dim=1).float().cpu().numpy()
            first = len(self._prefix)
            for row, i in enumerate(batch):
                vectors[i] = arrays[row, :, first : first + len(sequences[i])].copy()  # frees the padded batch
        return vectors

    def _pad(self, sequences: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids with special tokens and the attention mask, both (n_sequences, longest)."""
        wrapped = [self._prefix + ids + self._suffix for ids in sequences]
        shape = (len(wrapped), max(map(len, wrapped)))
        ids = torch.full(shape, self.tokenizer.pad_token_id or 0, dtype=torch.long, device="cpu")
        mask = torch.zeros(shape, dtype=torch.long, device="cpu")
        for row, sequence in enumerate(wrapped):
            ids[row, : len(sequence)] = torch.tensor(sequence, device="cpu")
            mask[row, : len(sequence)] = 1
        return ids, mask


def load_encoder(model: str) -> tuple[Any, Any, Any]:
    """Configuration, fast tokenizer and model in evaluation mode, from safetensors only."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    from ..encoders import resolve_encoder

    name = resolve_encoder(model)
    try:
        config = AutoConfig.from_pretrained(name, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, use_fast=True)
        if not tokenizer.is_fast:
            raise XnerError(
                f"The encoder {model!r} has no fast tokenizer ({type(tokenizer).__name__} was loaded), which aligning "
                f"needs to tell the word of each piece: use an encoder with a tokenizer.json."
            )
        if getattr(tokenizer, "add_prefix_space", True) is False:  # byte-level ones refuse words without it
            tokenizer = AutoTokenizer.from_pretrained(
                name, trust_remote_code=False, use_fast=True, add_prefix_space=True
            )
        transformer = AutoModel.from_pretrained(name, config=config, use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        if isinstance(error, XnerError):
            raise
        raise XnerError(
            f"The encoder {model!r} cannot be loaded: {error} Expected 'embedded', a Hugging Face folder with "
            f"model.safetensors and tokenizer.json, or the name of such a model on the hub."
        ) from error
    return config, tokenizer, transformer.eval()


def default_layer(model: str, config: Any) -> int:
    """The layer to align with where none is chosen: the middle one, or the 8th of mBERT as SimAlign found best.

    Middle layers tell translations apart best, the last ones are bent to the training objective (Jalili Sabet et al.
    2020, figure 2); with the embedded encoder layers 5 to 7 of 12 are within a point of each other.
    """
    depth = int(config.num_hidden_layers)
    origin = Path(model) / "ORIGIN.json"
    names = f"{model} {getattr(config, '_name_or_path', '')} {origin.read_text('utf8') if origin.is_file() else ''}"
    return MBERT_LAYER if MBERT in names and depth == MBERT_DEPTH else max(1, round(depth / 2))


def check_layers(layers: int | Sequence[int], depth: int, model: str) -> tuple[int, ...]:
    """The layers as a tuple, or an XnerError that names the range."""
    chosen = (layers,) if isinstance(layers, int) else tuple(layers)
    wrong = [layer for layer in chosen if not 0 <= layer <= depth]
    if wrong or not chosen:
        raise XnerError(
            f"The encoder {model!r} has layers 0 (embeddings) to {depth}, but the setting `layers` asks for "
            f"{', '.join(map(str, wrong)) or 'none'}."
        )
    return chosen


def drop_layers_above(model: Any, highest: int) -> None:
    """Remove the layers that nobody reads, in encoders of BERT's build; others run whole, with the same result."""
    stack = getattr(model, "encoder", None) or getattr(model, "transformer", None)
    layers = getattr(stack, "layer", None)
    if isinstance(layers, torch.nn.ModuleList) and len(layers) == model.config.num_hidden_layers:
        del layers[highest:]


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Ids that the tokenizer puts before and after a sentence."""
    bare = tokenizer([["a"]], is_split_into_words=True, add_special_tokens=False)["input_ids"][0]
    whole = tokenizer([["a"]], is_split_into_words=True, add_special_tokens=True)["input_ids"][0]
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return whole[:start], whole[start + len(bare) :]
    return [], []


def usable_length(tokenizer: Any, model: Any) -> int:
    """The greatest number of pieces, special ones included, that tokenizer and position embeddings allow."""
    limits = [int(tokenizer.model_max_length)]  # a huge number where the tokenizer does not know
    positions = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    if isinstance(positions, torch.nn.Embedding):
        # RoBERTa counts from the padding index on
        reserved = 0 if positions.padding_idx is None else positions.padding_idx + 1
        limits.append(positions.num_embeddings - reserved)
    elif isinstance(getattr(model.config, "max_position_embeddings", None), int):
        limits.append(model.config.max_position_embeddings)
    return min(limits)


def current_device() -> torch.device:
    """Where thinc works (`spacy.require_gpu`), else torch's own default."""
    device: torch.device = get_torch_default_device()
    return torch.get_default_device() if device.type == "cpu" else device


def encodable(word: str) -> str:
    """The word with lone surrogates, which are no text, replaced by U+FFFD."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return word


def pair_with_words(
    unit_of_piece: list[int], offsets: list[tuple[int, int]], units: list[list[int]], words: Words
) -> tuple[Indices, Indices]:
    """The pairs of a piece and a word that it is part of, sorted by word.

    offsets (list[tuple[int, int]]): characters of each piece in its unit, which is the text of one or more words.
    """
    pairs = []
    for piece, (unit, (start, end)) in enumerate(zip(unit_of_piece, offsets, strict=True)):
        if len(units[unit]) == 1:
            pairs.append((units[unit][0], piece))
            continue
        at = 0
        for word in units[unit]:
            before, at = at, at + len(words[word])
            if before < max(end, start + 1) and start < at:
                pairs.append((word, piece))
    indices = np.array(sorted(pairs), dtype=np.intp).reshape(-1, 2)
    return indices[:, 1], indices[:, 0]


def window_starts(length: int, window: int) -> list[int]:
    """Where windows begin, so that they cover `length` pieces; the last one is full too. None for no pieces."""
    if length <= window:
        return [0] if length else []
    stride = max(1, window - int(window * OVERLAP))
    return [*range(0, length - window, stride), length - window]


def join_windows(parts: list[tuple[int, Vectors]]) -> Vectors:
    """One array out of (start, vectors) windows in order, each cut in the middle of what it shares with the next."""
    if len(parts) == 1:
        return parts[0][1]
    cuts = [(next_start + start + vectors.shape[1]) // 2 for (start, vectors), (next_start, _) in pairwise(parts)]
    first, last = 0, parts[-1][0] + parts[-1][1].shape[1]
    bounds = pairwise([first, *cuts, last])
    return np.concatenate(
        [vectors[:, low - start : high - start] for (start, vectors), (low, high) in zip(parts, bounds, strict=True)],
        axis=1,
    )
