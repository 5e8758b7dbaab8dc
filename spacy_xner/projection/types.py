"""Types of projection: source spans, projected and missing spans, the projection of a sentence pair."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from ..alignment.types import Alignment, Words

Reason = Literal["missing", "overlapping", "below_min_score"]
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


class SourceSpan(NamedTuple):
    """A labelled span of the source sentence: words `start` to `end`, end exclusive.

    kb_id (str), span_id (str): identifiers of the entity, as spaCy's `kb_id_` and `id_`; "" for none.
    """

    start: int
    end: int
    label: str
    kb_id: str = ""
    span_id: str = ""


@dataclass(frozen=True)
class ProjectedSpan:
    """Words `start` to `end` (end exclusive) of the target sentence, and the source span they were projected from.

    score (float): in [0, 1].
    source_start (int), source_end (int): the words of the source span, end exclusive.
    kb_id (str), span_id (str): identifiers of the source span.
    """

    start: int
    end: int
    label: str
    score: float
    source_start: int
    source_end: int
    kb_id: str = ""
    span_id: str = ""


@dataclass(frozen=True)
class MissingSpan:
    """A source span that has no target span, and the reason.

    - "missing": it is aligned with no target words;
    - "overlapping": spans with higher scores have taken the target words that it is aligned with;
    - "below_min_score": the score of its target span is too low.
    """

    start: int
    end: int
    label: str
    reason: Reason


@dataclass
class Projection:
    """The projection of one sentence pair. Every source span is in one of the three lists.

    spans (list[ProjectedSpan]): target spans, in order, without overlaps.
    missing (list[MissingSpan]): source spans without a target span.
    dropped_spans (list[ProjectedSpan]): the target spans of a dropped sentence, whose `spans` are empty.
    dropped_by (tuple[str, ...]): the names of all filters that drop the sentence, see `projection.filters`.
    unknown_to_teacher (int): source spans of labels that the teacher of a second opinion does not know.
    """

    spans: list[ProjectedSpan] = field(default_factory=list)
    missing: list[MissingSpan] = field(default_factory=list)
    dropped_spans: list[ProjectedSpan] = field(default_factory=list)
    dropped_by: tuple[str, ...] = ()
    unknown_to_teacher: int = 0

    @property
    def dropped(self) -> bool:
        """Whether a filter drops the sentence."""
        return bool(self.dropped_by)

    @property
    def complete(self) -> bool:
        """Whether every source span has a target span, and the sentence is not dropped."""
        return not self.missing and not self.dropped

    @property
    def score(self) -> float:
        """The lowest score of a span: 1 for a complete projection without spans, 0 for an incomplete one."""
        return min((span.score for span in self.spans), default=1.0) if self.complete else 0.0

    @property
    def counts(self) -> Counter[str]:
        """Counts of the names in `COUNTS`, to be added up over sentences; and `dropped_by_NAME` for each filter.

        `entities` = `projected` + `missing` + `overlapping` + `below_min_score`. `dropped_entities` are those among the
        projected ones whose sentence is dropped. `dropped_sentences` counts a sentence once, also if several filters
        drop it; `dropped_by_NAME` counts it under each of them. `unknown_to_teacher` is there only if a teacher did not
        know a label.
        """
        n_projected = len(self.spans) + len(self.dropped_spans)
        counts = Counter(dict.fromkeys(COUNTS, 0))
        counts.update(span.reason for span in self.missing)
        counts.update(
            sentences=1,
            entities=n_projected + len(self.missing),
            projected=n_projected,
            incomplete_sentences=int(bool(self.missing)),
            dropped_sentences=int(self.dropped),
            dropped_entities=len(self.dropped_spans),
        )
        counts.update(map(count_name, self.dropped_by))
        if self.unknown_to_teacher:
            counts["unknown_to_teacher"] = self.unknown_to_teacher
        return counts


def count_name(filter: str) -> str:
    """The name under which the sentences that a filter drops are counted."""
    return f"dropped_by_{filter}"


def count_names(filters: Iterable[str]) -> tuple[str, ...]:
    """The names of all counts of a projector with these filters."""
    return *COUNTS, *map(count_name, filters)


class ProjectionAlgorithm(Protocol):
    """Finds target spans; registered algorithms can be named in a config as `projection`."""

    def project(self, spans: Sequence[SourceSpan], source: Words, target: Words, alignment: Alignment) -> Projection:
        """Project the spans of the `source` words onto the `target` words, which `alignment` aligns.

        To be used with a teacher, an algorithm has another argument, `opinion` (`SecondOpinion | None`, default None):
        the teacher's opinion on the target words, see `place`. It is passed only if there is one.
        """
        ...
