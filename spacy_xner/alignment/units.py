"""Units of alignment: words of a sentence, or several words where these are single characters.

A document in a script without spaces has a token for each character (`spacy_xner.MultilingualTokenizer.v1`), and one
character of 安格拉 (Angela) means nearly nothing. So its characters are aligned as words of a segmenter. The document
keeps its tokens.
"""

from collections.abc import Sequence
from unicodedata import normalize

import numpy as np
import regex

from ..languages.scripts import is_unspaced_text
from .segmenters import KANA, segment
from .similarity import Indices
from .types import Words
from .word_kinds import unspaced_runs

_CHARACTER = regex.compile(r"\X")
_KATAKANA = regex.compile(r"[\p{Katakana}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}]+")


def alignment_units(words: Words) -> Indices:
    """Group the words of a sentence into units of alignment.

    Runs of single characters in scripts without spaces are split by a segmenter. If a word in such a script has several
    characters, all words of the sentence are taken as given, since they come from a segmenter already.

    RETURNS (Indices): (n_words,), the unit of each word, ascending from 0.
    """
    units = np.arange(len(words), dtype=np.intp)
    unspaced = [word for word in words if is_unspaced_text(word)]
    if not all(map(_CHARACTER.fullmatch, unspaced)):
        return units
    japanese = any(map(KANA.search, unspaced))
    for run in unspaced_runs(words):
        if len(run) > 1:
            characters = [normalize("NFC", words[i]) for i in run]  # dictionaries have kana in one code point
            starts = unit_starts(characters, segment("".join(characters), japanese))
            units[run] = run[0] + np.maximum.accumulate(np.where(starts, np.arange(len(run)), 0))
    return np.unique(units, return_inverse=True)[1].astype(np.intp)


def unit_starts(characters: Sequence[str], segments: Sequence[str]) -> np.ndarray:
    """Whether a unit begins with each character, (n_characters,) of bool.

    A segment that begins inside a character (a grapheme cluster of several code points) belongs to the unit before it.
    Neighbouring segments in katakana are one unit: foreign names, which dictionaries lack and segmenters split.
    """
    at: dict[int, int] = {}
    length = 0
    for i, character in enumerate(characters):
        at[length] = i
        length += len(character)
    starts = np.zeros(len(characters), dtype=bool)
    length, before = 0, ""
    for part in segments:
        if length in at and not (_KATAKANA.fullmatch(before) and _KATAKANA.fullmatch(part)):
            starts[at[length]] = True
        length, before = length + len(part), part
    return starts
