"""Splits long texts into parts that a translator accepts, and joins the translations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex

from ..languages.scripts import is_unspaced_language, is_unspaced_text

# Where to split, best places first: at the end of a line, a sentence, a clause, a word.
LINE, SENTENCE, CLAUSE, BLANK = (
    regex.compile(pattern)
    for pattern in (
        r"\s*\n\s*",
        r"(?<=[.!?…؟।۔][\"'”’»)\]]*)\s+|(?<=[。！？][”’」』）]*)\s*",
        r"(?<=[,;:،؛])\s+|(?<=[，；：、])\s*|\s+(?=[–—-]\s)",
        r"\s+",
    )
)
CLUSTER = regex.compile(r"\X")


@dataclass(frozen=True)
class Part:
    """A part of a text.

    gap (str): what separates it from the next part: a line break, a space, or nothing within a word. Between characters
        of a script without spaces it is a space, for target languages that use spaces.
    """

    text: str
    gap: str = ""


def split_text(text: str, fits: Callable[[str], bool]) -> list[Part]:
    """Split a text recursively, each time at the place of the best kind that is nearest to the middle.

    fits (Callable[[str], bool]): whether a text can be translated as a whole. A single character is never split, even
        if it does not fit.
    RETURNS: the parts, which together have all characters of the text except white space between parts.
    """
    if fits(text):
        return [Part(text)]
    for pattern, gap in ((LINE, "\n"), (SENTENCE, " "), (CLAUSE, " "), (BLANK, " "), (CLUSTER, "")):
        places = [(m.end(), m.end()) if pattern is CLUSTER else m.span() for m in pattern.finditer(text)]
        inner = [(start, end) for start, end in places if start > 0 and end < len(text)]
        if inner:
            start, end = min(inner, key=lambda place: abs(sum(place) - len(text)))
            if not gap and is_unspaced_text(text[start - 1]) and is_unspaced_text(text[end]):
                gap = " "
            *left, last = split_text(text[:start], fits)
            return [*left, Part(last.text, gap), *split_text(text[end:], fits)]
    return [Part(text)]


def join_parts(parts: Sequence[Part], translations: Sequence[str | None], target: str) -> str | None:
    """Join the translations of parts, with spaces between them where the target language uses spaces.

    RETURNS: None where one of the parts has no translation.
    """
    joined = ""
    for part, translation in zip(parts, translations, strict=True):
        if translation is None:
            return None
        joined += translation + ("" if part.gap == " " and is_unspaced_language(target) else part.gap)
    return joined
