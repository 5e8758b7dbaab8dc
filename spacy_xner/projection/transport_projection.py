"""Places spans by how their words share out what they mean: expected precision and recall of every stretch."""

from collections.abc import Sequence

import numpy as np

from ..alignment.transport import Plan, transport_plan
from ..alignment.types import Alignment, Words
from ..alignment.word_kinds import ends_item, is_punctuation
from ..errors import XnerError
from .placing import Candidates, check_spans, place
from .types import Projection, SourceSpan

LEAST_SENT = 0.005  # a word that sends less of its mass than this has no counterpart
TINY = 1e-12


class TransportProjection:
    """Chooses, for each source span, the stretch of target words that exchanges the most with it and nothing else.

    Words of both sentences exchange mass by the transport plan of their affinities (see `transport_plan`); a word that
    matches nothing keeps its own. A candidate is a stretch of target words; its score is

        score = F1(precision, recall)
        precision   of the mass that the stretch's words exchange, the share that is exchanged with the span: articles
                    and prepositions exchange little, so that they fill a gap at no cost
        recall      mean over the span's words that have a counterpart of the share of their mass that goes into the
                    stretch, of what goes anywhere

    A stretch begins and ends with a word that brings at least `least_edge` of the recall (less where the target has
    more words than the source, and each is worth less), so that it does not take in an article whose own counterpart is
    missing; nor with punctuation, unless the source span has some. Nor does it go on past a comma, semicolon or colon,
    unless there is one inside the source span: items of a list stay apart. The best candidate of all spans is placed
    first, see `place`.

    null (float): the affinity, in [-1, 1], below which words rather keep their mass.
    neighbours (float): what the affinities of neighbouring pairs add to that of a pair, 0 or more.
    least_edge (float): see above, in [0, 1].
    RAISES (XnerError): for settings outside these ranges; when projecting, for spans outside the source words and for
        an aligner that does not align by transport.
    """

    def __init__(self, null: float = 0.25, neighbours: float = 0.05, least_edge: float = 0.02) -> None:
        if not -1 <= null <= 1:
            raise XnerError(f"The setting null of the projection is {null}: expected an affinity from -1 to 1.")
        if neighbours < 0:
            raise XnerError(f"The setting neighbours of the projection is {neighbours}: expected 0 or more.")
        if not 0 <= least_edge <= 1:
            raise XnerError(f"The setting least_edge of the projection is {least_edge}: expected a number from 0 to 1.")
        self.null = null
        self.neighbours = neighbours
        self.least_edge = least_edge

    def project(self, spans: Sequence[SourceSpan], source: Words, target: Words, alignment: Alignment) -> Projection:
        """Project the spans of the `source` words onto the `target` words, which `alignment` aligns."""
        check_spans(spans, len(source))
        if alignment.affinity is None:
            raise XnerError(
                "spacy_xner.TransportProjection.v1 needs an aligner that aligns by transport: "
                'spacy_xner.EmbeddingAligner.v1 with the method "transport". To place spans by the links of another '
                "one, use spacy_xner.SpanProjection.v1."
            )
        plan = transport_plan(alignment.affinity, self.null, self.neighbours)
        punctuation = np.array([is_punctuation(word) for word in target], dtype=bool)
        ends = np.array([ends_item(word) for word in target], dtype=bool)
        candidates = {}
        for k, span in enumerate(spans):
            has_some = any(map(is_punctuation, source[span.start : span.end]))
            edges = np.ones_like(punctuation) if has_some else ~punctuation
            in_list = not any(map(ends_item, source[span.start : span.end - 1]))
            candidates[k] = candidates_of(span, plan, edges, ends if in_list else None, self.least_edge)
        return place(spans, candidates)


def candidates_of(
    span: SourceSpan, plan: Plan, can_be_edge: np.ndarray, ends: np.ndarray | None, least_edge: float
) -> Candidates:
    """Score all stretches that a span could go to.

    can_be_edge (numpy.ndarray): (n_target,) of bool, words that a stretch can begin and end with.
    ends (numpy.ndarray | None): likewise, words that a stretch can end with, but not go on behind.
    """
    own = plan[span.start : span.end]
    sent = own.sum(axis=1)
    matched = sent * len(plan) >= LEAST_SENT
    if not matched.any():
        return Candidates.none()
    # (n_target,), the recall that each word brings
    arrives = (own[matched] / sent[matched, None]).mean(axis=0)
    least = max(TINY, least_edge * np.clip(plan.shape[0] / plan.shape[1], 0.25, 1))  # so that edges stay few
    edges = np.flatnonzero(can_be_edge & (arrives >= least))

    def up_to(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the values before each edge, as a column, and up to and with each edge."""
        sums = np.append(0, values.cumsum())
        return sums[edges][:, None], sums[edges + 1]

    (before, upto), (own_before, own_upto), (all_before, all_upto) = map(
        up_to, (arrives, own.sum(axis=0), plan.sum(axis=0))
    )
    recall = upto - before
    precision = (own_upto - own_before) / np.maximum(all_upto - all_before, TINY)
    scores = np.triu(2 * precision * recall / np.maximum(precision + recall, TINY))
    if ends is not None:
        n_ends = np.append(0, ends.cumsum())[edges]  # before each edge
        scores[n_ends[:, None] != n_ends] = 0
    return Candidates(edges, scores, float(scores.max(initial=0.0)))
