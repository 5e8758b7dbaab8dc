"""`LinkProjection`: places spans by alignment links, by the F1 of candidate spans under the links."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..alignment.types import Alignment, Similarity, Words
from ..alignment.word_kinds import is_punctuation
from ..errors import XnerError
from ..languages.scripts import is_unspaced_text
from .placing import Candidates, Integers, check_spans, place
from .second_opinion import SecondOpinion
from .types import Projection, SourceSpan


class LinkProjection:
    """Chooses, for each source span, the stretch of target words that matches its links best.

    A candidate begins and ends with a word linked with the span, so that unaligned words (articles, for example) are
    never at its edges. Neither is punctuation, unless the source span contains some. In scripts without spaces, whose
    words are characters, an unaligned word next to a linked one counts as linked if its most similar source word is in
    the span. The score is

        score = F1(precision, recall) * similarity
        precision   mean over the target words of the share of the word's links that lead into the source span;
                    `unaligned` for a word without links
        recall      mean over the source words of the share of the word's links that lead into the candidate; 0 for a
                    word without links
        similarity  mean over the source words of the greatest similarity with a word of the candidate

    so a gap is filled if the words after it add more to the score than the gap costs; otherwise these words are left
    out. The best candidate of all spans is placed first, see `place`.

    The score orders the candidates of a sentence; it is no probability, and says little of whether the sentences are
    translations of each other. That of `TransportProjection` does.

    unaligned (float): precision of a word without links, in [0, 1]: at 0 it costs as much as a word of another span, at
        1 nothing.
    RAISES: XnerError for `unaligned` outside [0, 1] and, when projecting, for spans outside the source words.
    """

    def __init__(self, unaligned: float = 0.5) -> None:
        if not 0 <= unaligned <= 1:
            raise XnerError(f"The setting unaligned of the projection is {unaligned}: expected a number from 0 to 1.")
        self.unaligned = unaligned

    def project(
        self,
        spans: Sequence[SourceSpan],
        source: Words,
        target: Words,
        alignment: Alignment,
        opinion: SecondOpinion | None = None,
    ) -> Projection:
        """Project the spans of the `source` words onto the `target` words, which `alignment` aligns."""
        check_spans(spans, len(source))
        evidence = Evidence.of(source, target, alignment)
        return place(spans, {k: candidates_of(span, evidence, self.unaligned) for k, span in enumerate(spans)}, opinion)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The alignment of a sentence pair, as arrays.

    links (Integers): (n_links, 2), source and target word of each link.
    source_degrees, target_degrees (Integers): (n_source,) and (n_target,), number of links of each word.
    nearest (Integers): (n_target,), the most similar source word of unaligned words in scripts without spaces; -1 for
        other words.
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
        """Collect the evidence of an alignment."""
        links = np.array(alignment.links, dtype=np.intp).reshape(-1, 2)
        source_degrees = np.bincount(links[:, 0], minlength=len(source))
        target_degrees = np.bincount(links[:, 1], minlength=len(target))
        nearest = np.full(len(target), -1)
        free = [j for j, degree in enumerate(target_degrees.tolist()) if not degree and is_unspaced_text(target[j])]
        if free and source:
            nearest[free] = alignment.similarity[:, free].argmax(axis=0)
        return cls(source, target, alignment.similarity, links, source_degrees, target_degrees, nearest)


def candidates_of(span: SourceSpan, evidence: Evidence, unaligned: float) -> Candidates:
    """Score all candidate stretches of a span."""
    own = evidence.links[(evidence.links[:, 0] >= span.start) & (evidence.links[:, 0] < span.end)]
    inside = np.zeros((span.end - span.start, len(evidence.target)))
    inside[own[:, 0] - span.start, own[:, 1]] = 1
    linked = inside.sum(axis=0) > 0
    by_similarity = (evidence.nearest >= span.start) & (evidence.nearest < span.end)
    edges = np.flatnonzero(runs_with(linked, linked | by_similarity))
    if not any(map(is_punctuation, evidence.source[span.start : span.end])):
        edges = np.array([j for j in edges.tolist() if not is_punctuation(evidence.target[j])], dtype=np.intp)

    # Each target word's contribution to the precision and to the recall of a stretch.
    shares = inside.sum(axis=0) / np.maximum(evidence.target_degrees, 1)
    to_precision = np.where(evidence.target_degrees > 0, shares, np.where(by_similarity, 1.0, unaligned))
    to_recall = (inside / np.maximum(evidence.source_degrees[span.start : span.end], 1)[:, None]).mean(axis=0)
    similarity = evidence.similarity[span.start : span.end]
    scores = np.zeros((len(edges), len(edges)))
    for row, first in enumerate(edges):
        stretch = slice(first, edges[-1] + 1)
        ends = edges[row:] - first
        precision = to_precision[stretch].cumsum()[ends] / (ends + 1)
        recall = to_recall[stretch].cumsum()[ends]
        closeness = np.maximum.accumulate(similarity[:, stretch], axis=1)[:, ends].mean(axis=0)
        # The precision is above 0, since the first word has a link into the span or counts as linked.
        scores[row, row:] = 2 * precision * recall / (precision + recall) * closeness
    return Candidates(edges, scores, float(scores.max(initial=0.0)))


def runs_with(needed: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Mark the runs of `allowed` items that contain a `needed` item; all arrays are (n,)."""
    run = np.cumsum(np.diff(allowed, prepend=False))  # a number for each run and each gap
    return allowed & np.isin(run, run[needed & allowed])
