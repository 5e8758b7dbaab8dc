"""Pairs by order: which sentence of one file translates which of another, where readers pass over some of them."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from ..errors import XnerError

# Words that a translation often keeps: numbers, and words that begin with a capital.
ANCHOR = re.compile(r"\d+|\b[^\W\d_a-z]\w+")
MAX_ANCHORS = 3  # that count, of a pair
MIN_GAIN = 1.0  # by which a shift from some sentence on must explain two files better than one from elsewhere


@dataclass
class Slots:
    """The sentences of a file, as far as pairing needs them.

    path (Path): the file.
    lines (list[int]): the line of each sentence, counted from 1; the numbers of sentences for files in other formats
        than `.txt`.
    empty (set[int]): indices of sentences without words.
    n_lines (int | None): number of lines of a `.txt`, which has a sentence a line; None for other formats.
    n_filled (int | None): the same without empty lines at the end.
    """

    path: Path
    lines: list[int] = field(default_factory=list)
    empty: set[int] = field(default_factory=set)
    n_lines: int | None = None
    n_filled: int | None = None

    def add(self, line: int, is_empty: bool) -> None:
        """Add the next sentence."""
        if is_empty:
            self.empty.add(len(self.lines))
        self.lines.append(line)


@dataclass(frozen=True)
class PassedOver:
    """Indices of sentences without a pair, in the order of reading."""

    source: frozenset[int]
    target: frozenset[int]


def pair_slots(source: Slots, target: Slots, counts: Counter[str]) -> PassedOver | None:
    """Pair sentences by order: line n with line n where both files have a sentence a line and the same number of lines,
    else sentence n with sentence n.

    What one side passes over (an empty line, a comment, an empty text) is passed over on the other side too.

    counts (Counter[str]): receives the count of what is passed over, and of that with text on one side alone.
    RETURNS (PassedOver | None): the sentences without a pair; None if the files have different numbers of sentences.
    """
    if have_same_lines(source, target):
        filled = [{line for i, line in enumerate(side.lines) if i not in side.empty} for side in (source, target)]
        both = filled[0] & filled[1]
        passed = [frozenset(i for i, line in enumerate(side.lines) if line not in both) for side in (source, target)]
        n_passed = max(source.n_filled or 0, target.n_filled or 0) - len(both)
        n_one_side = len(filled[0] ^ filled[1])
    else:
        n_sentences = len(source.lines)
        after = set(range(n_sentences, len(target.lines)))
        if not (len(target.lines) >= n_sentences and after <= target.empty):
            return None
        without_pair = source.empty | {i for i in target.empty if i < n_sentences}
        passed = [frozenset(without_pair), frozenset(without_pair | after)]
        by_reader = sum(max(0, (side.n_filled or 0) - len(side.lines)) for side in (source, target))
        n_passed = len(without_pair) + by_reader
        n_one_side = len(source.empty ^ (target.empty - after))
    if n_passed > 0:
        counts["lines passed over, empty or a comment"] = n_passed
        counts["of these with text on one side alone"] = n_one_side
    return PassedOver(*passed)


def have_same_lines(source: Slots, target: Slots) -> bool:
    """Whether both files have a sentence a line, and as many lines, with or without empty ones at the end."""
    if source.n_lines is None or target.n_lines is None:
        return False
    return source.n_lines == target.n_lines or source.n_filled == target.n_filled


def lengths_error(
    source: Slots, target: Slots, texts: Sequence[tuple[int, str]], others: Sequence[tuple[int, str]]
) -> XnerError:
    """The error for files of different length, with the first place that looks shifted.

    texts, others (Sequence[tuple[int, str]]): line and text of each sentence of both files, or of each of their lines.
    """
    n_source, n_target = len(source.lines), len(target.lines)
    message = (
        f"{source.path} has {n_source:,} sentences and {target.path} has {n_target:,}; expected the same number: "
        f"sentence n of the second file translates sentence n of the first."
    )
    if source.n_lines is not None and target.n_lines is not None:
        message += f" (They have {source.n_lines:,} and {target.n_lines:,} lines.)"
    place = first_shift([text for _, text in texts], [text for _, text in others])
    if place is not None:
        n_more = len(texts) - len(others)
        longer, longer_texts = (source.path, texts) if n_more > 0 else (target.path, others)
        n_more, (line, text) = abs(n_more), longer_texts[place]
        message += (
            f" The first place that looks shifted is {longer}:{line} ('{text[:60]}'): {n_more:,} "
            f"{'sentence' if n_more == 1 else 'sentences or lines'} without a counterpart may begin there."
        )
    return XnerError(message)


def first_shift(source: Sequence[str], target: Sequence[str]) -> int | None:
    """The first sentence of the longer side that has no counterpart, if all additional ones are at one place.

    A pair is likely if it shares numbers and names, and if its lengths have the usual ratio.

    RETURNS (int | None): its index; None if no place is clearly better than others.
    """
    shorter, longer = sorted((source, target), key=len)
    n_more = len(longer) - len(shorter)
    if not n_more or not shorter:
        return None
    ratio = (sum(map(len, longer)) + 1) / (sum(map(len, shorter)) + 1)
    before = [likeness(a, b, ratio) for a, b in zip(shorter, longer, strict=False)]
    after = [likeness(a, b, ratio) for a, b in zip(shorter, longer[n_more:], strict=True)]
    # The score of each place: likeness of the pairs before it, and of the shifted pairs from it on.
    all_after = sum(after)
    scores = [
        one + all_after - other
        for one, other in zip(accumulate(before, initial=0.0), accumulate(after, initial=0.0), strict=True)
    ]
    best = max(range(len(scores)), key=scores.__getitem__)
    others = [score for place, score in enumerate(scores) if abs(place - best) > 1]
    return best if not others or scores[best] - max(others) >= MIN_GAIN else None


def likeness(one: str, other: str, ratio: float) -> float:
    """How well two sentences may translate each other, by shared anchors and by their lengths.

    ratio (float): the usual length of `other` divided by that of `one`.
    """
    shared = set(ANCHOR.findall(one)) & set(ANCHOR.findall(other))
    return min(len(shared), MAX_ANCHORS) - abs(math.log((len(other) + 5) / (len(one) * ratio + 5)))
