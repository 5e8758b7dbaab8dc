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
from spacy_xner.projection.second_opinion import FLOOR, SecondOpinion
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


# "Anna" is aligned with "Frau" a little and with "Anna" well, the others with one word each
ANNA = doc_of("Anna saw Paris", (0, 1, "PER"), (2, 3, "LOC")), doc_of("Frau Anna sah Paris")
AFFINITY = [[0.6, 0.7, 0.0, 0.0], [0.0, 0.0, 0.8, 0.0], [0.0, 0.0, 0.0, 0.9]]
PARIS = (3, 4, "LOC")


@pytest.mark.parametrize("algorithm", [TransportProjection(), LinkProjection()])
def test_the_teacher_decides_between_good_candidates(algorithm: Any) -> None:
    """The stretch changes. The score is that of the stretch without the teacher, who has no part in it."""
    aligner: Any = OneAffinity(AFFINITY)
    if isinstance(algorithm, LinkProjection):
        aligner = SomeLinks([(0, 0), (0, 1), (1, 2), (2, 3)])
    alone = SpanProjector(aligner, algorithm, 0)(*ANNA)
    assert placed(alone) == [(0, 2, "PER"), PARIS]
    for right in ((1, 2, "PER"), (0, 2, "PER"), (0, 1, "PER")):
        found = SpanProjector(aligner, algorithm, 0, teacher=Knows(right, PARIS), teacher_weight=0.5)(*ANNA)
        assert placed(found) == [right, PARIS]
        if right == (0, 2, "PER"):
            assert [span.score for span in found.spans] == [span.score for span in alone.spans]
    without = SpanProjector(aligner, algorithm, 0, teacher=Knows((1, 2, "PER"), PARIS), teacher_weight=0.0)
    assert without(*ANNA) == alone


@pytest.mark.parametrize("spans", [(), ((1, 2, "PER"),), ((1, 2, "LOC"), PARIS), ((2, 3, "PER"), PARIS)])
def test_a_teacher_without_a_useful_opinion_changes_nothing(spans: Any) -> None:
    """It takes none of the spans for an entity, or has an opinion on another label or on other words."""
    aligner: Any = OneAffinity(AFFINITY)
    alone = SpanProjector(aligner, min_score=0)(*ANNA)
    assert SpanProjector(aligner, min_score=0, teacher=Knows(*spans), teacher_weight=9.0)(*ANNA) == alone


def test_factors() -> None:
    """By hand: the agreement is the mean probability of the best candidates, 1 and 0; unknown labels are out."""
    opinion = SecondOpinion(Knows((1, 2, "PER"), (5, 6, "PER")), frozenset({"PER"}), np.array([0, 1, 5]), 0.4)
    edges = [np.array([0, 1]), np.array([2]), np.array([0]), np.array([], dtype=np.intp)]
    scores = [np.array([[0.1, 0.5], [0.0, 0.4]]), np.array([[0.9]]), np.array([[0.9]]), np.zeros((0, 0))]
    first, second, unknown, empty = opinion.factors(["PER", "PER", "X", "PER"], edges, scores)
    least = FLOOR ** (0.4 * (0 + 1) / 2)
    assert first == pytest.approx(np.array([[least, least], [least, 1.0]]))
    assert second == pytest.approx(np.array([[1.0]]))
    assert unknown is None
    assert empty is not None
    assert empty.shape == (0, 0)


def test_the_order_of_spans() -> None:
    """Two spans want the same word: the one that the teacher takes for an entity gets it."""
    docs = doc_of("Anna Paris", (0, 1, "PER"), (1, 2, "LOC")), doc_of("Paris")
    aligner: Any = SomeLinks([(0, 0), (1, 0)])
    assert placed(SpanProjector(aligner, LinkProjection(), 0)(*docs)) == [(0, 1, "PER")]
    for label in ("PER", "LOC"):
        teacher = Knows((0, 1, label))
        found = SpanProjector(aligner, LinkProjection(), 0, teacher=teacher)(*docs)
        assert placed(found) == [(0, 1, label)]
        assert [lost.reason for lost in found.missing] == ["overlapping"]


def test_tokens_of_white_space() -> None:
    """The teacher reads tokens, the aligner words."""
    target = doc_of("\n Frau \t Anna sah \n Paris")
    assert len(target) == 7
    teacher = Knows((3, 4, "PER"), (6, 7, "LOC"))
    aligner: Any = OneAffinity(AFFINITY)
    found = SpanProjector(aligner, min_score=0, teacher=teacher, teacher_weight=0.5)(ANNA[0], target)
    assert placed(found) == [(3, 4, "PER"), (6, 7, "LOC")]


def test_unknown_labels_are_placed_without_the_teacher_and_counted() -> None:
    aligner: Any = OneAffinity(AFFINITY)
    source = doc_of("Anna saw Paris", (0, 1, "TARGET"), (2, 3, "LOC"))
    teacher = Knows((1, 2, "TARGET"), PARIS)
    found = SpanProjector(aligner, min_score=0, teacher=teacher, teacher_weight=5.0)(source, ANNA[1])
    assert placed(found) == [(0, 2, "TARGET"), PARIS]
    assert found.counts["unknown_to_teacher"] == 1
    assert "unknown_to_teacher" not in SpanProjector(aligner, min_score=0, teacher=teacher)(*ANNA).counts
    renamed = SpanProjector(aligner, min_score=0, label_map={"TARGET": "PER"}, teacher=Knows(PARIS))
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
    for weight in (-0.1, 10.1, float("nan"), float("inf")):
        with pytest.raises(
            XnerError, match=f"teacher_weight of the projection is {weight}: expected a number from 0 to 10"
        ):
            SpanProjector(SomeLinks([]), teacher_weight=weight)

    class Own:
        def project(self, spans: Any, source: Any, target: Any, alignment: Any) -> Projection:
            return Projection()

    assert SpanProjector(SomeLinks([(0, 0)]), Own())(*ANNA).spans == []
    with pytest.raises(XnerError, match="Own takes no teacher's opinion: its method `project` has no argument"):
        SpanProjector(SomeLinks([]), Own(), teacher=Knows())
