"""The vocabulary of a fast tokenizer: text of its pieces, required pieces, and a smaller vocabulary.

Text whose pieces are all kept must be tokenized exactly as before:

- Unigram (Kudo 2018) takes the path of highest score. Scores do not change, so the best path stays the best. The score
  of an unknown character is the lowest score minus 10, so the piece with the lowest score is kept too.
- WordPiece (Schuster and Nakajima 2012) takes the longest piece that fits, which stays the longest.
- BPE (Sennrich et al. 2016) applies the first rule in the list that fits, until none does. A piece is kept with all
  pieces that it is merged from; rules with a removed part or result are removed. The rules that were applied before
  are still the first that fit.
"""

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, cast

from tokenizers import Tokenizer, decoders

from ...errors import XnerError

WORD_START = "▁"  # U+2581, how SentencePiece writes a space


class Vocabulary(ABC):
    """The vocabulary of a fast tokenizer.

    data (dict[str, Any]): the content of its tokenizer.json.
    name (str): what the user calls it, for messages.
    """

    def __init__(self, data: dict[str, Any], name: str) -> None:
        self.data, self.model, self.name = data, cast(dict[str, Any], data["model"]), name
        self.pieces: dict[int, str] = self.read_pieces()
        self.ids = {piece: i for i, piece in self.pieces.items()}
        self.added: dict[int, str] = {token["id"]: token["content"] for token in data["added_tokens"]}

    @abstractmethod
    def read_pieces(self) -> dict[int, str]:
        """Id -> piece of the model, without added tokens."""

    @abstractmethod
    def text(self, piece: str) -> str:
        """The text of a piece, without the marks for the start or inside of a word."""

    @abstractmethod
    def model_without(self, new_ids: dict[int, int]) -> dict[str, Any]:
        """The entry `model` of tokenizer.json with only the pieces in `new_ids` (old id -> new id, in order)."""

    def required(self) -> set[int]:
        """Ids of the pieces that every trimmed vocabulary has: special and added tokens, bytes."""
        required = set(self.added)
        unknown = self.model.get("unk_token")
        required |= {self.ids[unknown]} if unknown in self.ids else set()
        if self.model.get("byte_fallback"):
            required |= {self.ids[piece] for byte in range(256) if (piece := f"<0x{byte:02X}>") in self.ids}
        return required

    def with_parts(self, i: int) -> set[int]:
        """The id of a piece, and those of the pieces that it is merged from."""
        return {i}

    def without(self, ids: Sequence[int]) -> dict[str, Any]:
        """The content of a tokenizer.json with fewer pieces, which get new ids in the order of `ids`.

        ids (Sequence[int]): old ids of the pieces to keep, ascending.
        RAISES: XnerError where the tokenizer has a post-processor of an unknown type.
        """
        new_ids = {old: new for new, old in enumerate(ids)}
        added = [{**token, "id": new_ids[token["id"]]} for token in self.data["added_tokens"]]
        return {
            **self.data,
            "truncation": None,  # both are set by each call
            "padding": None,
            "added_tokens": added,
            "post_processor": self._renumber(self.data.get("post_processor"), new_ids),
            "model": self.model_without(new_ids),
        }

    def _renumber(self, processor: Any, new_ids: dict[int, int]) -> Any:
        """A post-processor with the new ids of special tokens."""
        kind = processor["type"] if processor else None
        if kind in (None, "ByteLevel"):
            return processor
        if kind == "Sequence":
            return {**processor, "processors": [self._renumber(part, new_ids) for part in processor["processors"]]}
        if kind == "TemplateProcessing":
            tokens = {
                name: {**token, "ids": [new_ids[i] for i in token["ids"]]}
                for name, token in processor["special_tokens"].items()
            }
            return {**processor, "special_tokens": tokens}
        if kind in ("BertProcessing", "RobertaProcessing"):
            ends = {end: [processor[end][0], new_ids[processor[end][1]]] for end in ("sep", "cls")}
            return {**processor, **ends}
        raise XnerError(f"{self.name}: its tokenizer has a post-processor of the kind {kind}, which cannot be trimmed.")


class UnigramVocabulary(Vocabulary):
    """Pieces with scores, as in XLM-R."""

    def read_pieces(self) -> dict[int, str]:
        return {i: piece for i, (piece, _) in enumerate(self.model["vocab"])}

    def text(self, piece: str) -> str:
        return piece.removeprefix(WORD_START)

    def required(self) -> set[int]:
        scores = [score for _, score in self.model["vocab"]]
        unknown = self.model.get("unk_id")
        # An unknown character costs 10 more than the lowest score.
        return super().required() | {scores.index(min(scores))} | ({unknown} if unknown is not None else set())

    def model_without(self, new_ids: dict[int, int]) -> dict[str, Any]:
        vocab = self.model["vocab"]
        unknown = self.model.get("unk_id")
        return {
            **self.model,
            "unk_id": None if unknown is None else new_ids[unknown],
            "vocab": [vocab[i] for i in new_ids if i in self.pieces],
        }


