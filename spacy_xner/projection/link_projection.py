"""Places spans by what their words are linked with: the best precision and recall first, all spans together."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..alignment.types import Alignment, Words
from ..errors import XnerError
from .types import MissingSpan, ProjectedSpan, Projection, SourceSpan

Floats = npt.NDArray[np.float64]


class LinkProjection:
    """Chooses, for each source span, the stretch of target words that fits its links best.

    A candidate is a stretch that begins and ends with a word linked with the span, so that unaligned words (articles,
    for example) are never at its edges; words of punctuation are not either, unless the source span has some. Its
    score is

        score = F1(precision, recall) * similarity
        precision   mean over the target words of the share of the word's links that lead into the source span;
                    `unaligned` for a word without links
        recall      mean over the source words of the share of the word's links that lead into the candidate; 0 for a
                    word without links
        similarity  mean over the source words of the greatest similarity with a word of the candidate

    so gaps are filled where they cost less than what lies behind them brings, and outliers are left out otherwise. The
    best candidate of all spans is placed first; what overlaps it is no candidate any more; and so on. A span that is
    left without candidates is reported as missing where it has no links, as overlapping where others took its words.

    unaligned (float): what a word without links counts for the precision, in [0, 1]: at 0 it costs as much as a word
        of another span, at 1 nothing.
    RAISES (XnerError): for `unaligned` outside [0, 1] and, when projecting, for spans outside the source words.
    """

    def __init__(self, unaligned: float = 0.5) -> None:
        if not 0 <= unaligned <= 1:
            raise XnerError(f"The setting unaligned of the projection is {unaligned}: expected a number from 0 to 1.")
        self.unaligned = unaligned

    def project(self, spans: Sequence[SourceSpan], source: Words, target: Words, alignment: Alignment) -> Projection:
        """Project the spans of the `source` words onto the `target` words, which `alignment` aligns."""
        check_spans(spans, len(source))
        links = np.array(alignment.links, dtype=np.intp).reshape(-1, 2)
        degrees = (np.bincount(links[:, 0], minlength=len(source)), np.bincount(links[:, 1], minlength=len(target)))
        waiting = {k: self._candidates(span, source, target, alignment, links, degrees) for k, span in enumerate(spans)}
        linked = {k for k, candidates in waiting.items() if candidates.scores.any()}
        found = Projection()
        while waiting:
            k, best = max(waiting.items(), key=lambda item: item[1].best)  # the first one wins a tie
            if best.best <= 0:
                break
            del waiting[k]
            start, end = best.best_stretch()
            for candidates in waiting.values():
                candidates.bar(start, end)
            span = spans[k]
            found.spans.append(ProjectedSpan(start, end, span.label, min(1.0, best.best), span.start, span.end))
        found.spans.sort(key=lambda span: span.start)
        found.missing = [MissingSpan(*spans[k], "overlapping" if k in linked else "missing") for k in sorted(waiting)]
        return found

    def _candidates(
        self,
        span: SourceSpan,
        source: Words,
        target: Words,
        alignment: Alignment,
        links: npt.NDArray[np.intp],
        degrees: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    ) -> "Candidates":
        inside = np.zeros((span.end - span.start, len(target)))
        own = links[(links[:, 0] >= span.start) & (links[:, 0] < span.end)]
        inside[own[:, 0] - span.start, own[:, 1]] = 1
        source_degrees, target_degrees = degrees[0][span.start : span.end], degrees[1]
        fidelity = np.where(target_degrees > 0, inside.sum(axis=0) / np.maximum(target_degrees, 1), self.unaligned)
        coverage = (inside / np.maximum(source_degrees, 1)[:, None]).mean(axis=0)
        edges = np.flatnonzero(inside.any(axis=0))
        if not any(map(is_punctuation, source[span.start : span.end])):
            edges = np.array([j for j in edges.tolist() if not is_punctuation(target[j])], dtype=np.intp)
        return Candidates.scored(edges, fidelity, coverage, alignment.similarity[span.start : span.end])


@dataclass
class Candidates:
    """Stretches of target words from one edge to another, with their scores; 0 for what is no candidate.

    edges (npt.NDArray[np.intp]): (n_edges,), rising: words where a stretch can begin and end.
    scores (Floats): (n_edges, n_edges), from the first word to the last.
    best (float): the greatest score.
    """

    edges: npt.NDArray[np.intp]
    scores: Floats
    best: float

    @classmethod
    def scored(
        cls, edges: npt.NDArray[np.intp], fidelity: Floats, coverage: Floats, similarity: npt.NDArray[np.float32]
    ) -> "Candidates":
        """Score all stretches between edges.

        fidelity (Floats): (n_target,), what each word brings to the precision of a stretch.
        coverage (Floats): (n_target,), what it brings to the recall.
        similarity (npt.NDArray[np.float32]): (n_span, n_target).
        """
        scores = np.zeros((len(edges), len(edges)))
        for row, first in enumerate(edges):
            stretch = slice(first, edges[-1] + 1)
            ends = edges[row:] - first
            precision = fidelity[stretch].cumsum()[ends] / (ends + 1)
            recall = coverage[stretch].cumsum()[ends]
            closeness = np.maximum.accumulate(similarity[:, stretch], axis=1)[:, ends].mean(axis=0)
            scores[row, row:] = 2 * precision * recall / (precision + recall) * closeness
        return cls(edges, scores, float(scores.max(initial=0.0)))

    def best_stretch(self) -> tuple[int, int]:
        """First word of the best stretch and the word behind it; the earliest of equals."""
        row, column = np.unravel_index(self.scores.argmax(), self.scores.shape)
        return int(self.edges[row]), int(self.edges[column]) + 1

    def bar(self, start: int, end: int) -> None:
        """Rule out what overlaps the words `start` to `end`."""
        if not len(self.edges) or self.edges[0] >= end or self.edges[-1] < start:
            return
        self.scores[np.ix_(self.edges < end, self.edges >= start)] = 0
        self.best = float(self.scores.max())


def is_punctuation(word: str) -> bool:
    """Whether a word has no letter, digit or symbol."""
    return all(unicodedata.category(character)[0] in "PZC" for character in word)


def check_spans(spans: Sequence[SourceSpan], n_source: int) -> None:
    """Raise an XnerError for a span that is empty or not inside the source words."""
    for start, end, label in spans:
        if not 0 <= start < end <= n_source:
            raise XnerError(
                f"The span {label!r} from word {start} to {end} is not inside its sentence of {n_source} words: "
                f"expected 0 <= start < end <= {n_source}."
            )
