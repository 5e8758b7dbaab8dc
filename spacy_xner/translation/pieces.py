"""Translation by models that read word pieces: their languages, and texts that are too long for them."""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ..errors import XnerError
from ..languages.codes import normalise_code
from .language_tokens import PREFIX, LanguageToken, canonical_parts, choose_token, language_tokens
from .splitting import Part, join_parts, split_text
from .stream_translator import StreamTranslator

# A translation may have MAX_GROWTH times the pieces of its text plus EXTRA_PIECES; longer output is degenerate.
MAX_GROWTH, EXTRA_PIECES = 3, 20
MIN_LENGTH = 8  # pieces: beginning, end, language token and a few of the text


class PieceTranslator(StreamTranslator):
    """Splits texts at the end of lines, sentences, clauses or words into parts that fit a model, and joins the
    translations of the parts.

    name (str): the translator's, for messages.
    model (str): what the user calls the model, for messages.
    source, target (str): language codes, which are mapped to the model's own (`de` to NLLB's `deu_Latn`, Marian's
        `>>deu<<`, ...).
    tokenizer (Any): of transformers; its source language is set.
    limit (int): greatest number of pieces that the model reads, special ones included.
    max_length (int | None): maximum number of pieces of a text that is not split; None: `limit`.
    RAISES: XnerError where the model does not support a language, or is for other languages, and for a `max_length`
        beyond `limit`.

    `prefix` is the prefix of each text; `target_token` is the piece that each translation must start with, or None.
    `counts` has the numbers of `split` and of `unfinished` texts.
    """

    def __init__(
        self, name: str, model: str, source: str, target: str, tokenizer: Any, limit: int, max_length: int | None
    ) -> None:
        self.model_name, self.source, self.target = model, normalise_code(source), normalise_code(target)
        self.tokenizer, self.limit = tokenizer, limit
        self.max_length = limit if max_length is None else max_length
        if not MIN_LENGTH <= self.max_length <= limit:
            raise XnerError(
                f"The setting max_length of {name} is {max_length}, expected {MIN_LENGTH} to {limit}, the maximum of "
                f"{model}."
            )
        self.prefix, self.target_token = self._choose_languages()
        special = [*tokenizer.all_special_tokens]
        if hasattr(tokenizer, "supported_language_codes"):  # Marian reads any text from ">>" to "<<" as a language
            special.append(PREFIX)
        self.special = re.compile("|".join(re.escape(token) for token in special))
        self.counts: Counter[str] = Counter()

    def _choose_languages(self) -> tuple[str, str | None]:
        tokens = language_tokens(self.tokenizer)
        if not tokens:
            check_languages(self.tokenizer, self.model_name, source_lang=self.source, target_lang=self.target)
            return "", None
        target = choose_token(self.target, tokens, self.model_name)
        if target.is_prefix:
            check_languages(self.tokenizer, self.model_name, source_lang=self.source)
            return f"{target.token} ", None
        source: LanguageToken = choose_token(self.source, tokens, self.model_name)
        self.tokenizer.src_lang = source.code
        return "", target.token

    @abstractmethod
    def blocks(self, texts: Iterator[str]) -> Iterator[list[str]]:
        """Cut a stream into the lists of texts that are translated together."""

    @abstractmethod
    def translate_parts(self, parts: Sequence[str], lengths: Sequence[int]) -> list[str | None]:
        """Translate texts that fit the model, in order; None where the model does not end a translation.

        lengths (Sequence[int]): numbers of pieces, special ones included.
        """

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; None where the model does not end it."""
        for block in self.blocks(iter(texts)):
            split = [self._split(text) for text in block]
            translated = iter(self._translate_known([part.text for parts in split for part in parts]))
            for parts in split:
                translation = join_parts(parts, list(islice(translated, len(parts))), self.target)
                self.counts["split"] += len(parts) > 1
                self.counts["unfinished"] += translation is None
                yield translation

    def _split(self, text: str) -> list[Part]:
        text = text.encode("utf8", "replace").decode()  # lone surrogates are not valid text
        text = self.special.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)  # so that "</s>" is read as text
        return split_text(text, lambda part: self._count_pieces(part) <= self.max_length)

    def _count_pieces(self, text: str) -> int:
        return len(self.tokenizer(self.prefix + text, verbose=False).input_ids)

    def _translate_known(self, parts: Sequence[str]) -> list[str | None]:
        """Translate the parts that are not blank, the longest first, so that a lack of memory shows at once."""
        translations: list[str | None] = ["" for _ in parts]
        lengths = [self._count_pieces(part) if part.strip() else 0 for part in parts]
        order = sorted((i for i, length in enumerate(lengths) if length), key=lambda i: -lengths[i])
        found = self.translate_parts([parts[i] for i in order], [lengths[i] for i in order])
        for i, translation in zip(order, found, strict=True):
            translations[i] = translation
        return translations

    def most_pieces(self, length: int) -> int:
        """Greatest number of pieces of the translation of a text with `length` pieces."""
        return min(MAX_GROWTH * length + EXTRA_PIECES, self.limit - 2)

    def decode(self, pieces: Sequence[int]) -> str:
        """The text of pieces, without special ones."""
        return str(self.tokenizer.decode(pieces, skip_special_tokens=True).strip())


def check_languages(tokenizer: Any, model: str, **langs: str) -> None:
    """Compare languages with those that a tokenizer declares. RAISES: XnerError where they differ.

    langs (str): `source_lang` and `target_lang`.
    """
    for name, lang in langs.items():
        declared = getattr(tokenizer, name, None)
        try:
            known = canonical_parts(declared if isinstance(declared, str) else lang)[0]
        except XnerError:  # a group of languages, such as "ROMANCE"
            continue
        if len(known) == 2 and known != canonical_parts(lang)[0]:
            raise XnerError(
                f"The {name} of {model} is {declared!r}, but the translator's is {lang!r}: use a model for {lang!r}."
            )


def check_at_least(translator: str, least: int, **settings: int) -> None:
    """RAISES: XnerError for a setting below a number. translator (str): its name, for the message."""
    for name, value in settings.items():
        if not isinstance(value, int) or value < least:
            raise XnerError(f"The setting {name} of {translator} is {value!r}, expected at least {least}.")
