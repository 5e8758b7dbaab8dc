"""Kinds of words: punctuation, ends of list items, words of scripts written without spaces."""

import unicodedata
from itertools import pairwise

from ..languages.scripts import is_unspaced_text
from .types import SpacedWords, Words

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

    A run ends where the text has white space, as far as `words` say so (see `SpacedWords`): 北京 上海 are two. But if
    white space follows every word of these scripts that another one follows, the text was split into words at it, and
    the white space says nothing.

    RETURNS (list[list[int]]): the word indices of each unit.
    """
    unspaced = [is_unspaced_text(word) for word in words]
    joins = [False, *(before and after for before, after in pairwise(unspaced))]
    if isinstance(words, SpacedWords):
        close = [join and not space for join, space in zip(joins, (False, *words.spaces), strict=False)]
        joins = close if any(close) else joins
    units: list[list[int]] = []
    for i in range(len(words)):
        if joins[i]:
            units[-1].append(i)
        else:
            units.append([i])
    return units


def is_unspaced_pair(source: Words, target: Words) -> bool:
    """Whether at least half of the words of a side are in scripts without spaces: affinities are much lower there."""
    return any(len(words) and 2 * sum(map(is_unspaced_text, words)) >= len(words) for words in (source, target))
