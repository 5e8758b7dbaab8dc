"""One labelled sentence as every reader gives it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# (start, end, label): offsets into the sentence's text, end exclusive
CharSpan = tuple[int, int, str]


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands.

    text (str): The plain text.
    spans (tuple[CharSpan, ...] | None): Entities in order, without overlaps; None where nobody labelled the sentence.
    file (Path): The file that it was read from.
    line (int): 1-based line (of a DocBin: the number of the doc) where it begins.
    words, spaces: The tokens of the file, and whether a space follows each; None where the text is yet to be tokenised.
    meta (dict[str, Any]): What the file itself knows: "id", "lang", "provenance", "score"; mostly empty.
    """

    text: str
    spans: tuple[CharSpan, ...] | None
    file: Path
    line: int
    words: tuple[str, ...] | None = None
    spaces: tuple[bool, ...] | None = None
    meta: dict[str, Any] = field(default_factory=dict)


def sentence_of_words(
    words: list[str],
    spaces: list[bool],
    token_spans: list[CharSpan] | None,
    file: Path,
    line: int,
    meta: dict[str, Any] | None = None,
) -> Sentence:
    """Make a sentence of tokens and spans of tokens (start, end, label), end exclusive."""
    ends, length = [], 0
    for word, space in zip(words, spaces, strict=True):
        length += len(word)
        ends.append(length)
        length += space
    spans = None
    if token_spans is not None:
        spans = tuple((ends[start] - len(words[start]), ends[end - 1], label) for start, end, label in token_spans)
    text = "".join(word + " " * space for word, space in zip(words, spaces, strict=True))
    return Sentence(text, spans, file, line, tuple(words), tuple(spaces), meta or {})


def overlaps(spans: list[CharSpan]) -> Iterator[tuple[CharSpan, CharSpan]]:
    """The neighbours among sorted spans that share a character."""
    return ((left, right) for left, right in itertools.pairwise(spans) if right[0] < left[1])
