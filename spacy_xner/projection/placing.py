"""Places the spans of a sentence, all together: the one that fits best first, and none over another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import XnerError
from .types import MissingSpan, ProjectedSpan, Projection, SourceSpan

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass
class Candidates:
    """Stretches of target words from one edge to another, with their scores; 0 for what is no candidate.

    edges (Integers): (n_edges,), rising: words where a stretch can begin and end.
    scores (Floats): (n_edges, n_edges), from the first word to the last.
    best (float): the greatest score.
    """

    edges: Integers
    scores: Floats
    best: float

    @classmethod
    def none(cls) -> "Candidates":
        """No candidates."""
        return cls(np.zeros(0, dtype=np.intp), np.zeros((0, 0)), 0.0)

    def best_stretch(self) -> tuple[int, int]:
        """First word of the best stretch and the word behind it; the longest of equals, then the earliest."""
        rows, columns = np.nonzero(self.scores == self.best)
        firsts, lasts = self.edges[rows], self.edges[columns]
        longest = (lasts - firsts).argmax()
        return int(firsts[longest]), int(lasts[longest]) + 1

    def bar(self, start: int, end: int) -> None:
        """Rule out what overlaps the words `start` to `end`."""
        if not len(self.edges) or self.edges[0] >= end or self.edges[-1] < start:
            return
        self.scores[np.ix_(self.edges < end, self.edges >= start)] = 0
        self.best = float(self.scores.max())


def place(spans: Sequence[SourceSpan], candidates: Mapping[int, Candidates]) -> Projection:
    """Give each span its best stretch of target words.

    The best candidate of all spans is placed first; what overlaps it is no candidate any more; and so on. A span that
    is left without candidates is reported as missing where it had none from the start, as overlapping where others took
    its words.

    candidates (Mapping[int, Candidates]): those of each span, by its index. They are used up.
    """
    waiting = dict(candidates)
    placeable = {k for k, of_span in waiting.items() if of_span.scores.any()}
    found = Projection()
    while waiting:
        k, best = max(waiting.items(), key=lambda item: item[1].best)  # the first one wins a tie
        if best.best <= 0:
            break
        del waiting[k]
        start, end = best.best_stretch()
        for others in waiting.values():
            others.bar(start, end)
        span = spans[k]
        found.spans.append(ProjectedSpan(start, end, span.label, min(1.0, best.best), span.start, span.end))
    found.spans.sort(key=lambda span: span.start)
    found.missing = [MissingSpan(*spans[k], "overlapping" if k in placeable else "missing") for k in sorted(waiting)]
    return found


def check_spans(spans: Sequence[SourceSpan], n_source: int) -> None:
    """Raise an XnerError for a span that is empty or not inside the source words."""
    for start, end, label in spans:
        if not 0 <= start < end <= n_source:
            raise XnerError(
                f"The span {label!r} from word {start} to {end} is not inside its sentence of {n_source} words: "
                f"expected 0 <= start < end <= {n_source}."
            )
