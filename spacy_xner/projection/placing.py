"""Placing of all spans of a sentence: greedily by score, without overlaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import XnerError
from .second_opinion import SecondOpinion
from .types import MissingSpan, ProjectedSpan, Projection, Reason, SourceSpan

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass
class Candidates:
    """Candidate stretches of target words for one source span.

    edges (Integers): (n_edges,), ascending: words at which a stretch can begin and end.
    scores (Floats): (n_edges, n_edges): score of the stretch from the row's word to the column's word; 0 for a stretch
        that is not a candidate.
    best (float): the highest score.
    """

    edges: Integers
    scores: Floats
    best: float

    @classmethod
    def none(cls) -> "Candidates":
        """No candidates."""
        return cls(np.zeros(0, dtype=np.intp), np.zeros((0, 0)), 0.0)

    def copy(self) -> "Candidates":
        """A copy that stays when `place` excludes candidates of this one."""
        return Candidates(self.edges, self.scores.copy(), self.best)

    def exclude(self, excluded: npt.NDArray[np.bool_]) -> None:
        """Set the scores of some stretches to 0.

        excluded (numpy.ndarray): (n_kinds, n_edges, n_edges); a stretch is excluded if it is so for any kind.
        """
        self.scores[excluded.any(axis=0)] = 0
        self.best = float(self.scores.max(initial=0.0))

    def best_beside(self, start: int, end: int) -> float:
        """The highest score of another stretch than the words `start` to `end`; 0 if there is none."""
        others = self.scores[(self.edges[:, None] != start) | (self.edges != end - 1)]
        return float(others.max(initial=0.0))

    def weighed(self, factors: Floats | None) -> "Candidates":
        """A copy with scores multiplied by factors, (n_edges, n_edges); None for 1."""
        scores = self.scores.copy() if factors is None else self.scores * factors
        return Candidates(self.edges, scores, float(scores.max(initial=0.0)))

    def score_of(self, start: int, end: int) -> float:
        """The score of the words `start` to `end` (exclusive), which are a candidate."""
        row, column = np.searchsorted(self.edges, (start, end - 1))
        return float(self.scores[row, column])

    def best_stretch(self) -> tuple[int, int]:
        """Start and end (exclusive) of the best stretch. Ties go to the longest stretch, then to the first one."""
        rows, columns = np.nonzero(self.scores == self.best)
        firsts, lasts = self.edges[rows], self.edges[columns]
        longest = (lasts - firsts).argmax()
        return int(firsts[longest]), int(lasts[longest]) + 1

    def exclude_overlaps(self, start: int, end: int) -> None:
        """Set the scores of stretches that overlap the words `start` to `end` to 0."""
        if not len(self.edges) or self.edges[0] >= end or self.edges[-1] < start:
            return
        self.scores[np.ix_(self.edges < end, self.edges >= start)] = 0
        self.best = float(self.scores.max())


def place(
    spans: Sequence[SourceSpan], candidates: Mapping[int, Candidates], opinion: SecondOpinion | None = None
) -> Projection:
    """Choose a stretch of target words for each span.

    The best candidate of all spans is placed first, candidates that overlap it are excluded, and so on. A span without
    a stretch is reported as "missing" if it had no candidates at all, and as "overlapping" if all were excluded.

    candidates (Mapping[int, Candidates]): the candidates of each span, by its index in `spans`. They are modified, but
        not if there is an opinion.
    opinion (SecondOpinion | None): decides along with the scores of the candidates; the scores of placed spans are
        those of the candidates alone.
    """
    waiting = dict(candidates)
    if opinion is not None:
        own = list(candidates.values())
        labels = [spans[k].label for k in candidates]
        factors = opinion.factors(labels, [each.edges for each in own], [each.scores for each in own])
        waiting = {k: candidates[k].weighed(factor) for k, factor in zip(candidates, factors, strict=True)}
    placeable = {k for k, of_span in waiting.items() if of_span.scores.any()}
    found = Projection()
    while waiting:
        k, best = max(waiting.items(), key=lambda item: item[1].best)  # a tie goes to the first span
        if best.best <= 0:
            break
        del waiting[k]
        start, end = best.best_stretch()
        for others in waiting.values():
            others.exclude_overlaps(start, end)
        span = spans[k]
        score = min(1.0, best.best if opinion is None else candidates[k].score_of(start, end))
        found.spans.append(ProjectedSpan(start, end, span.label, score, span.start, span.end, span.kb_id, span.span_id))
    found.spans.sort(key=lambda span: span.start)
    for k in sorted(waiting):
        reason: Reason = "overlapping" if k in placeable else "missing"
        found.missing.append(MissingSpan(spans[k].start, spans[k].end, spans[k].label, reason))
    return found


def check_spans(spans: Sequence[SourceSpan], n_source: int) -> None:
    """RAISES: XnerError for a span that is empty or not inside the source words."""
    for start, end, label, *_ in spans:
        if not 0 <= start < end <= n_source:
            raise XnerError(
                f"The span {label!r} from word {start} to {end} is not inside its sentence of {n_source} words: "
                f"expected 0 <= start < end <= {n_source}."
            )
