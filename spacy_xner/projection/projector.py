"""Projects the entities of docs onto their translations: aligner, algorithm, filters and counts in one."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..alignment.types import Aligner, Alignment, Words
from ..errors import XnerError
from .transport_projection import TransportProjection
from .types import MissingSpan, ProjectedSpan, Projection, ProjectionAlgorithm, SourceSpan

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


BLOCK = 512  # pairs: sentences without entities are not waited for, and memory stays flat where labels are sparse


class SpanProjector:
    """Carries entities from source docs to target docs.

        project = SpanProjector()
        projection = project(source_doc, target_doc)

    aligner (Aligner | None): aligns words; `EmbeddingAligner` where none is given.
    algorithm (ProjectionAlgorithm | None): places spans; `TransportProjection` where none is given.
    min_score (float): spans with a lower score, in [0, 1], are taken for missing.
    complete (bool): drop a sentence when not all of its entities arrived.
    label_map (Mapping[str, str] | None): other names for labels of the source, "" for those to leave out; labels that
        are not in it stay.
    RAISES (XnerError): for a min_score outside [0, 1].

    `report` counts from the start: `sentences`; `entities` = `projected` + `missing` + `overlapping` +
    `below_min_score`; `incomplete_sentences`; and, with `complete`, `dropped_sentences`, and `dropped_entities`: those
    among the projected ones that went with their sentence.
    """

    def __init__(
        self,
        aligner: Aligner | None = None,
        algorithm: ProjectionAlgorithm | None = None,
        min_score: float = 0.0,
        complete: bool = False,
        label_map: Mapping[str, str] | None = None,
    ) -> None:
        if not 0 <= min_score <= 1:
            raise XnerError(f"The setting min_score of the projection is {min_score}: expected a score from 0 to 1.")
        self.aligner = EmbeddingAligner(join_unspaced=True) if aligner is None else aligner
        self.algorithm = TransportProjection() if algorithm is None else algorithm
        self.min_score = min_score
        self.complete = complete
        self.label_map = dict(label_map or {})
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        self.report: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the projections, as plain JSON; goes into provenance."""
        return {
            "aligner": self.aligner.identity,
            "algorithm": {"name": type(self.algorithm).__name__, **vars(self.algorithm)},
            "min_score": self.min_score,
            "complete": self.complete,
            "label_map": self.label_map,
        }

    def __call__(self, source: Doc, target: Doc) -> Projection:
        """Project the `ents` of one doc onto its translation, which is not changed."""
        (found,) = self.project([(source, target)])
        return found

    def project(self, pairs: Iterable[tuple[Doc, Doc]]) -> Iterator[Projection]:
        """Project the `ents` of source docs onto target docs, for (source, target) pairs; lazily, in order.

        Offsets are in tokens of the docs. Tokens of white space are neither aligned nor at the edge of a span. Docs are
        not changed. Pairs without entities never reach the aligner, and no more than `BLOCK` of them are read ahead.
        """
        prepared = (SentencePair.of(source, target, self.label_map) for source, target in pairs)
        waiting: deque[SentencePair] = deque()

        def to_align(block: Iterable[SentencePair]) -> Iterator[tuple[Words, Words]]:
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
        """As `project`, for pairs that are aligned already, also those without entities."""
        for (source, target), alignment in zip(pairs, alignments, strict=True):
            yield self._result(SentencePair.of(source, target, self.label_map), alignment)

    def _result(self, pair: "SentencePair", alignment: Alignment | None) -> Projection:
        found = Projection() if alignment is None or not pair.spans else self._place(pair, alignment)
        found = self._filter(found)
        self._count(found)
        return self._drop(found)

    def _place(self, pair: "SentencePair", alignment: Alignment) -> Projection:
        found = self.algorithm.project(pair.spans, pair.source.words, pair.target.words, alignment)
        return pair.in_tokens(found)

    def _filter(self, found: Projection) -> Projection:
        """Move spans below the least score to the missing ones."""
        low = [span for span in found.spans if span.score < self.min_score]
        if not low:
            return found
        rejected = [MissingSpan(span.source_start, span.source_end, span.label, "below_min_score") for span in low]
        return Projection(
            [span for span in found.spans if span.score >= self.min_score],
            sorted([*found.missing, *rejected], key=lambda span: span.start),
        )

    def _drop(self, found: Projection) -> Projection:
        """Drop an incomplete sentence where only complete ones are wanted."""
        if found.complete or not self.complete:
            return found
        self.report["dropped_sentences"] += 1
        self.report["dropped_entities"] += len(found.spans)
        return Projection([], found.missing, dropped=True)

    def _count(self, found: Projection) -> None:
        self.report["sentences"] += 1
        self.report["entities"] += len(found.spans) + len(found.missing)
        self.report["projected"] += len(found.spans)
        self.report["incomplete_sentences"] += not found.complete
        self.report.update(span.reason for span in found.missing)


@dataclass(frozen=True)
class Sentence:
    """The words of a doc that are not white space, and the token of each."""

    words: tuple[str, ...]
    tokens: tuple[int, ...]

    @classmethod
    def of(cls, doc: Doc) -> "Sentence":
        tokens = tuple(token.i for token in doc if not token.is_space)
        return cls(tuple(doc[i].text for i in tokens), tokens)

    def in_tokens(self, start: int, end: int) -> tuple[int, int]:
        """Turn a span of words into one of tokens."""
        return self.tokens[start], self.tokens[end - 1] + 1


@dataclass(frozen=True)
class SentencePair:
    """What aligner and algorithm get to see of two docs."""

    source: Sentence
    target: Sentence
    spans: list[SourceSpan]

    @classmethod
    def of(cls, source: Doc, target: Doc, label_map: Mapping[str, str]) -> "SentencePair":
        if not isinstance(source, Doc) or not isinstance(target, Doc):
            wrong = type(target if isinstance(source, Doc) else source).__name__
            raise XnerError(f"Projection takes pairs of docs and got a {wrong}: expected a spacy.tokens.Doc.")
        sentence = Sentence.of(source)
        word_of = {token: word for word, token in enumerate(sentence.tokens)}
        spans = []
        for entity in source.ents:
            words = [word_of[i] for i in range(entity.start, entity.end) if i in word_of]
            label = label_map.get(entity.label_, entity.label_)
            if words and label:  # spaCy itself refuses entities of white space
                spans.append(SourceSpan(words[0], words[-1] + 1, label))
        return cls(sentence, Sentence.of(target), spans)

    def in_tokens(self, found: Projection) -> Projection:
        """The same with offsets in tokens of the docs."""
        spans = []
        for span in found.spans:
            start, end = self.target.in_tokens(span.start, span.end)
            source_start, source_end = self.source.in_tokens(span.source_start, span.source_end)
            spans.append(replace(span, start=start, end=end, source_start=source_start, source_end=source_end))
        missing = []
        for lost in found.missing:
            start, end = self.source.in_tokens(lost.start, lost.end)
            missing.append(replace(lost, start=start, end=end))
        return Projection(spans, missing)


def identifiers_of(source: Doc, span: ProjectedSpan) -> tuple[str, str]:
    """What the entity that a span was projected from is linked to: its `kb_id_` and `id_`, "" where to nothing."""
    for entity in source.ents:
        if (entity.start, entity.end) == (span.source_start, span.source_end):
            return entity.kb_id_, entity.id_
    return "", ""
