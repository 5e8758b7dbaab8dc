"""Kinds of words: punctuation, ends of list items, words of scripts written without spaces."""

import unicodedata

from ..languages.scripts import is_unspaced_text
from .types import Words

SEPARATORS = tuple(",;:،؛，、；：")


def is_punctuation(text: str) -> bool:
    """Whether a text has no letter, digit or symbol."""
    return all(unicodedata.category(character)[0] in "PZC" for character in text)


def ends_item(word: str) -> bool:
    """Whether a word can end an item of a list: it is, or ends with, a comma, semicolon or colon of any script."""
    bare = word.rstrip("\"'”’»)]")
    return bare.endswith(SEPARATORS)


def unspaced_units(words: Words) -> list[list[int]]:
    """Group words into units for the tokenizer: a run of words in scripts without spaces, or a single other word.

    RETURNS (list[list[int]]): the word indices of each unit.
    """
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
