"""Kinds of words: punctuation, and words of scripts that are written without spaces."""

import unicodedata

from ..languages.scripts import is_unspaced_text
from .types import Words

SEPARATORS = tuple(",;:،؛，、；：")


def is_punctuation(text: str) -> bool:
    """Whether a text has no letter, digit or symbol."""
    return all(unicodedata.category(character)[0] in "PZC" for character in text)


def ends_item(word: str) -> bool:
    """Whether a list may go on behind this word: it is, or ends with, a comma, semicolon or colon of any script."""
    bare = word.rstrip("\"'”’»)]")
    return bare.endswith(SEPARATORS)


def unspaced_units(words: Words) -> list[list[int]]:
    """Neighbours in scripts without spaces as one unit, other words as one each: lists of word indices."""
    units: list[list[int]] = []
    joins = False
    for i, word in enumerate(words):
        unspaced = is_unspaced_text(word)
        if unspaced and joins:
            units[-1].append(i)
        else:
            units.append([i])
        joins = unspaced
    return units
