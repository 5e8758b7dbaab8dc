"""Long texts in parts that a translator can take, and their translations together again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex

from ..languages.scripts import is_unspaced_language, is_unspaced_text

# Where to split, the best places first: ends of lines, of sentences, of clauses, of words.
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
    """A part of a text, and what stands between it and the next one: a line end, a blank, or nothing in a word.

    Between characters of a script without blanks it is a blank, for languages that have some.
    """

    text: str
    gap: str = ""


def split_text(text: str, fits: Callable[[str], bool]) -> list[Part]:
    """Split a text into parts that fit, as near to the middle as the best kind of place allows; nothing is lost.

    fits (Callable[[str], bool]): whether a text can be translated as a whole. What cannot be split, a single
        character, is a part even if it does not fit.
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
    """Put translations of parts together, with blanks between where the target language has them.

    RETURNS: None where one of the parts has no translation.
    """
    joined = ""
    for part, translation in zip(parts, translations, strict=True):
        if translation is None:
            return None
        joined += translation + ("" if part.gap == " " and is_unspaced_language(target) else part.gap)
    return joined