class WordPieceVocabulary(Vocabulary):
    """Pieces for the start and for the inside of words, as in mBERT."""

    def read_pieces(self) -> dict[int, str]:
        return {i: piece for piece, i in self.model["vocab"].items()}

    def text(self, piece: str) -> str:
        return piece.removeprefix(self.model["continuing_subword_prefix"])

    def model_without(self, new_ids: dict[int, int]) -> dict[str, Any]:
        return {**self.model, "vocab": {self.pieces[old]: new for old, new in new_ids.items() if old in self.pieces}}


class BpeVocabulary(Vocabulary):
    """Pieces with merge rules, over bytes (as in RoBERTa) or characters."""

    def __init__(self, data: dict[str, Any], name: str) -> None:
        super().__init__(data, name)
        for mark in ("continuing_subword_prefix", "end_of_word_suffix"):
            if self.model.get(mark):
                raise XnerError(
                    f"{name}: its BPE tokenizer has a {mark} ({self.model[mark]!r}); such vocabularies cannot be "
                    "trimmed. Choose an encoder with a byte-level BPE, a Unigram or a WordPiece tokenizer."
                )
        pairs = [rule.split(" ") if isinstance(rule, str) else rule for rule in self.model["merges"]]
        self.ranks = {(left, right): rank for rank, (left, right) in enumerate(pairs)}
        self.bytes_ = "ByteLevel" in json.dumps([data.get("pre_tokenizer"), data.get("normalizer")])
        self._decoder = decoders.ByteLevel()

    def read_pieces(self) -> dict[int, str]:
        return {i: piece for piece, i in self.model["vocab"].items()}

    def text(self, piece: str) -> str:
        if not self.bytes_:
            return piece.removeprefix(WORD_START)
        text = self._decoder.decode([piece]).removeprefix(" ")
        return piece if "\N{REPLACEMENT CHARACTER}" in text else text  # some bytes of a character

    def required(self) -> set[int]:
        return super().required() | (
            {i for i, piece in self.pieces.items() if len(piece) == 1} if self.bytes_ else set()
        )

    def with_parts(self, i: int) -> set[int]:
        # The rules that form a piece within a text also form it from the piece alone: none crosses its ends.
        if i not in self.pieces:
            return {i}
        parts, found = list(self.pieces[i]), {i}
        found.update(self.ids[part] for part in parts if part in self.ids)
        while len(parts) > 1:
            pairs = itertools.pairwise(parts)
            rank, at = min((self.ranks.get(pair, len(self.ranks)), k) for k, pair in enumerate(pairs))
            if rank == len(self.ranks):
                break
            parts[at : at + 2] = ["".join(parts[at : at + 2])]
            found.add(self.ids[parts[at]])
        return found

    def model_without(self, new_ids: dict[int, int]) -> dict[str, Any]:
        vocab = {self.pieces[old]: new for old, new in new_ids.items() if old in self.pieces}
        merges = [[*pair] for pair in self.ranks if {*pair, "".join(pair)} <= vocab.keys()]
        return {**self.model, "vocab": vocab, "merges": merges}


KINDS: dict[str, type[Vocabulary]] = {
    "Unigram": UnigramVocabulary,
    "WordPiece": WordPieceVocabulary,
    "BPE": BpeVocabulary,
}


def read_vocabulary(tokenizer: Tokenizer, name: str) -> Vocabulary:
    """The vocabulary of a tokenizer.

    name (str): what the user calls the encoder, for messages.
    RAISES: XnerError for a type of vocabulary that cannot be trimmed.
    """
    data = json.loads(tokenizer.to_str())
    kind = data["model"]["type"]
    if kind not in KINDS:
        raise XnerError(
            f"{name}: its tokenizer has a vocabulary of the kind {kind}, which cannot be trimmed. Expected one of "
            f"{', '.join(KINDS)}."
        )
    return KINDS[kind](data, name)


def rebuild(vocabulary: Vocabulary, ids: Iterable[int]) -> tuple[Tokenizer, list[int]]:
    """A tokenizer with only some of the pieces, and the old id of each new id, in order.

    ids (Iterable[int]): old ids of the pieces to keep, `vocabulary.required()` included.
    RAISES: XnerError where the library `tokenizers` assigns other ids.
    """
    # Added tokens have ids after those of the model's pieces.
    order = sorted(set(ids), key=lambda i: (i not in vocabulary.pieces, i))
    tokenizer = Tokenizer.from_str(json.dumps(vocabulary.without(order), ensure_ascii=False))
    expected = {vocabulary.pieces.get(old, vocabulary.added.get(old)): new for new, old in enumerate(order)}
    if tokenizer.get_vocab(with_added_tokens=True) != expected:
        raise XnerError(f"{vocabulary.name}: its vocabulary cannot be trimmed: the library tokenizers renumbers it.")
    return tokenizer, order
