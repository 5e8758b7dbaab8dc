"""The interface of a fast tokenizer, for words, around a slow one: Marian and M2M-100 have no fast tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transformers import BatchEncoding

from ..compat import get_sentencepiece
from ..errors import XnerError

Offset = tuple[int, int]


@dataclass
class WordsEncoding:
    """The pieces of a sentence, with the attributes of `tokenizers.Encoding` that an aligner reads.

    offsets (list[tuple[int, int]]): start and end of each piece in its word, in characters.
    word_ids (list[int]): the word of each piece.
    """

    ids: list[int] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    offsets: list[Offset] = field(default_factory=list)
    word_ids: list[int] = field(default_factory=list)


class SlowTokenizer:
    """A slow SentencePiece tokenizer that splits sentences of given words, and says which piece is part of which word.

    It splits word by word. That gives the pieces of the whole sentence, since no piece of SentencePiece reaches across
    a space. Special tokens in the text ("</s>") are read as text.

    tokenizer (PreTrainedTokenizer): a slow tokenizer.
    model (str): what the user calls its model, for messages.
    RAISES: XnerError where the tokenizer is of another kind.
    """

    def __init__(self, tokenizer: Any, model: str) -> None:
        self.tokenizer = tokenizer
        self.processor = get_sentencepiece(tokenizer)
        if self.processor is None:
            raise XnerError(
                f"The tokenizer of {model!r} ({type(tokenizer).__name__}) is neither a fast one nor one of "
                "SentencePiece, which alignment needs to find the word of each piece. Expected a model with a "
                "tokenizer.json, or one like Marian and M2M-100."
            )
        self.model_max_length: int = tokenizer.model_max_length
        self.pad_token_id: int | None = tokenizer.pad_token_id

    def __call__(
        self, sentences: Sequence[Sequence[str]], *, add_special_tokens: bool = True, **_: Any
    ) -> BatchEncoding:
        """Split sentences of words. Takes the other arguments of a fast tokenizer, and needs none of them."""
        distinct = dict.fromkeys(word for words in sentences for word in words)
        known = {word: self._split_word(word) for word in distinct}
        encodings = [self._encoding([known[word] for word in words]) for words in sentences]
        ids = [encoding.ids for encoding in encodings]
        if add_special_tokens:
            ids = [self.tokenizer.build_inputs_with_special_tokens(each) for each in ids]
        return BatchEncoding({"input_ids": ids}, encoding=encodings, n_sequences=1)

    def _encoding(self, words: Sequence[tuple[list[str], list[Offset]]]) -> WordsEncoding:
        result = WordsEncoding()
        for i, (pieces, offsets) in enumerate(words):
            result.tokens += pieces
            result.offsets += offsets
            result.word_ids += [i] * len(pieces)
        result.ids = self.tokenizer.convert_tokens_to_ids(result.tokens)
        return result

    def _split_word(self, word: str) -> tuple[list[str], list[Offset]]:
        """The pieces of a word, and their places in it. SentencePiece may have normalised its text."""
        pieces = self.processor.encode(word, out_type=str)
        text, positions = self.processor.normalize(word, with_offsets=True)
        if text != "".join(pieces):  # bytes of characters that the vocabulary lacks, as "<0xE2>"
            return pieces, [(0, len(word))] * len(pieces)
        offsets, end = [], 0
        for piece in pieces:
            start, end = end, end + len(piece)
            # as a fast tokenizer does, the mark of a start gets the first character, and so do both letters of "ﬁ"
            offsets.append((positions[start], max(positions[end], positions[start] + 1)))
        return pieces, offsets
