"""Kinds of words: punctuation, ends of list items, words of scripts written without spaces."""

import unicodedata
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import regex

from ..languages.scripts import UNSPACED_CLUSTER, is_unspaced_text
from .types import SpacedWords, Words

BRACKETS = ("()", "[]", "{}", "（）", "［］", "【】", "「」", "『』", "《》", "〈〉", "«»", "‹›", "“”")
STRAIGHT = len(BRACKETS)
# A mark -> its kind and whether it opens (1) or closes (-1).
MARKS = {mark: (kind, step) for kind, pair in enumerate(BRACKETS) for mark, step in zip(pair, (1, -1), strict=True)}
MARKS['"'] = (STRAIGHT, 1)

SEPARATORS = tuple(",;:،؛，、；：")
FIRST_UNSPACED = "\u0e00"  # no character of a script without spaces comes before it
# Mean length of words that are sentences or phrases. Segmented sentences of the shipped Chinese and Japanese corpora
# have a mean of at most 3 characters; 95% of them have at least 12 where they are not segmented.
LONG = 8
_CLUSTER = regex.compile(UNSPACED_CLUSTER)


def is_punctuation(text: str) -> bool:
    """Whether a text has no letter, digit or symbol."""
    return all(unicodedata.category(character)[0] in "PZC" for character in text)


def ends_item(word: str) -> bool:
    """Whether a word can end an item of a list: it is, or ends with, a comma, semicolon or colon of any script."""
    bare = word.rstrip("\"'”’»)]")
    return bare.endswith(SEPARATORS)


def mark_depths(words: Words) -> npt.NDArray[np.intp]:
    """How many brackets and quotation marks are open before each word and after the last one.

    Only marks that are words of their own count: one that a suffix ties to a word cannot be cut off. An apostrophe is
    no quotation mark.

    RETURNS: (n_kinds, n_words + 1), for the kinds of marks that occur; straight quotation marks count modulo 2.
    """
    steps = [MARKS.get(word, (-1, 0)) for word in words]
    kinds = sorted({kind for kind, _ in steps} - {-1})
    depths = np.zeros((len(kinds), len(words) + 1), dtype=np.intp)
    for row, wanted in enumerate(kinds):
        depths[row, 1:] = np.cumsum([step if kind == wanted else 0 for kind, step in steps])
        if wanted == STRAIGHT:
            depths[row] %= 2
    return depths


def is_balanced(words: Words) -> bool:
    """Whether as many brackets and quotation marks of each kind are opened as closed."""
    depths = mark_depths(words)
    return bool((depths[:, -1] == 0).all())


def unspaced_runs(words: Words) -> list[list[int]]:
    """Group words into runs, each a text for the tokenizer: words in scripts without spaces, or a single other word.

    A run ends where the text has white space, as far as `words` say so (see `SpacedWords`): 北京 上海 are two. But if
    white space follows every word of these scripts that another one follows, the text was split into words at it, and
    the white space says nothing.

    RETURNS (list[list[int]]): the word indices of each run.
    """
    unspaced = [is_unspaced_text(word) for word in words]
    joins = [False, *(before and after for before, after in pairwise(unspaced))]
    if isinstance(words, SpacedWords):
        close = [join and not space for join, space in zip(joins, (False, *words.spaces), strict=False)]
        joins = close if any(close) else joins
    runs: list[list[int]] = []
    for i in range(len(words)):
        if joins[i]:
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs


def is_unsegmented(words: Words) -> bool:
    """Whether a sentence of a script without spaces was not split into words: these are `LONG` in the mean."""
    if not any(max(word) >= FIRST_UNSPACED for word in words if word):
        return False
    lengths = [length for word in words if (length := len(_CLUSTER.findall(word)))]
    return bool(lengths) and sum(lengths) >= LONG * len(lengths)


def is_unspaced_pair(source: Words, target: Words) -> bool:
    """Whether at least half of the words of a side are in scripts without spaces: affinities are much lower there."""
    return any(len(words) and 2 * sum(map(is_unspaced_text, words)) >= len(words) for words in (source, target))
