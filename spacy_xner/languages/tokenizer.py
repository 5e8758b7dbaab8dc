"""The multilingual tokenizer: spaCy's rules, and one token a character in scripts without spaces between words."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import regex
import spacy
from spacy.lang.xx import MultiLanguage
from spacy.language import Language
from spacy.language import create_tokenizer as create_spacy_tokenizer
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab, create_vocab

from .scripts import UNSPACED_CLUSTER

NAME = "spacy_xner.MultilingualTokenizer.v1"

CLUSTER = regex.compile(UNSPACED_CLUSTER)
# The Unicode blocks of all characters that CLUSTER can begin with. This search is much faster, so that text in other
# scripts takes hardly more time than with spaCy's tokenizer.
UNSPACED_BLOCKS = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u19e0-\u19ff\u2e80-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\uff65-\uff9f"
    "\U00010000-\U0010ffff]"
)


class MultilingualTokenizer:
    """Wraps a spaCy tokenizer and splits Han, kana, Thai, Lao, Khmer, Burmese and Tibetan by grapheme cluster.

    Han characters are split as in the tokenizer of mBERT (Devlin et al. 2019), the other scripts without spaces in the
    same way. spaCy's rules tokenize all text in between. `doc.text == text` for every text that spaCy accepts.

    All other attributes and methods (`add_special_case`, `explain`, `infix_finditer` and so on) are those of spaCy's
    tokenizer; they can be read and set.

    tokenizer (Tokenizer): spaCy's tokenizer; its vocabulary is used.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__setattr__("tokenizer", tokenizer)

    def __getattr__(self, name: str) -> Any:
        if name == "tokenizer" or name.startswith("__"):  # during unpickling there is no tokenizer yet
            raise AttributeError(name)
        return getattr(self.tokenizer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "tokenizer":
            super().__setattr__(name, value)
        else:
            setattr(self.tokenizer, name, value)

    @property
    def vocab(self) -> Vocab:
        """The vocabulary, shared with the pipeline."""
        return self.tokenizer.vocab

    def __call__(self, text: str) -> Doc:
        """Tokenize a text (str)."""
        if not UNSPACED_BLOCKS.search(text) or not CLUSTER.search(text):
            return self.tokenizer(text)
        words: list[str] = []
        spaces: list[bool] = []
        norms: dict[int, str] = {}  # of tokens whose norm a rule of spaCy has set
        for part, is_cluster in _split_clusters(text):
            if is_cluster:
                words.append(part)
                spaces.append(False)
                continue
            if words and part[0] == " ":  # as in spaCy, a single space belongs to the token before it
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
        """Tokenize a stream of texts, in order. `batch_size` has no effect; spaCy expects the argument."""
        for text in texts:
            yield self(text)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Tokenization accuracy, for `nlp.evaluate`."""
        return self.tokenizer.score(examples, **kwargs)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The rules as a byte string."""
        return self.tokenizer.to_bytes(exclude=exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "MultilingualTokenizer":
        """Load the rules from a byte string. RETURNS: the tokenizer itself."""
        self.tokenizer.from_bytes(bytes_data, exclude=exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the rules to a file."""
        self.tokenizer.to_disk(path, exclude=exclude)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "MultilingualTokenizer":
        """Load the rules from a file. RETURNS: the tokenizer itself."""
        self.tokenizer.from_disk(path, exclude=exclude)
        return self


def _split_clusters(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into clusters (True) and the text between them (False); no part is empty."""
    end = 0
    for match in CLUSTER.finditer(text):
        if end < match.start():
            yield text[end : match.start()], False
        yield match.group(), True
        end = match.end()
    if end < len(text):
        yield text[end:], False


def create_multilingual_tokenizer() -> Callable[[Language], MultilingualTokenizer]:
    """`spacy_xner.MultilingualTokenizer.v1`: a tokenizer for text in any language.

    Han, kana, Thai, Lao, Khmer, Burmese and Tibetan are split into single characters (grapheme clusters). All other
    text is tokenized by spaCy's rules for the pipeline's language.
    """

    def tokenizer_factory(nlp: Language) -> MultilingualTokenizer:
        return MultilingualTokenizer(create_spacy_tokenizer()(nlp))

    return tokenizer_factory


def multilingual_tokenizer() -> MultilingualTokenizer:
    """The tokenizer of `multilingual_blank("xx")`, with a new vocabulary, but without a pipeline.

    spaCy imports every installed package that registers pipeline components when it creates a pipeline: that takes
    seconds, because spacy-transformers and torch are among them. Reading and converting files needs none of them.
    """
    defaults = MultiLanguage.Defaults
    # spaCy reads only these two attributes of the pipeline.
    nlp: Any = SimpleNamespace(Defaults=defaults, vocab=create_vocab("xx", defaults))
    return MultilingualTokenizer(create_spacy_tokenizer()(nlp))


def multilingual_blank(lang: str = "xx") -> Language:
    """An empty pipeline with the multilingual tokenizer: `spacy.blank(lang)` for text of any script and any length."""
    nlp = spacy.blank(lang, config={"nlp": {"tokenizer": {"@tokenizers": NAME}}})
    nlp.max_length = sys.maxsize  # spaCy's limit is meant for parsers
    return nlp
