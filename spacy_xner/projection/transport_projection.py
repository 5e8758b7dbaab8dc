"""`TransportProjection`: places spans by their expected F1 under the transport plan."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..alignment.transport import affinity_scale, transport_plan
from ..alignment.types import Alignment, Plan, Words
from ..alignment.word_kinds import ends_item, is_balanced, is_punctuation, mark_depths
from ..errors import XnerError
from .confidence import SpanFeatures, span_features
from .placing import Candidates, check_spans, place
from .second_opinion import SecondOpinion
from .types import Projection, SourceSpan

MIN_SENT = 0.005  # a word that sends a smaller share of its mass has no counterpart
TINY = 1e-12


class TransportProjection:
    """Chooses, for each source span, the stretch of target words that exchanges mass with it and with little else.

    The transport plan of the words' affinities says which mass the words of both sentences exchange (see
    `transport_plan`). A candidate is a stretch of target words; its score is

        score = F1(precision, recall)
        precision   share of the span's words in the mass that the stretch exchanges; articles and prepositions exchange
                    little, so they can fill a gap at nearly no cost
        recall      share of the stretch in the mass that a word of the span sends, mean over the words of the span that
                    have a counterpart

    A stretch begins and ends with a word that contributes at least `least_edge` to the recall (less if the target has
    more words than the source, as each gets less mass), so that it does not begin with an article whose own counterpart
    is missing. Punctuation is not at its edges, unless the source span contains some. It does not continue past a
    comma, semicolon or colon, unless there is one inside the source span: items of a list stay separate. It does not
    contain one bracket or quotation mark of a pair without the other one, unless the source span does. The best
    candidate of all spans is placed first, see `place`.

    The score of a span is the probability that it is exactly right, see `confidence`. It was fitted for the embedded
    encoder, the default settings, and text that spacy-xner's multilingual tokenizer splits. It is low for sentences
    that are no translations of each other.

    null (float | None): affinity of the bins of the plan, in [-1, 1]: words with lower affinities have no counterpart.
        None: `null_share` times the sentence pair's scale, see `affinity_scale`.
    neighbours (float): weight of the affinities of neighbouring pairs, 0 or more.
    least_edge (float): see above, in [0, 1].
    null_share (float): see `null`, in [0, 1].
    RAISES: XnerError for settings outside these ranges; when projecting, for spans outside the source words and for an
        aligner that does not align by transport.
    """

    def __init__(
        self,
        null: float | None = None,
        neighbours: float = 0.05,
        least_edge: float = 0.02,
        null_share: float = 0.5,
    ) -> None:
        if null is not None and not -1 <= null <= 1:
            raise XnerError(f"The setting null of the projection is {null}: expected an affinity from -1 to 1.")
        if neighbours < 0:
            raise XnerError(f"The setting neighbours of the projection is {neighbours}: expected 0 or more.")
        if not 0 <= least_edge <= 1:
            raise XnerError(f"The setting least_edge of the projection is {least_edge}: expected a number from 0 to 1.")
        if not 0 <= null_share <= 1:
            raise XnerError(f"The setting null_share of the projection is {null_share}: expected a number from 0 to 1.")
        self.null = null
        self.neighbours = neighbours
        self.least_edge = least_edge
        self.null_share = null_share

    def project(
        self,
        spans: Sequence[SourceSpan],
        source: Words,
        target: Words,
        alignment: Alignment,
        opinion: SecondOpinion | None = None,
    ) -> Projection:
        """Project the spans of the `source` words onto the `target` words, which `alignment` aligns."""
        found, features = self.place_spans(spans, source, target, alignment, opinion)
        scored = zip(found.spans, features.scores(), strict=True)
        return Projection([replace(span, score=score) for span, score in scored], found.missing)

    def place_spans(
        self,
        spans: Sequence[SourceSpan],
        source: Words,
        target: Words,
        alignment: Alignment,
        opinion: SecondOpinion | None = None,
    ) -> tuple[Projection, SpanFeatures]:
        """As `project`, with the F1 as scores. RETURNS: the projection, and what its real scores are computed from."""
        check_spans(spans, len(source))
        if alignment.affinity is None:
            raise XnerError(
                "spacy_xner.TransportProjection.v1 needs an aligner that aligns by transport: "
                'spacy_xner.EmbeddingAligner.v1 with the method "transport". To place spans by the links of another '
                "one, use spacy_xner.SpanProjection.v1."
            )
        masses = alignment.masses
        scale = affinity_scale(alignment.affinity, masses)
        null = self.null_share * scale if self.null is None else self.null
        plan = transport_plan(alignment.affinity, null, self.neighbours, masses)
        punctuation = np.array([is_punctuation(word) for word in target], dtype=bool)
        ends = np.array([ends_item(word) for word in target], dtype=bool)
        depths = mark_depths(target)
        candidates = {}
        for k, span in enumerate(spans):
            has_some = any(map(is_punctuation, source[span.start : span.end]))
            edges = np.ones_like(punctuation) if has_some else ~punctuation
            in_list = not any(map(ends_item, source[span.start : span.end - 1]))
            found = candidates_of(span, plan, masses[0], edges, ends if in_list else None, self.least_edge)
            if len(depths) and is_balanced(source[span.start : span.end]):
                found.exclude(depths[:, found.edges][:, :, None] != depths[:, found.edges + 1][:, None])
            candidates[k] = found
        every = {(span.start, span.end): candidates[k].copy() for k, span in enumerate(spans)}  # `place` removes some
        placed = place(spans, candidates, opinion)
        second_best = [
            every[span.source_start, span.source_end].best_beside(span.start, span.end) for span in placed.spans
        ]
        features = span_features(placed.spans, second_best, source, target, plan, alignment.affinity, masses, scale)
        return placed, features


def candidates_of(
    span: SourceSpan,
    plan: Plan,
    source_masses: np.ndarray,
    can_be_edge: np.ndarray,
    ends: np.ndarray | None,
    least_edge: float,
) -> Candidates:
    """Score all candidate stretches of a span.

    source_masses (numpy.ndarray): (n_source,), the mass of each source word in the plan.
    can_be_edge (numpy.ndarray): (n_target,) of bool, words with which a stretch can begin and end.
    ends (numpy.ndarray | None): (n_target,) of bool, words after which a stretch cannot continue.
    """
    own = plan[span.start : span.end]
    sent = own.sum(axis=1)
    matched = sent >= MIN_SENT * source_masses[span.start : span.end]
    if not matched.any():
        return Candidates.none()
    # (n_target,): each word's contribution to the recall
    to_recall = (own[matched] / sent[matched, None]).mean(axis=0)
    least = max(TINY, least_edge * np.clip(plan.shape[0] / plan.shape[1], 0.25, 1))  # few edges, also in long sentences
    edges = np.flatnonzero(can_be_edge & (to_recall >= least))

    def sums_at_edges(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the values before each edge, as a column, and up to and including each edge."""
        sums = np.append(0, values.cumsum())
        return sums[edges][:, None], sums[edges + 1]

    (before, through), (own_before, own_through), (all_before, all_through) = map(
        sums_at_edges, (to_recall, own.sum(axis=0), plan.sum(axis=0))
    )
    recall = through - before
    precision = (own_through - own_before) / np.maximum(all_through - all_before, TINY)
    scores = np.triu(2 * precision * recall / np.maximum(precision + recall, TINY))
    if ends is not None:
        n_ends = np.append(0, ends.cumsum())[edges]  # before each edge
        scores[n_ends[:, None] != n_ends] = 0
    return Candidates(edges, scores, float(scores.max(initial=0.0)))
