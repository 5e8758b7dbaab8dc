"""Projects the entities of docs onto their translations: aligner, algorithm, filters and counts in one."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import tee

from spacy.tokens import Doc

from ..alignment.types import Aligner, Alignment
from ..errors import XnerError
from .types import MissingSpan, Projection, ProjectionAlgorithm, SourceSpan

COUNTS = (
    "sentences",
    "entities",
    "projected",
    "missing",
    "overlapping",
    "below_min_score",
    "incomplete_sentences",
    "dropped_sentences",
    "dropped_entities",
)


class SpanProjector:
    """Carries entities from source docs to target docs.

    aligner (Aligner): aligns words, for example `EmbeddingAligner`.
    algorithm (ProjectionAlgorithm): places spans, for example `SpanProjection`.
    min_score (float): spans with a lower score, in [0, 1], are taken for missing.
    complete (bool): drop a sentence when not all of its entities arrived.
    RAISES (XnerError): for a min_score outside [0, 1].

    `report` counts from the start: `sentences`; `entities` = `projected` + `missing` + `overlapping` +
    `below_min_score`; `incomplete_sentences`; and, with `complete`, `dropped_sentences`, and `dropped_entities`: those
    among the projected ones that went with their sentence.
    """

    def __init__(
        self, aligner: Aligner, algorithm: ProjectionAlgorithm, min_score: float = 0.0, complete: bool = False
    ) -> None:
        if not 0 <= min_score <= 1:
            raise XnerError(f"The setting min_score of the projection is {min_score}: expected a score from 0 to 1.")
        self.aligner = aligner
        self.algorithm = algorithm
        self.min_score = min_score
        self.complete = complete
        self.report: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))

    def project(self, pairs: Iterable[tuple[Doc, Doc]]) -> Iterator[Projection]:
        """Project the `ents` of source docs onto target docs, for (source, target) pairs; lazily, in order.

        Offsets are in tokens of the docs. Tokens of white space are neither aligned nor at the edge of a span. Docs are
        not changed. Pairs without entities never reach the aligner.
        """
        to_align, to_place = tee(_Pair(source, target) for source, target in pairs)
        alignments = self.aligner.align((pair.source.words, pair.target.words) for pair in to_align if pair.spans)
        for pair in to_place:
            found = self._place(pair, next(alignments)) if pair.spans else Projection()
            self._filter(found)
            self._count(found)
            yield found

    def _place(self, pair: "_Pair", alignment: Alignment) -> Projection:
        found = self.algorithm.project(pair.spans, pair.source.words, pair.target.words, alignment)
        return Projection([pair.in_tokens(span) for span in found.spans], [pair.in_tokens(span) for span in found.missing])
