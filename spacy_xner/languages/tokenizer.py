"""spaCy's tokenizer for text of any script: where words have no spaces between them, each character is a token."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import regex
import spacy
from spacy.language import Language
from spacy.language import create_tokenizer as create_spacy_tokenizer
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

NAME = "spacy_xner.MultilingualTokenizer.v1"

# Scripts written without spaces between words. The last two marks, which prolong a kana, belong to no script.
UNSPACED = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
    "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}\N{HALFWIDTH KATAKANA-HIRAGANA PROLONGED SOUND MARK}]"
)
# A grapheme cluster that begins with one of their characters: vowel signs, tone marks and stacked consonants stay on.
CLUSTER = regex.compile(rf"(?={UNSPACED})\X")
# The blocks that all of them are in: much faster to search, so that other texts cost next to nothing more.
POSSIBLE = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u19e0-\u19ff\u2e80-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff65-\uff9f"
    "\U00010000-\U0010ffff]"
)


class MultilingualTokenizer:
    """Wraps a spaCy tokenizer and splits Han, kana, Thai, Lao, Khmer, Burmese and Tibetan by grapheme cluster.

    It splits as the tokenizer of mBERT does for Han (Devlin et al. 2019), and likewise for the other scripts without
    spaces; all text in between is left to spaCy's rules. `doc.text == text` for every text that spaCy takes.

    All else (`add_special_case`, `explain`, `infix_finditer` and so on) is that of spaCy's tokenizer, to read and to
    set.

    tokenizer (Tokenizer): spaCy's tokenizer, whose vocabulary is used.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__setattr__("tokenizer", tokenizer)

    def __getattr__(self, name: str) -> Any:
        if name == "tokenizer" or name.startswith("__"):  # while it is being unpickled there is none yet
            raise AttributeError(name)
        return getattr(self.tokenizer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "tokenizer":
            super().__setattr__(name, value)
        else:
            setattr(self.tokenizer, name, value)

    @property
    def vocab(self) -> Vocab:
        """The vocabulary shared with the pipeline."""
        return self.tokenizer.vocab

    def __call__(self, text: str) -> Doc:
        """Tokenize a text (str)."""
        if not POSSIBLE.search(text) or not CLUSTER.search(text):
            return self.tokenizer(text)
        words: list[str] = []
        spaces: list[bool] = []
        norms: dict[int, str] = {}  # where a rule of spaCy's gave a token another norm than its word has
        for part, is_cluster in _parts(text):
            if is_cluster:
                words.append(part)
                spaces.append(False)
                continue
            if words and part[0] == " ":  # as in spaCy, one space belongs to the token before it
                spaces[-1] = True
                part = part[1:]
            for token in self.tokenizer(part):
                if token.norm != token.lex.norm:
                    norms[len(words)] = token.norm_
                words.append(token.text)
                spaces.append(bool(token.whitespace_))
        doc = Doc(self.vocab, words=words, spaces=spaces)
        for i, norm in norms.items():
            doc[i].norm_ = norm
        return doc

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterator[Doc]:
        """Tokenize a stream of texts, in order; `batch_size` is there for spaCy's sake."""
        for text in texts:
            yield self(text)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Tokenization accuracy, for `nlp.evaluate`."""
        return self.tokenizer.score(examples, **kwargs)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The rules as a byte string."""
        return self.tokenizer.to_bytes(exclude=exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "MultilingualTokenizer":
        """Take the rules from a byte string; returns itself."""
        self.tokenizer.from_bytes(bytes_data, exclude=exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the rules to a file."""
        self.tokenizer.to_disk(path, exclude=exclude)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "MultilingualTokenizer":
        """Take the rules from a file; returns itself."""
        self.tokenizer.from_disk(path, exclude=exclude)
        return self


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a text into clusters (True) and what lies between them (False), none of them empty."""
    end = 0
    for match in CLUSTER.finditer(text):
        if end < match.start():
            yield text[end : match.start()], False
        yield match.group(), True
        end = match.end()
    if end < len(text):
        yield text[end:], False


def create_multilingual_tokenizer() -> Callable[[Language], MultilingualTokenizer]:
    """`spacy_xner.MultilingualTokenizer.v1`: made with the rules of the pipeline's language."""

    def tokenizer_factory(nlp: Language) -> MultilingualTokenizer:
        return MultilingualTokenizer(create_spacy_tokenizer()(nlp))

    return tokenizer_factory


def multilingual_blank(lang: str = "xx") -> Language:
    """An empty pipeline with this tokenizer: `spacy.blank(lang)` for text of any script, and of any length."""
    nlp = spacy.blank(lang, config={"nlp": {"tokenizer": {"@tokenizers": NAME}}})
    nlp.max_length = sys.maxsize  # the limit is for parsers
    return nlp
