"""Places spans by what their words are linked with: the best precision and recall first, all spans together."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..alignment.types import Alignment, Similarity, Words
from ..alignment.unspaced import is_unspaced
from ..errors import XnerError
from .types import MissingSpan, ProjectedSpan, Projection, SourceSpan

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


class LinkProjection:
    """Chooses, for each source span, the stretch of target words that fits its links best.

    A candidate is a stretch that begins and ends with a word linked with the span, so that unaligned words (articles,
    for example) are never at its edges; words of punctuation are not either, unless the source span has some. In
    scripts without spaces, whose words are characters, an unaligned one beside them counts as linked where its most
    similar source word is in the span. The score is

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
        evidence = Evidence.of(source, target, alignment)
        waiting = {k: Candidates.of(span, evidence, self.unaligned) for k, span in enumerate(spans)}
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


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a sentence pair.

    links (Integers): (n_links, 2), source and target word of each link.
    source_degrees, target_degrees (Integers): (n_source,) and (n_target,), number of links of each word.
    nearest (Integers): (n_target,), most similar source word of unaligned words of unspaced scripts; -1 for others.
    """

    source: Words
    target: Words
    similarity: Similarity
    links: Integers
    source_degrees: Integers
    target_degrees: Integers
    nearest: Integers

    @classmethod
    def of(cls, source: Words, target: Words, alignment: Alignment) -> "Evidence":
        links = np.array(alignment.links, dtype=np.intp).reshape(-1, 2)
        source_degrees = np.bincount(links[:, 0], minlength=len(source))
        target_degrees = np.bincount(links[:, 1], minlength=len(target))
        nearest = np.full(len(target), -1)
        free = [j for j, degree in enumerate(target_degrees.tolist()) if not degree and is_unspaced(target[j])]
        if free and source:
            nearest[free] = alignment.similarity[:, free].argmax(axis=0)
        return cls(source, target, alignment.similarity, links, source_degrees, target_degrees, nearest)


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
    def of(cls, span: SourceSpan, evidence: Evidence, unaligned: float) -> "Candidates":
        """Score all stretches that a span could go to."""
        own = evidence.links[(evidence.links[:, 0] >= span.start) & (evidence.links[:, 0] < span.end)]
        inside = np.zeros((span.end - span.start, len(evidence.target)))
        inside[own[:, 0] - span.start, own[:, 1]] = 1
        linked = inside.sum(axis=0) > 0
        adopted = (evidence.nearest >= span.start) & (evidence.nearest < span.end)
        edges = np.flatnonzero(runs_with(linked, linked | adopted))
        if not any(map(is_punctuation, evidence.source[span.start : span.end])):
            edges = np.array([j for j in edges.tolist() if not is_punctuation(evidence.target[j])], dtype=np.intp)

        # What each target word brings to the precision and to the recall of a stretch.
        shares = inside.sum(axis=0) / np.maximum(evidence.target_degrees, 1)
        fidelity = np.where(evidence.target_degrees > 0, shares, np.where(adopted, 1.0, unaligned))
        coverage = (inside / np.maximum(evidence.source_degrees[span.start : span.end], 1)[:, None]).mean(axis=0)
        similarity = evidence.similarity[span.start : span.end]
        scores = np.zeros((len(edges), len(edges)))
        for row, first in enumerate(edges):
            stretch = slice(first, edges[-1] + 1)
            ends = edges[row:] - first
            precision = fidelity[stretch].cumsum()[ends] / (ends + 1)
            recall = coverage[stretch].cumsum()[ends]
            closeness = np.maximum.accumulate(similarity[:, stretch], axis=1)[:, ends].mean(axis=0)
            total = precision + recall  # 0 for adopted words alone, between others' words
            scores[row, row:] = 2 * precision * recall / np.where(total > 0, total, 1) * closeness
        return cls(edges, scores, float(scores.max(initial=0.0)))

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


def runs_with(needed: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The runs of `allowed` items that have at least one `needed` item, (n,) all."""
    run = np.cumsum(np.diff(allowed, prepend=False))  # a number for each run and each gap
    return allowed & np.isin(run, run[needed & allowed])


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
