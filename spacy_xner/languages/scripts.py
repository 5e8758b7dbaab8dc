"""Which scripts a language is written in: the cheapest way to see that a text is in another language."""

from collections.abc import Mapping
from functools import cache

import regex
from babel.core import get_global

from .codes import normalise

# Codes for several scripts at once, or for ways of writing one (ISO 15924).
COMPOSED = {
    "Hans": ["Hani"],
    "Hant": ["Hani"],
    "Jpan": ["Hani", "Hira", "Kana"],
    "Kore": ["Hang", "Hani"],
    "Hanb": ["Hani", "Bopo"],
}
UNSPACED = {"Hani", "Bopo", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr", "Tibt"}
UNSPACED_LETTER = regex.compile("[" + "".join(rf"\p{{{script}}}" for script in sorted(UNSPACED)) + "]")
LETTER = regex.compile(r"\p{L}")


@cache
def scripts_of(lang: str) -> frozenset[str]:
    """The scripts (ISO 15924 codes) that a language is written in; empty where it is not known.

    lang (str): a code; with a script in it (`sr-latn`), that one. Others in use for the language count as well, as
    Latin and Cyrillic for Serbian.
    """
    language, *subtags = normalise(lang).split("-")
    named = [subtag.title() for subtag in subtags if len(subtag) == 4 and subtag.isalpha()]
    likely: Mapping[str, str] = get_global("likely_subtags")
    found = named or [
        tag.split("_")[1] for key, tag in likely.items() if key.split("_")[0] == language and tag.count("_") == 2
    ]
    return frozenset(script for code in found for script in COMPOSED.get(code, [code]))


@cache
def letters_of(scripts: frozenset[str]) -> regex.Pattern[str] | None:
    """A pattern for letters of scripts; None where there is none, or one is not known."""
    if not scripts:
        return None
    try:
        return regex.compile("(?V1)[[" + "".join(rf"\p{{{script}}}" for script in sorted(scripts)) + r"]&&\p{L}]")
    except regex.error:
        return None


def is_in_script(text: str, lang: str) -> bool:
    """Whether at least half of a text's letters are of the language's scripts.

    Also where the language's scripts are not known, or the text has no letters.
    """
    pattern = letters_of(scripts_of(lang))
    return pattern is None or 2 * len(pattern.findall(text)) >= len(LETTER.findall(text))


def is_unspaced(lang: str) -> bool:
    """Whether a language is written without blanks between words."""
    return bool(scripts_of(lang)) and scripts_of(lang) <= UNSPACED
