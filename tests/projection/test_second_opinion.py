"""A teacher's opinion when spans are placed: its effect, its limits, and what it is asked for."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc

from spacy_xner.alignment import Alignment
from spacy_xner.errors import XnerError
from spacy_xner.projection import Projection, SpanProjector
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.projection.reading import READ_BY_TEACHER
from spacy_xner.projection.second_opinion import FLOOR
from spacy_xner.projection.transport_projection import TransportProjection

from .test_projector import SomeLinks
from .util import doc_of


class Knows:
    """A teacher that gives 1 to some spans of tokens, 0 to others, and remembers what it read."""

    labels = ("PER", "LOC")
    identity: dict[str, Any] = {"name": "knows"}  # noqa: RUF012

    def __init__(self, *spans: tuple[int, int, str]) -> None:
        self.spans = spans
        self.read_docs: list[list[str]] = []

    def read(self, docs: Sequence[Doc]) -> Sequence["Knows"]:
        self.read_docs.append([doc.text.strip() for doc in docs])
        return [self] * len(docs)

    def of(self, label: str, firsts: np.ndarray, lasts: np.ndarray) -> np.ndarray:
        found = [[float((a, b + 1, label) in self.spans) for b in lasts.tolist()] for a in firsts.tolist()]
        return np.array(found).reshape(len(firsts), len(lasts))


class OneAffinity(SomeLinks):
    """An aligner by transport with a given affinity."""

    def __init__(self, affinity: list[list[float]]) -> None:
        super().__init__([])
        self.affinity = np.array(affinity, dtype=np.float32)

    def align(self, pairs: Any) -> Any:
        for source, target in pairs:
            assert self.affinity.shape == (len(source), len(target))
            yield Alignment(self.links, self.affinity, self.affinity)


def placed(found: Projection) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label) for span in found.spans]


# "Anna" is aligned with "Frau" a little and with "Anna" well, "sah" with itself
ANNA = doc_of("Anna saw", (0, 1, "PER")), doc_of("Frau Anna sah")
AFFINITY = [[0.6, 0.7, 0.0], [0.0, 0.0, 0.8]]


@pytest.mark.parametrize("algorithm", [TransportProjection(), LinkProjection()])
def test_the_teacher_decides_between_good_candidates(algorithm: Any) -> None:
    """The stretch changes. The score is that of the stretch without the teacher, who has no part in it."""
    aligner: Any = OneAffinity(AFFINITY)
    if isinstance(algorithm, LinkProjection):
        aligner = SomeLinks([(0, 0), (0, 1), (1, 2)])
    alone = SpanProjector(aligner, algorithm, 0)(*ANNA)
    assert placed(alone) == [(0, 2, "PER")]
    for right in ((1, 2, "PER"), (0, 2, "PER"), (0, 1, "PER")):
        found = SpanProjector(aligner, algorithm, 0, teacher=Knows(right), teacher_weight=0.2)(*ANNA)
        assert placed(found) == [right]
        if right == (0, 2, "PER"):
            assert found.spans[0].score == alone.spans[0].score
    without = SpanProjector(aligner, algorithm, 0, teacher=Knows((1, 2, "PER")), teacher_weight=0.0)
    assert without(*ANNA) == alone


def test_a_teacher_that_is_sure_of_nothing_changes_nothing() -> None:
    """All candidates have the least probability that counts: their order and scores stay."""
    aligner: Any = OneAffinity(AFFINITY)
    alone = SpanProjector(aligner, min_score=0)(*ANNA)
    for teacher in (Knows(), Knows((2, 3, "PER")), Knows((1, 2, "LOC"))):  # elsewhere, or of another label
        assert SpanProjector(aligner, min_score=0, teacher=teacher, teacher_weight=5.0)(*ANNA) == alone


def test_the_order_of_spans() -> None:
    """Two spans want the same word: the one that the teacher takes for an entity gets it."""
    docs = doc_of("Anna Paris", (0, 1, "PER"), (1, 2, "LOC")), doc_of("Paris")
    aligner: Any = SomeLinks([(0, 0), (1, 0)])
    for label in ("PER", "LOC"):
        teacher = Knows((0, 1, label))
        found = SpanProjector(aligner, LinkProjection(), 0, teacher=teacher)(*docs)
        assert placed(found) == [(0, 1, label)]
        assert [lost.reason for lost in found.missing] == ["overlapping"]


def test_tokens_of_white_space() -> None:
    """The teacher reads tokens, the aligner words."""
    target = doc_of("\n Frau \t Anna sah")
    assert len(target) == 5
    aligner: Any = OneAffinity(AFFINITY)
    found = SpanProjector(aligner, min_score=0, teacher=Knows((3, 4, "PER")), teacher_weight=0.2)(ANNA[0], target)
    assert placed(found) == [(3, 4, "PER")]


def test_unknown_labels_are_placed_without_the_teacher_and_counted() -> None:
    aligner: Any = OneAffinity(AFFINITY)
    source = doc_of("Anna saw", (0, 1, "TARGET"))
    teacher = Knows((1, 2, "TARGET"))
    found = SpanProjector(aligner, min_score=0, teacher=teacher, teacher_weight=5.0)(source, ANNA[1])
    assert placed(found) == [(0, 2, "TARGET")]
    assert found.counts["unknown_to_teacher"] == 1
    assert "unknown_to_teacher" not in SpanProjector(aligner, min_score=0, teacher=teacher)(*ANNA).counts
    renamed = SpanProjector(aligner, min_score=0, label_map={"TARGET": "PER"}, teacher=Knows((1, 2, "PER")))
    assert "unknown_to_teacher" not in renamed(source, ANNA[1]).counts


def test_what_the_teacher_reads() -> None:
    """The targets of sources with entities, a block at a time."""
    teacher = Knows()
    pairs = [(doc_of("a", (0, 1, "PER")), doc_of(f"A{i}")) for i in range(READ_BY_TEACHER + 1)]
    pairs[1:3] = [(doc_of("a"), doc_of("no entities")), (doc_of(""), doc_of(""))]
    projector = SpanProjector(SomeLinks([(0, 0)]), LinkProjection(), 0, teacher=teacher)
    results = projector.project(pair for pair in pairs)
    assert [len(found.spans) for found in islice(results, 4)] == [1, 0, 0, 1]
    assert teacher.read_docs == [["A0", *(f"A{i}" for i in range(3, READ_BY_TEACHER))]]
    assert len(list(results)) == READ_BY_TEACHER + 1 - 4
    assert teacher.read_docs[1:] == [[f"A{READ_BY_TEACHER}"]]


def test_settings() -> None:
    projector = SpanProjector(SomeLinks([]), LinkProjection(), teacher=Knows(), teacher_weight=0.5)
    assert {"teacher": {"name": "knows"}, "teacher_weight": 0.5, "teacher_floor": FLOOR}.items() <= (
        projector.identity.items()
    )
    assert not any(name.startswith("teacher") for name in SpanProjector(SomeLinks([]), LinkProjection()).identity)
    for weight in (-0.1, float("nan")):
        with pytest.raises(XnerError, match=f"teacher_weight of the projection is {weight}: expected 0 or more"):
            SpanProjector(SomeLinks([]), teacher_weight=weight)

    class Own:
        def project(self, spans: Any, source: Any, target: Any, alignment: Any) -> Projection:
            return Projection()

    assert SpanProjector(SomeLinks([(0, 0)]), Own())(*ANNA).spans == []  # type: ignore[arg-type]
    with pytest.raises(XnerError, match="Own takes no teacher's opinion: its method `project` has no argument"):
        SpanProjector(SomeLinks([]), Own(), teacher=Knows())  # type: ignore[arg-type]
