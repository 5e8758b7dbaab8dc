"""Spaces between the tokens of a file: those of its text where it has one, otherwise those of natural text."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import regex

from ...extras import needs_extra
from ...languages.codes import base_language
from ...languages.scripts import is_unspaced_language, is_unspaced_text

Spaces = Literal["natural", "keep"]

# Marks that no rule of Moses knows, by those that it treats in the same way.
QUOTES = {"``": '"', "''": '"', "„": '"', "“": '"', "”": '"', "‟": '"', "‘": "(", "’": ")", "‚": "("}
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
# A guillemet opens or closes by language; the first one in a sentence opens.
GUILLEMETS = "«»‹›"
END_OF_CLAUSE = regex.compile(r"[\p{Terminal_Punctuation}…]+")
OPENING, CLOSING = regex.compile(r"\p{Ps}"), regex.compile(r"\p{Pe}")
CURRENCY = regex.compile(r"\p{Sc}+")
# Punctuation of full width has its own space.
WIDE = regex.compile(r"[\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
# Moses takes all of these for scripts without spaces, Hangul too.
EAST_ASIAN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]|.*[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]$"
)
ENGLISH_NOT = re.compile(r"n['’]t", re.IGNORECASE)
ENGLISH_CONTRACTION = re.compile(r"['’](s|m|d|re|ve|ll)|n['’]t", re.IGNORECASE)
WORD = "x"  # stands for a word without influence on spaces
# Languages with elision before a vowel (l'aigua), which Moses treats as Italian; French has spaces before ? ! : ;
ELIDING = frozenset({"it", "ca", "oc", "ga", "mt", "lij", "lmo", "nap", "pms", "scn", "vec", "fur", "co", "wa", "frp"})


def natural_spaces(words: Sequence[str], lang: str | None = None) -> list[bool]:
    """Whether a space follows each token in natural text: `I 'm in Rome .` is "I'm in Rome."

    The rules are those of the detokenizer of Moses (sacremoses), with the quotation marks, brackets and punctuation of
    other scripts. No space is between words of scripts without spaces, and none at tokens of white space.

    words (Sequence[str]): the tokens.
    lang (str | None): language code; None: what several languages have in common.
    """
    if not words:
        return []
    stand_ins = _stand_ins(words, lang)
    text = _detokenizer(_moses_language(words, lang)).detokenize(stand_ins, unescape=False)
    spaces = spaces_in_text(text, stand_ins) or [True] * (len(words) - 1) + [False]
    unspaced = lang is not None and is_unspaced_language(lang)
    for i in range(len(words) - 1):
        left, right = words[i][-1:], words[i + 1][:1]
        n_unspaced = _is_unspaced(left) + _is_unspaced(right)
        if not left.strip() or not right.strip() or n_unspaced == 2 or (n_unspaced and unspaced):
            spaces[i] = False
    return spaces


def spaces_in_text(text: str, words: Sequence[str]) -> list[bool] | None:
    """Whether white space follows each token in a text; None if the text is not these tokens with spaces between."""
    spaces: list[bool] = []
    at = len(text) - len(text.lstrip())
    for word in words:
        if not text.startswith(word, at):
            return None
        at += len(word)
        end = at
        while end < len(text) and text[end].isspace():
            end += 1
        spaces.append(end > at)
        at = end
    if at < len(text):
        return None
    return [*spaces[:-1], False]


def _is_unspaced(character: str) -> bool:
    return is_unspaced_text(character) or bool(WIDE.match(character))


def _moses_language(words: Sequence[str], lang: str | None) -> str:
    if lang is None:
        return "en" if any(ENGLISH_CONTRACTION.fullmatch(word) for word in words) else "it"
    base = base_language(lang)
    return "it" if base in ELIDING else base


@cache
def _detokenizer(lang: str) -> Any:
    with needs_extra("formats", "Files of tokens without the spaces between them need"):
        from sacremoses import MosesDetokenizer

    return MosesDetokenizer(lang=lang)


def _stand_ins(words: Sequence[str], lang: str | None) -> list[str]:
    """Tokens that the detokenizer leaves as they are, and treats as the words should be treated."""
    french = lang is not None and base_language(lang) == "fr"
    guillemet = next((word for word in words if len(word) == 1 and word in GUILLEMETS), "")
    found = []
    for i, word in enumerate(words):
        following = words[i + 1][:1] if i + 1 < len(words) else ""
        if not word or not word.isprintable() or " " in word or "@-@" in word or EAST_ASIAN.match(word):
            found.append("," if WIDE.fullmatch(word) and END_OF_CLAUSE.fullmatch(word) else WORD)
        elif len(word) == 1 and word in GUILLEMETS:
            found.append(WORD if french else "(" if word == guillemet else ")")
        elif word in QUOTES or word in BRACKETS:
            found.append(QUOTES.get(word) or BRACKETS[word])
        elif CURRENCY.fullmatch(word):
            found.append(word if following.isdigit() else WORD)
        elif word.isascii():
            found.append("'t" if ENGLISH_NOT.fullmatch(word) and i else word)
        elif END_OF_CLAUSE.fullmatch(word):
            found.append(",")
        elif OPENING.fullmatch(word) or CLOSING.fullmatch(word):
            found.append("(" if OPENING.fullmatch(word) else ")")
        else:
            found.append(re.sub("^’(?=.)|(?<=.)’$", "'", word.replace("n’t", "'t")))
    return found
