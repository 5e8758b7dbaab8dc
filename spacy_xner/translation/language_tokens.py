"""Finds the language tokens of multilingual translation models, and chooses the token for a language code.

For German, NLLB uses `deu_Latn`, M2M-100 `__de__`, mBART `de_DE`, Marian `>>deu<<`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import XnerError
from ..extras import needs_extra
from ..languages.codes import normalise_code

TOKEN = re.compile(r"(>>|__)?([a-z]{2,3}(?:_[A-Z][A-Za-z]{1,3})?)(<<|__)?")
# Language codes that CLDR does not map to the usual code: Norwegian, and varieties that NLLB lists
ALIASES = {"no": "nb", "pbt": "ps", "quy": "qu", "fuv": "ff"}
PREFIX = ">>"  # Marian reads the target language as a prefix of the text


@dataclass(frozen=True)
class LanguageToken:
    """A language token.

    token (str): as written in the vocabulary.
    code (str): the tokenizer's name of the language.
    """

    token: str
    code: str

    @property
    def is_prefix(self) -> bool:
        return self.token.startswith(PREFIX)


def language_tokens(tokenizer: Any) -> list[LanguageToken]:
    """All language tokens of a tokenizer; an empty list for bilingual models."""
    listed = [*tokenizer.additional_special_tokens, *getattr(tokenizer, "supported_language_codes", [])]
    listed += getattr(tokenizer, "lang_code_to_token", {}).values()  # M2M-100, where it was saved without the others
    matches = (TOKEN.fullmatch(token) for token in listed)
    return sorted({LanguageToken(m[0], m[2]) for m in matches if m}, key=lambda found: found.token)


def choose_token(lang: str, tokens: Iterable[LanguageToken], model: str) -> LanguageToken:
    """The token for a language, with the script or region that `lang` names, or else its most likely ones.

    RAISES: XnerError where the model does not support the language.
    """
    tokens = list(tokens)
    language, *wanted = canonical_parts(lang)
    asked = normalise_code(lang).split("-")
    likely = cldr("likely_subtags")
    regional = [f"{language}_{part.upper()}" for part in wanted]  # `zh_TW`: traditional characters
    usual = [
        part.lower()
        for part in next((likely[key] for key in [*regional, language] if key in likely), "").split("_")[1:]
    ]

    def rank(token: LanguageToken) -> tuple[bool, int, bool, int, int]:
        subtags = canonical_parts(token.code)[1:]
        own = normalise_code(token.code).split("-")
        return (
            own == asked,
            sum(subtag in wanted for subtag in subtags),
            own[0] == asked[0],
            sum(subtag in usual for subtag in subtags),
            -len(subtags),
        )

    same = [token for token in tokens if canonical_parts(token.code)[0] == language]
    if not same:
        known = ", ".join(token.code for token in tokens)
        raise XnerError(f"The model {model} does not support the language {lang!r}; expected one of {known}.")
    return max(same, key=rank)


def canonical_parts(code: str) -> list[str]:
    """Language and subtags, with the usual code of the language: `cmn_Hans` -> [`zh`, `hans`], `arb` -> [`ar`]."""
    language, *subtags = normalise_code(code).split("-")
    alias = ALIASES.get(language) or cldr("language_aliases").get(language, language)
    return [*alias.lower().split("_"), *subtags]


def cldr(name: str) -> Mapping[str, str]:
    """A table of Unicode CLDR, by babel. RAISES: XnerError where it is not installed."""
    with needs_extra("seq2seq", "Language tokens of translation models need"):
        from babel.core import get_global

    return get_global(name)  # type: ignore[arg-type, no-any-return, unused-ignore]
