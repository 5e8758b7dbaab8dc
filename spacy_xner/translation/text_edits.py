"""Edits of a text that keep track of the character offsets of its spans."""

import re
from bisect import bisect_left
from collections.abc import Collection, Sequence

CharSpan = tuple[int, int, str]  # start, end, label; offsets in characters


def replace_spans(text: str, spans: Sequence[CharSpan], replacements: Sequence[str]) -> str:
    """Replace the text of each span, in order."""
    return replace_ranges(text, [(start, end, new) for (start, end, _), new in zip(spans, replacements, strict=True)])[
        0
    ]


def replace_ranges(text: str, changes: Sequence[tuple[int, int, str]]) -> tuple[str, list[tuple[int, int]]]:
    """Replace ranges of a text.

    changes (Sequence[tuple[int, int, str]]): start, end and new text, sorted and without overlaps.
    RETURNS: the new text, and the offsets of the replacements in it.
    """
    built, done = "", 0
    places = []
    for start, end, new in changes:
        built += text[done:start]
        places.append((len(built), len(built) + len(new)))
        built += new
        done = end
    return built + text[done:], places


def delete_matches(text: str, spans: Sequence[CharSpan], pattern: re.Pattern[str]) -> tuple[str, list[CharSpan]]:
    """Delete the single characters that a pattern matches. RETURNS: the new text, and the spans with new offsets."""
    deleted = {match.start() for match in pattern.finditer(text)}
    text, offsets = delete_characters(text, deleted, [offset for start, end, _ in spans for offset in (start, end)])
    moved = iter(offsets)
    return text, [(next(moved), next(moved), label) for *_, label in spans]


def delete_characters(text: str, deleted: Collection[int], offsets: Sequence[int]) -> tuple[str, list[int]]:
    """Delete characters by their numbers. RETURNS: the new text, and the offsets in it."""
    kept = "".join(character for i, character in enumerate(text) if i not in deleted)
    in_order = sorted(deleted)
    return kept, [offset - bisect_left(in_order, offset) for offset in offsets]


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """A range of a text without white space at its edges; start == end where nothing else is in it."""
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    return start, start + len(inside.strip())


def strip_text(text: str, spans: Sequence[CharSpan]) -> tuple[str, list[CharSpan]]:
    """Remove white space around a text. RETURNS: the new text, and the spans with new offsets."""
    shift = len(text) - len(text.lstrip())
    stripped = text.strip()
    moved = [(max(0, start - shift), min(len(stripped), end - shift), label) for start, end, label in spans]
    return stripped, moved
