"""Writing systems: the script of a character, and the scripts of a text."""

import functools
from collections import Counter
from collections.abc import Mapping

import regex

# Scripts in use today (Unicode Standard Annex 31, tables 5 and 7). Characters of others count as one script, OTHER.
SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Han", "Arabic", "Hangul", "Hiragana", "Katakana", "Bopomofo", "Hebrew", "Devanagari",
    "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao",
    "Tibetan", "Myanmar", "Georgian", "Armenian", "Ethiopic", "Khmer", "Mongolian", "Thaana", "Syriac", "Cherokee",
    "Canadian_Aboriginal", "Tifinagh", "Nko", "Yi", "Javanese", "Balinese", "Sundanese", "Ol_Chiki", "Meetei_Mayek",
)  # fmt: skip
COMMON, OTHER = "Common", "Other"  # digits, punctuation, symbols and marks that several scripts share; rare scripts
MIN_SHARE = 0.001  # of a text's letters: scripts below it do not count as scripts of the text

_SCRIPT = regex.compile(
    rf"(?P<{COMMON}>\p{{Script=Common}}|\p{{Script=Inherited}})|"
    + "|".join(rf"(?P<{script}>\p{{Script={script}}})" for script in SCRIPTS)
)


@functools.lru_cache(maxsize=1 << 17)
def script_of(character: str) -> str:
    """One of SCRIPTS, COMMON or OTHER for a character (str of length 1)."""
    match = _SCRIPT.match(character)
    return str(match.lastgroup) if match else OTHER


def scripts_of(characters: Mapping[str, int]) -> set[str]:
    """The scripts of a text, without COMMON and OTHER.

    A script needs at least the share MIN_SHARE of the letters, so that a few names in another script do not count.

    characters (Mapping[str, int]): how often each character occurs.
    """
    letters: Counter[str] = Counter()
    for character, count in characters.items():
        letters[script_of(character)] += count
    del letters[COMMON], letters[OTHER]
    return {script for script, count in letters.items() if count >= MIN_SHARE * letters.total()}
