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

# Signs as translators rewrite them: as entities of HTML, also escaped twice, and wide.
ENTITIES = {
    sign: f"(?i:&(?:amp;)?(?:{names});)"
    for sign, names in {"<": "lt|#60|#x3c", ">": "gt|#62|#x3e", "[": "#91|#x5b|lsqb", "]": "#93|#x5d|rsqb"}.items()
}
LEFT = {"<": f"(?:[<＜〈]|{ENTITIES['<']})", "[": rf"(?:[\[［【]|{ENTITIES['[']})"}
RIGHT = {"<": f"(?:[>＞〉]|{ENTITIES['>']})", "[": rf"(?:[\]］】]|{ENTITIES[']']})"}
# The same without 〈〉 and 【】, which texts of some languages have.
REMAINS = {
    "<": (f"[<＜]|{ENTITIES['<']}", f"[>＞]|{ENTITIES['>']}"),
    "[": (rf"[\[［]|{ENTITIES['[']}", rf"[\]］]|{ENTITIES[']']}"),
}
CLOSE = {"<": ">", "[": "]"}
SPECIAL = frozenset({"s", "pad", "unk", "mask"})  # <s> and the like are special tokens of many models
OPENING, ENDING = "([{«“‘¿¡", ")]}»”’'.,;:!?…、。，"  # signs without a space after, and without one before


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
    n_unknown (int): number of renamed tags, which were taken out too.
    """

    text: str
    tags: list[Tag]
    n_unknown: int


class TagStyle:
    """How tags look.

    sign (str): the first character of a tag, < or [.
    numbered (bool): names are e1, e2, ...; False: a, b, ..., z, aa, ab, ...
    """

    def __init__(self, sign: str, numbered: bool) -> None:
        self.sign, self.numbered = sign, numbered
        self.remains = [re.compile(pattern) for pattern in REMAINS[sign]]
        start = rf"{LEFT[sign]}\s{{0,3}}([/／\\]?)\s{{0,3}}([\w.:-]+)"
        self.tag = re.compile(rf"{start}\s{{0,3}}{RIGHT[sign]}")
        self.tag_with_attributes = re.compile(rf"{start}[^{re.escape(sign + CLOSE[sign])}]{{0,200}}{RIGHT[sign]}")

    def names_in(self, text: str) -> set[str]:
        """The names of all tags in a text, also with attributes, and of what looks like a tag; in lower case."""
        return {match[2].lower() for tag in (self.tag, self.tag_with_attributes) for match in tag.finditer(text)}

    def free_names(self, text: str) -> Iterator[str]:
        """Names that no tag in a text and no special token has, without end."""
        taken = self.names_in(text) | SPECIAL
        letters = ("".join(name) for length in count(1) for name in product(ascii_lowercase, repeat=length))
        numbers = (f"e{number}" for number in count(1))
        return (name for name in (numbers if self.numbered else letters) if name not in taken)

    def insert(self, text: str, places: Sequence[tuple[int, int]], names: Sequence[str]) -> str:
        """Enclose each place in a pair of tags. Where places begin or end together, inner tags are of the inner one.

        places (Sequence[tuple[int, int]]): start and end of each, in characters. None is empty; they may be nested or
            cross.
        """
        left, right = self.sign, CLOSE[self.sign]
        outer_first = sorted(range(len(places)), key=lambda i: (places[i][0], -places[i][1]))
        tags = [(places[i][0], 1, rank, f"{left}{names[i]}{right}") for rank, i in enumerate(outer_first)]
        tags += [(places[i][1], 0, -rank, f"{left}/{names[i]}{right}") for rank, i in enumerate(outer_first)]
        return replace_ranges(text, [(position, position, tag) for position, *_, tag in sorted(tags)])[0]

    def remove(self, text: str, names: Collection[str], known: Collection[str] | None = None) -> Untagged:
        """Take the tags with some names out of a text.

        White space between a tag and its content, which translators put there, goes where the word at the tag's other
        side needs none.

        names (Collection[str]): the names, in lower case; tags may have them in any case.
        known (Collection[str] | None): names of the text's own tags. Tags with yet other names are renamed ones, and
            taken out too, as far as tags with the expected names are missing; None: they stay.
        """
        matches = [(match, match[2].lower()) for match in self.tag.finditer(text)]
        own = [each for each in matches if each[1] in names]
        unknown = [each for each in matches if each[1] not in names and known is not None and each[1] not in known]
        unknown = [each for each in unknown if self.remains[0].match(each[0][0])]
        if len(unknown) > 2 * len(names) - len(own):
            unknown = []
        found = sorted([*own, *unknown], key=lambda each: each[0].start())
        bare, places = replace_ranges(text, [(*match.span(), "") for match, _ in found])
        deleted: set[int] = set()
        for (match, _), (position, _) in zip(found, places, strict=True):
            deleted |= inner_space(bare, position, bool(match[1]), deleted)
        bare, positions = delete_characters(bare, deleted, [position for position, _ in places])
        placed = zip(found, positions, strict=True)
        tags = [Tag(name, bool(match[1]), at) for (match, name), at in placed if name in names]
        return Untagged(bare, tags, len(found) - len(tags))

    def is_damaged(self, target: Untagged, source: str, lost: Sequence[str]) -> bool:
        """Whether a text has more signs of tags than its source, or lost tags with other signs.

        lost (Sequence[str]): names of tags that are not in the text, or not in pairs. Of others, "(a)" is no remainder.
        """
        patterns = list(self.remains)
        if lost:
            patterns.append(re.compile(rf"[(\[{{<]\s*[/／\\]?\s*(?ai:{'|'.join(lost)})\s*[)\]}}>]"))
        n_more = [len(pattern.findall(target.text)) - len(pattern.findall(source)) for pattern in patterns]
        return max(n_more) > 0 or (target.n_unknown > 0 and min(n_more[:2]) < 0)


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


TAG_STYLES = {
    "<a>": TagStyle("<", numbered=False),
    "<e1>": TagStyle("<", numbered=True),
    "[a]": TagStyle("[", numbered=False),
    "[e1]": TagStyle("[", numbered=True),
}
