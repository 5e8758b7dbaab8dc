"""Scripts: the script of a character, the scripts of a language, and which scripts have no spaces between words."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import regex

from ..extras import needs_extra
from .codes import normalise_code

# Scripts written without spaces between words: ISO 15924 code -> name of the script in Unicode. All that the package
# knows of such scripts is derived from this table.
UNSPACED_SCRIPTS = {
    "Hani": "Han",
    "Hira": "Hiragana",
    "Kana": "Katakana",
    "Thai": "Thai",
    "Laoo": "Lao",
    "Khmr": "Khmer",
    "Mymr": "Myanmar",
    "Tibt": "Tibetan",
}
# Marks that lengthen the vowel of a kana. Unicode assigns them to no script.
KANA_MARKS = "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}\N{HALFWIDTH KATAKANA-HIRAGANA PROLONGED SOUND MARK}"
# Scripts that only annotate the reading of another one: Bopomofo (zhuyin) stands beside Han characters.
ANNOTATION_SCRIPTS = frozenset({"Bopo"})

# ISO 15924 codes that stand for several scripts, or for a variant of one.
COMPOSED_CODES = {
    "Hans": ["Hani"],
    "Hant": ["Hani"],
    "Jpan": ["Hani", "Hira", "Kana"],
    "Kore": ["Hang", "Hani"],
    "Hanb": ["Hani", "Bopo"],
}

# Scripts in use today (Unicode Standard Annex 31, tables 5 and 7), by their Unicode names.
MODERN_SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Han", "Arabic", "Hangul", "Hiragana", "Katakana", "Bopomofo", "Hebrew", "Devanagari",
    "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao",
    "Tibetan", "Myanmar", "Georgian", "Armenian", "Ethiopic", "Khmer", "Mongolian", "Thaana", "Syriac", "Cherokee",
    "Canadian_Aboriginal", "Tifinagh", "Nko", "Yi", "Javanese", "Balinese", "Sundanese", "Ol_Chiki", "Meetei_Mayek",
)  # fmt: skip
COMMON = "Common"  # digits, punctuation, symbols, and marks that several scripts share
OTHER = "Other"  # all scripts that are not in MODERN_SCRIPTS


def character_class(scripts: Iterable[str], extra: str = "") -> str:
    """A character class for the package `regex`: all characters of `scripts` (codes or names), and those in `extra`."""
    return "[" + "".join(rf"\p{{{script}}}" for script in scripts) + extra + "]"


# Pattern of one character of a script without spaces.
UNSPACED_CHARACTER = character_class(UNSPACED_SCRIPTS.values(), KANA_MARKS)
# Pattern of a grapheme cluster that begins with one: with its vowel signs, tone marks and stacked consonants.
UNSPACED_CLUSTER = rf"(?={UNSPACED_CHARACTER})\X"

LETTER = regex.compile(r"\p{L}")
_UNSPACED_TEXT = regex.compile(rf"(?:{UNSPACED_CLUSTER})+")
_SCRIPT_OF_CHARACTER = regex.compile(
    rf"(?P<{COMMON}>\p{{Script=Common}}|\p{{Script=Inherited}})|"
    + "|".join(rf"(?P<{script}>\p{{Script={script}}})" for script in MODERN_SCRIPTS)
)


@lru_cache(maxsize=1 << 17)
def script_of_character(character: str) -> str:
    """One of MODERN_SCRIPTS, COMMON or OTHER for a character (str of length 1)."""
    match = _SCRIPT_OF_CHARACTER.match(character)
    return str(match.lastgroup) if match else OTHER


@cache
def scripts_of_language(lang: str) -> frozenset[str]:
    """The scripts (ISO 15924 codes) that a language is written in, by Unicode CLDR; empty if they are not known.

    lang (str): language code. A script in it (`sr-latn`) is the only result. Otherwise all scripts in use for the
        language count, such as Latin and Cyrillic for Serbian.
    """
    language, *subtags = normalise_code(lang).split("-")
    named = [subtag.title() for subtag in subtags if len(subtag) == 4 and subtag.isalpha()]
    if named:
        return frozenset(script for code in named for script in COMPOSED_CODES.get(code, [code]))
    with needs_extra("formats", "The scripts of a language need"):
        from babel.core import get_global

    likely: Mapping[str, str] = get_global("likely_subtags")
    found = [tag.split("_")[1] for key, tag in likely.items() if key.split("_")[0] == language and tag.count("_") == 2]
    return frozenset(script for code in found for script in COMPOSED_CODES.get(code, [code]))


@cache
def is_unspaced_language(lang: str) -> bool:
    """Whether a language is written without spaces between words; False if its scripts are not known."""
    scripts = scripts_of_language(lang) - ANNOTATION_SCRIPTS
    return bool(scripts) and scripts <= UNSPACED_SCRIPTS.keys()


def is_unspaced_text(text: str) -> bool:
    """Whether all of a text (a word, or a character) is in scripts without spaces; False for an empty text."""
    return not text.isascii() and _UNSPACED_TEXT.fullmatch(text) is not None


@cache
def letter_pattern(scripts: frozenset[str]) -> regex.Pattern[str] | None:
    """A pattern that matches letters of scripts; None for no scripts, and if one is not known."""
    if not scripts:
        return None
    try:
        return regex.compile(rf"(?V1)[{character_class(sorted(scripts))}&&\p{{L}}]")
    except regex.error:
        return None


def is_in_script(text: str, lang: str) -> bool:
    """Whether at least half of a text's letters are of the language's scripts.

    Also True if the language's scripts are not known, or the text has no letters.
    """
    pattern = letter_pattern(scripts_of_language(lang))
    return pattern is None or 2 * len(pattern.findall(text)) >= len(LETTER.findall(text))
