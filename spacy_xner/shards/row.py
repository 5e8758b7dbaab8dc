"""`Row`: a sentence, and what the steps of a corpus make of it, as plain values that travel between processes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..annotations.entities import PlainSpan

__all__ = ["PlainSpan", "Row", "RowSpan", "SoftLabels", "problem_of"]


class RowSpan(NamedTuple):
    """A `PlainSpan` whose score can be unknown: words `start` to `end` (end exclusive), "" for no identifier."""

    start: int
    end: int
    label: str
    score: float | None = None
    kb_id: str = ""
    span_id: str = ""


AnySpan = RowSpan | PlainSpan
Groups = dict[str, Sequence[AnySpan] | None]
"""Spans of `doc.spans` by the name of the group; None for the group `xner` if it has the entities with scores."""


@dataclass(eq=False, slots=True)
class SoftLabels:
    """A distribution over tags for each word.

    tags (list[str]): BILUO tags, one for each column.
    probabilities (np.ndarray): float32, (n_words, n_tags); a row of zeros for a word without a soft label.
    """

    tags: list[str]
    probabilities: np.ndarray

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SoftLabels):
            return NotImplemented
        return self.tags == other.tags and np.array_equal(self.probabilities, other.probabilities)


@dataclass(slots=True)
class Row:
    """A sentence of the source language and, once there is one, its translation: the target.

    id (str), lang (str), score (float), meta (dict[str, Any]): `doc._.xner_meta` of the target; of the source before
        there is a target. `meta` has the rest, as plain JSON: provenance, and a user's own values.
    source_lang (str): language of the source.
    source_words (list[str]), source_spaces (list[bool]): the words of the source, and whether a space follows each;
        [] for the spaces of words that were read from a file without them.
    source_spans (Sequence[RowSpan] | None): entities in order, without overlaps; None: unlabelled.
    source_complete (bool): whether the words outside of these spans are known to be outside of entities (O).
        It says nothing where there are no labels.
    source_outside (list[int]): where they are not: numbers of the words that are, in a partly labelled source.
    source_groups (Groups): span groups, whose spans may overlap.
    source_sent_starts (list[int] | None): 1 where a sentence begins, -1 where none does, 0 where it is unknown; None
        without sentence boundaries.
    source_meta (dict[str, Any]): `doc._.xner_meta` of the source, once there is a target; {} before.
    words, spaces, spans, complete, outside, groups, sent_starts: the same of the target; words is None before there is
        one. Projected entities have scores.
    soft_labels (SoftLabels | None): of the target's words; of the source's before there is a target.
    """

    id: str
    lang: str
    source_lang: str
    source_words: list[str]
    source_spaces: list[bool]
    source_spans: Sequence[AnySpan] | None = None
    words: list[str] | None = None
    spaces: list[bool] | None = None
    spans: Sequence[AnySpan] | None = None
    complete: bool = False
    soft_labels: SoftLabels | None = None
    score: float = 1.0
    meta: dict[str, Any] = field(default_factory=dict)
    source_complete: bool = True
    source_outside: list[int] = field(default_factory=list)
    source_groups: Groups = field(default_factory=dict)
    source_sent_starts: list[int] | None = None
    source_meta: dict[str, Any] = field(default_factory=dict)
    outside: list[int] = field(default_factory=list)
    groups: Groups = field(default_factory=dict)
    sent_starts: list[int] | None = None


def problem_of(row: Row) -> str | None:
    """What is wrong with a row, for messages: found and expected. None for a row that docs can be made of."""
    sides = [("source_words", row.source_words, row.source_spaces, row.source_spans, row.source_outside)]
    more = [(row.source_groups, row.source_sent_starts)]
    if row.words is not None:
        sides.append(("words", row.words, row.spaces or [], row.spans, row.outside))
        more.append((row.groups, row.sent_starts))
    elif row.spans is not None:
        return "found spans without words, expected the words of the target"
    for (name, words, spaces, spans, outside), (groups, starts) in zip(sides, more, strict=True):
        problem = _problem_of_words(name, words, spaces) or _problem_of_spans(name, len(words), spans or ())
        if problem:
            return problem
        if any(not 0 <= number < len(words) for number in outside):
            return f"found the numbers {outside} of words outside of entities, expected less than {len(words)} ({name})"
        if starts is not None and len(starts) != len(words):
            return f"found {len(starts)} sentence starts, expected one for each of {len(words)} words ({name})"
        for key, group in groups.items():
            if any(not 0 <= span.start <= span.end <= len(words) for span in group or ()):
                return f"found a span of the group {key!r} beyond the {len(words)} words ({name})"
    n_words = len(row.source_words if row.words is None else row.words)
    if row.soft_labels is not None and row.soft_labels.probabilities.shape != (n_words, len(row.soft_labels.tags)):
        shape, tags = row.soft_labels.probabilities.shape, len(row.soft_labels.tags)
        return f"found soft labels of the shape {shape}, expected {(n_words, tags)}: words and tags"
    return None


def _problem_of_words(name: str, words: list[str], spaces: list[bool]) -> str | None:
    if not all(words):  # None and ""
        return f"found an empty word among {name}, expected words of at least one character"
    if spaces and len(spaces) != len(words):
        return f"found {len(spaces)} spaces for {len(words)} {name}, expected as many, or none where they are unknown"
    return None


def _problem_of_spans(name: str, n_words: int, spans: Sequence[AnySpan]) -> str | None:
    end = 0
    for span in spans:
        if not end <= span.start < span.end <= n_words or not span.label:
            return (
                f"found the entity {tuple(span)}, expected a label, and a start and an end in order, without overlaps, "
                f"within {n_words} {name}"
            )
        end = span.end
    return None
