"""Texts that are equal but for one word: found in linear time by the words that are left when one is removed."""

from collections.abc import Iterable, Iterator

import regex

from ..languages.scripts import UNSPACED_CHARACTER
from .texts import comparison_key

WORDS = regex.compile(rf"{UNSPACED_CHARACTER}|(?:(?!{UNSPACED_CHARACTER})\w)+")
MIN_WORDS = 5  # shorter texts are often equal by chance


class NearDuplicates:
    """Finds texts that differ from one of the known ones in one word at most, ignoring case and punctuation.

    One word may be replaced, added or removed. In scripts without spaces, each character is a word. Texts of fewer than
    5 words are ignored, since short ones are often equal by chance.

    texts (Iterable[str]): the known texts; `add` adds others.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._known: set[int] = set()
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Make a text known."""
        self._known.update(_keys(text))

    def __contains__(self, text: str) -> bool:
        return any(key in self._known for key in _keys(text))


def is_long(text: str) -> bool:
    """Whether a text has at least 5 words, so that it is compared."""
    return len(_words(text)) >= MIN_WORDS


def _words(text: str) -> list[str]:
    return [key for word in WORDS.findall(text) if (key := comparison_key(word))]


def _keys(text: str) -> Iterator[int]:
    """Hashes of the words of a text, and of those that are left when one of them is removed."""
    words = _words(text)
    if len(words) >= MIN_WORDS:
        yield hash(tuple(words))
        for number in range(len(words)):
            yield hash((*words[:number], *words[number + 1 :]))
