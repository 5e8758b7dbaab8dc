"""The sentence that all readers of files return."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

# (start, end, label): offsets into the sentence's text, end exclusive
CharSpan = tuple[int, int, str]


class SpanDetails(NamedTuple):
    """What a file says of an entity beside its place and label.

    kb_id (str): its id in a knowledge base, as `span.kb_id_`; "" for none.
    span_id (str): its own id, as `span.id_`; "" for none.
    score (float | None): a score in [0, 1].
    """

    kb_id: str = ""
    span_id: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Sentence:
    """A sentence and its place in a file.

    text (str): the plain text.
    spans (tuple[CharSpan, ...] | None): entities in order, without overlaps; None for an unlabelled sentence.
    file (Path): the file that it was read from.
    line (int): number of its first line (in a DocBin: of the doc), counted from 1.
    words (tuple[str, ...] | None), spaces (tuple[bool, ...] | None): the tokens in the file, and whether a space
        follows each; None if the file does not tokenize the text.
    unlabelled (tuple[tuple[int, int], ...]): ranges (start, end) of characters whose annotation is missing: nobody
        says whether there are entities. Only for labelled sentences.
    details (dict[CharSpan, SpanDetails]): of the entities that have a knowledge-base id, an id or a score.
    meta (dict[str, Any]): values in the file: "id", "lang", "provenance", "score"; mostly empty.
    """

    text: str
    spans: tuple[CharSpan, ...] | None
    file: Path
    line: int
    words: tuple[str, ...] | None = None
    spaces: tuple[bool, ...] | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    unlabelled: tuple[tuple[int, int], ...] = ()
    details: dict[CharSpan, SpanDetails] = field(default_factory=dict)


def sentence_of_words(
    words: list[str],
    spaces: list[bool],
    token_spans: list[CharSpan] | None,
    file: Path,
    line: int,
    meta: dict[str, Any] | None = None,
    missing: Collection[int] = (),
) -> Sentence:
    """Make a sentence from tokens and spans of tokens (start, end, label), end exclusive.

    missing (Collection[int]): tokens whose annotation is missing. Where all are, the sentence is unlabelled.
    """
    if token_spans is not None and words and len(set(missing)) == len(words):
        token_spans, missing = None, ()
    ends, length = [], 0
    for word, space in zip(words, spaces, strict=True):
        length += len(word)
        ends.append(length)
        length += space
    spans = None
    if token_spans is not None:
        spans = tuple((ends[start] - len(words[start]), ends[end - 1], label) for start, end, label in token_spans)
    text = "".join(word + " " * space for word, space in zip(words, spaces, strict=True))
    unlabelled = tuple((ends[i] - len(words[i]), ends[i]) for i in sorted(set(missing)))
    return Sentence(text, spans, file, line, tuple(words), tuple(spaces), meta or {}, unlabelled)


def trim_span(text: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """A span (start, end) without white space at its edges; start == end if nothing else is in it.

    text (Sequence[str]): a text (start and end are offsets of characters) or tokens (numbers of tokens).
    """
    while start < end and not text[start].strip():
        start += 1
    while start < end and not text[end - 1].strip():
        end -= 1
    return start, end


def overlapping(spans: list[CharSpan]) -> Iterator[tuple[CharSpan, CharSpan]]:
    """Yield the neighbours among sorted spans that overlap."""
    return ((left, right) for left, right in itertools.pairwise(spans) if right[0] < left[1])
