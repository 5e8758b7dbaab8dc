"""`SpanProjector`: projects the entities of docs onto their translations."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..alignment.types import Aligner, Alignment, Words
from ..errors import XnerError
from . import confidence, second_opinion
from . import filters as sentence_filters
from .confidence import DEFAULT_MIN_SCORE
from .doc_words import PairWords
from .reading import read_pairs
from .second_opinion import Teacher, check_takes_opinion, check_weight, opinion_identity
from .transport_projection import TransportProjection
from .types import MissingSpan, Projection, ProjectionAlgorithm, count_names

REVISION = 3  # raise it if algorithms place other spans for the same alignment: keys of journals have it
BLOCK = 512  # maximum number of pairs read ahead: limits memory where few sentences have entities


class SpanProjector:
    """Projects entities from source docs onto target docs.

        project = SpanProjector()
        projection = project(source_doc, target_doc)

    `Projection.counts` counts the entities of a sentence; add them up over sentences.

    aligner (Aligner | None): aligns words; None for `EmbeddingAligner()`.
    algorithm (ProjectionAlgorithm | None): places spans; None for `TransportProjection()`.
    min_score (float): projected spans with a lower score, in [0, 1], count as missing. With `TransportProjection` the
        score is the probability that the span is exactly right.
    filters (Sequence[str]): drop sentences that fail one of these filters: "unaligned", "gaps", "label_counts", see
        `projection.filters`.
    label_map (Mapping[str, str] | None): new names for labels of the source, "" for labels to leave out; other labels
        stay.
    teacher (Teacher | None): a recogniser whose opinion on the target sentence weighs when spans are placed, see
        `second_opinion`. Spans of labels that it does not know are placed by the alignment alone, and counted.
    teacher_weight (float): how much it weighs; from 0 (no effect) to 10.
    RAISES: XnerError for a min_score outside [0, 1], an unknown filter, a teacher_weight outside [0, 10], and a teacher
        beside an algorithm that takes no opinion.
    """

    def __init__(
        self,
        aligner: Aligner | None = None,
        algorithm: ProjectionAlgorithm | None = None,
        min_score: float = DEFAULT_MIN_SCORE,
        filters: Sequence[str] = (),
        label_map: Mapping[str, str] | None = None,
        teacher: Teacher | None = None,
        teacher_weight: float = second_opinion.DEFAULT_WEIGHT,
    ) -> None:
        if not 0 <= min_score <= 1:
            raise XnerError(f"The setting min_score of the projection is {min_score}: expected a score from 0 to 1.")
        self.aligner = EmbeddingAligner() if aligner is None else aligner
        self.algorithm = TransportProjection() if algorithm is None else algorithm
        self.min_score = min_score
        self.filters = sentence_filters.check_filters(filters, "The setting filters of the projection")
        self.label_map = dict(label_map or {})
        self.teacher = teacher
        self.teacher_weight = check_weight(teacher_weight)
        if teacher is not None:
            check_takes_opinion(self.algorithm)

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the projections, as plain JSON; kept in provenance."""
        opinion = {} if self.teacher is None else opinion_identity(self.teacher, self.teacher_weight)
        return {
            "aligner": self.aligner.identity,
            "algorithm": {"name": type(self.algorithm).__name__, "revision": REVISION, **vars(self.algorithm)},
            "scores": confidence.identity(),
            "min_score": self.min_score,
            "filters": sentence_filters.identity(self.filters),
            "label_map": self.label_map,
            **opinion,
        }

    @property
    def count_names(self) -> tuple[str, ...]:
        """The names in `Projection.counts` of its projections."""
        return count_names(self.filters)

    def __call__(self, source: Doc, target: Doc) -> Projection:
        """Project the `ents` of one doc onto its translation, which is not changed."""
        (found,) = self.project([(source, target)])
        return found

    def project(self, pairs: Iterable[tuple[Doc, Doc]]) -> Iterator[Projection]:
        """Project the `ents` of source docs onto target docs, for (source, target) pairs; lazily, in order.

        Offsets are in tokens of the docs. Tokens of white space are neither aligned nor at the edge of a span. Docs are
        not changed. Pairs without entities are not aligned, and at most `BLOCK` pairs are read ahead.
        """
        prepared = read_pairs(pairs, self.label_map, self.teacher, self.teacher_weight)
        waiting: deque[PairWords] = deque()

        def to_align(block: Iterable[PairWords]) -> Iterator[tuple[Words, Words]]:
            for pair in block:
                waiting.append(pair)
                if pair.spans:
                    yield pair.source.words, pair.target.words

        for first in prepared:  # of a block
            block = chain([first], islice(prepared, BLOCK - 1))
            for alignment in self.aligner.align(to_align(block)):
                while not waiting[0].spans:
                    yield self._result(waiting.popleft(), None)
                yield self._result(waiting.popleft(), alignment)
            while waiting:
                yield self._result(waiting.popleft(), None)

    def project_aligned(
        self, pairs: Iterable[tuple[Doc, Doc]], alignments: Iterable[Alignment]
    ) -> Iterator[Projection]:
        """As `project`, for pairs that are already aligned: one alignment a pair, also for pairs without entities."""
        prepared = read_pairs(pairs, self.label_map, self.teacher, self.teacher_weight)
        for pair, alignment in zip(prepared, alignments, strict=True):
            yield self._result(pair, alignment)

    def _result(self, pair: PairWords, alignment: Alignment | None) -> Projection:
        if alignment is None or not pair.spans:
            return self._filter_sentence(Projection(missing=pair.blank), pair, Alignment.empty(0, 0))
        given: dict[str, Any] = {} if pair.opinion is None else {"opinion": pair.opinion}
        found = self.algorithm.project(pair.spans, pair.source.words, pair.target.words, alignment, **given)
        found = self._filter_sentence(self._filter_scores(pair.to_tokens(found)), pair, alignment)
        found.unknown_to_teacher = pair.n_unknown
        return found

    def _filter_scores(self, found: Projection) -> Projection:
        """Move spans below `min_score` to the missing ones."""
        low = [span for span in found.spans if span.score < self.min_score]
        if not low:
            return found
        rejected = [MissingSpan(span.source_start, span.source_end, span.label, "below_min_score") for span in low]
        return Projection(
            [span for span in found.spans if span.score >= self.min_score],
            sorted([*found.missing, *rejected], key=lambda span: span.start),
        )

    def _filter_sentence(self, found: Projection, pair: PairWords, alignment: Alignment) -> Projection:
        """Drop a sentence that fails a filter."""
        failed = sentence_filters.failed_filters(self.filters, pair, alignment, (span.label for span in found.spans))
        return Projection([], found.missing, dropped_spans=found.spans, dropped_by=failed) if failed else found
