"""What projection takes and gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from ..alignment.types import Alignment, Words

Reason = Literal["missing", "overlapping", "below_min_score"]


class SourceSpan(NamedTuple):
    """A labelled span of the source sentence: words `start` to `end`, end exclusive."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class ProjectedSpan:
    """Words `start` to `end` (end exclusive) of the target sentence, a score in [0, 1], and the span it comes from."""

    start: int
    end: int
    label: str
    score: float
    source_start: int
    source_end: int


@dataclass(frozen=True)
class MissingSpan:
    """A source span that has no target span, and why.

    - "missing": no target words are linked with it;
    - "overlapping": a span with a higher score took the words that are;
    - "below_min_score": the filter rejected its target span.
    """

    start: int
    end: int
    label: str
    reason: Reason


@dataclass
class Projection:
    """What became of the source spans of one sentence pair.

    spans (list[ProjectedSpan]): target spans, in order, without overlaps.
    missing (list[MissingSpan]): source spans without a target span. Every source span is in one of the two lists,
        unless the sentence was dropped.
    dropped (bool): the completeness filter rejected the sentence; then `spans` is empty, though the text has entities.
    """

    spans: list[ProjectedSpan] = field(default_factory=list)
    missing: list[MissingSpan] = field(default_factory=list)
    dropped: bool = False

    @property
    def complete(self) -> bool:
        """Whether every source span arrived."""
        return not self.missing

    @property
    def score(self) -> float:
        """The lowest score of a span; 1 where there is none and nothing is missing, 0 where something is."""
        return min((span.score for span in self.spans), default=1.0) if self.complete else 0.0


class ProjectionAlgorithm(Protocol):
    """Finds target spans; what a config can choose as `projection`."""

    def project(self, spans: Sequence[SourceSpan], source: Words, target: Words, alignment: Alignment) -> Projection:
        """Project the spans of the `source` words onto the `target` words, which `alignment` aligns."""
        ...
