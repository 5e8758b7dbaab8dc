"""Reads and writes tags in a text: `<a>Ada</a>`, also where a translator has changed their spelling.

The text is not escaped: its own tags and signs stay as they are, and the names of the tags are others than those in it.
So a text without spans reaches the translator unchanged, and one that is copied is restored exactly.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import count, product, takewhile
from string import ascii_lowercase
from typing import NamedTuple

from .text_edits import delete_characters, replace_ranges

LEFT, RIGHT = "(?:[<＜〈]|&lt;)", "(?:[>＞〉]|&gt;)"  # translators make wide signs and entities of them
SPACE = r"\s{0,3}"
OPENING, ENDING = "([{«“‘¿¡", ")]}»”’'.,;:!?…、。，"  # signs without a space after, and without one before
TAG = re.compile(rf"{LEFT}{SPACE}([/／\\]?){SPACE}([\w.:-]+){SPACE}{RIGHT}")
TAG_WITH_ATTRIBUTES = re.compile(rf"{LEFT}{SPACE}[/／\\]?{SPACE}([\w.:-]+)[^<>]{{0,200}}{RIGHT}")


class Tag(NamedTuple):
    """A tag that was taken out of a text.

    name (str): in lower case.
    position (int): where it was, in characters of the text without tags.
    """

    name: str
    is_closing: bool
    position: int


class Untagged(NamedTuple):
    """A text without its tags.

    tags (list[Tag]): those with one of the expected names, in order.
    n_unknown (int): number of tags with an unknown name, which were taken out too.
    """

    text: str
    tags: list[Tag]
    n_unknown: int


def names_in(text: str) -> set[str]:
    """The names of all tags in a text, also with attributes, and of what looks like a tag; in lower case."""
    with_attributes = {match[1].lower() for match in TAG_WITH_ATTRIBUTES.finditer(text)}
    return with_attributes | {match[2].lower() for match in TAG.finditer(text)}


def free_names(text: str, numbered: bool) -> Iterator[str]:
    """Names that no tag in a text has, without end: a, b, ..., z, aa, ab, ...; or e1, e2, ..."""
    taken = names_in(text)
    letters = ("".join(name) for length in count(1) for name in product(ascii_lowercase, repeat=length))
    numbers = (f"e{number}" for number in count(1))
    return (name for name in (numbers if numbered else letters) if name not in taken)


def insert_tags(text: str, places: Sequence[tuple[int, int]], names: Sequence[str]) -> str:
    """Enclose each place in a pair of tags. Where places begin or end together, the tags of the inner one are inside.

    places (Sequence[tuple[int, int]]): start and end of each, in characters. None is empty; they may be nested or
        cross.
    """
    outer_first = sorted(range(len(places)), key=lambda i: (places[i][0], -places[i][1]))
    tags = [(places[i][0], 1, rank, f"<{names[i]}>") for rank, i in enumerate(outer_first)]
    tags += [(places[i][1], 0, -rank, f"</{names[i]}>") for rank, i in enumerate(outer_first)]
    return replace_ranges(text, [(position, position, tag) for position, *_, tag in sorted(tags)])[0]


def remove_tags(text: str, names: Collection[str], known: Collection[str] | None = None) -> Untagged:
    """Take the tags with some names out of a text.

    White space between a tag and its content, which translators put there, goes where the word at the tag's other side
    needs none.

    names (Collection[str]): the names, in lower case; tags may have them in any case.
    known (Collection[str] | None): names of the text's own tags, which stay. All others are taken out too; None: they
        stay.
    """
    found = []
    for match in TAG.finditer(text):
        name = match[2].lower()
        if name in names or (known is not None and name not in known):
            found.append((match, name))
    bare, places = replace_ranges(text, [(*match.span(), "") for match, _ in found])
    deleted: set[int] = set()
    for (match, _), (position, _) in zip(found, places, strict=True):
        deleted |= inner_space(bare, position, bool(match[1]), deleted)
    bare, positions = delete_characters(bare, deleted, [position for position, _ in places])
    tags = [Tag(name, bool(match[1]), at) for (match, name), at in zip(found, positions, strict=True) if name in names]
    return Untagged(bare, tags, len(found) - len(tags))


def inner_space(text: str, position: int, is_closing: bool, deleted: Collection[int]) -> set[int]:
    """The white space between a tag and its content, if the text on the tag's other side needs none between them.

    deleted (Collection[int]): characters that are gone already.
    """
    before = (i for i in reversed(range(position)) if i not in deleted)
    after = (i for i in range(position, len(text)) if i not in deleted)
    inner, outer = (before, after) if is_closing else (after, before)
    first = next(outer, None)
    if first is not None and not text[first].isspace() and text[first] not in (ENDING if is_closing else OPENING):
        return set()
    return set(takewhile(lambda i: text[i].isspace(), inner))
