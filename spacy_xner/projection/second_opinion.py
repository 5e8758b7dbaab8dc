"""A recogniser's second opinion on projected spans: which stretches of the target sentence it takes for entities.

Word alignment finds the counterpart of a span, but does not know what a name looks like. A recogniser that reads the
target sentence alone knows that, but not which of the names is the counterpart. So the score of each candidate stretch
is multiplied by a power of the probability that the recogniser, the teacher, gives to the same stretch with the span's
label. (T-Projection chooses among candidates by the probability of a translation model instead: Garcia-Ferrero
et al. 2023, arXiv 2212.10548.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc

from ..errors import XnerError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

DEFAULT_WEIGHT = 0.05
MOST_WEIGHT = 10.0  # a higher power of `FLOOR` is 0, and no stretch could be placed
"""Default of the weight of a teacher's opinion, everywhere."""

FLOOR = 0.01
"""The least probability that counts: a teacher that is sure and wrong must not rule out a stretch."""


class SpanProbabilities(Protocol):
    """What a teacher says of all stretches of one doc."""

    def of(self, label: str, firsts: Integers, lasts: Integers) -> Floats:
        """The probability that the tokens from each of the `firsts` to each of the `lasts`, both included, are an
        entity of the label.

        label (str): one of the teacher's labels.
        firsts (Integers), lasts (Integers): (n_firsts,) and (n_lasts,), tokens of the doc.
        RETURNS: (n_firsts, n_lasts); 0 where the last token is before the first one.
        """
        ...


class Teacher(Protocol):
    """A recogniser; registered ones can be named in a config as `teacher`: `spacy_xner.PipelineTeacher.v1`."""

    @property
    def labels(self) -> Sequence[str]:
        """The labels that it knows."""
        ...

    @property
    def identity(self) -> dict[str, Any]:
        """What determines its probabilities, as plain JSON; kept in provenance."""
        ...

    def read(self, docs: Sequence[Doc]) -> Sequence[SpanProbabilities]:
        """Read docs: their tokens, without their entities. Docs are not changed."""
        ...


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """A teacher's opinion on the stretches of words of a target sentence.

    probabilities (SpanProbabilities): those of the sentence's doc.
    labels (frozenset[str]): the labels that the teacher knows.
    tokens (Integers): (n_words,), the token of each word.
    weight (float): see `check_weight`.
    """

    probabilities: SpanProbabilities
    labels: frozenset[str]
    tokens: Integers
    weight: float

    def knows(self, label: str) -> bool:
        """Whether the teacher knows a label."""
        return label in self.labels

    def factors(
        self, labels: Sequence[str], edges: Sequence[Integers], scores: Sequence[Floats]
    ) -> list[Floats | None]:
        """What to multiply the scores of the candidates of a sentence's spans by.

            factor = max(probability, FLOOR) ** (weight * agreement)

        The agreement is the mean probability of the spans' best candidates, as the alignment alone scores them: where
        the teacher takes hardly any of them for an entity, it cannot read this language or text, and its opinion counts
        little. The factors of a span differ by at most the factor `FLOOR ** weight`. With the default weight and a
        teacher that was trained on English alone, Chinese loses 0.6 F1; without the agreement it lost 17.

        labels (Sequence[str]): the spans' labels.
        edges (Sequence[Integers]): (n_edges,) for each span, words at which a stretch can begin and end.
        scores (Sequence[Floats]): (n_edges, n_edges) for each span, scores of the stretches from the row's word to the
            column's word.
        RETURNS: (n_edges, n_edges) for each span; None for a label that the teacher does not know.
        """
        found: list[Floats | None] = []
        of_best = []
        for label, of_span, own in zip(labels, edges, scores, strict=True):
            if not self.knows(label):
                found.append(None)
                continue
            tokens = self.tokens[of_span]
            probabilities = self.probabilities.of(label, tokens, tokens)
            found.append(probabilities)
            if own.any():
                of_best.append(probabilities.flat[own.argmax()])
        power = self.weight * float(np.mean(of_best)) if of_best else 0.0
        return [None if each is None else np.maximum(each, FLOOR) ** power for each in found]


def check_weight(weight: float) -> float:
    """Check the weight of a teacher's opinion: its probabilities are raised to this power; at 0 it has no effect.

    RAISES: XnerError for a weight outside [0, 10].
    """
    if not 0 <= weight <= MOST_WEIGHT:
        raise XnerError(f"The setting teacher_weight of the projection is {weight}: expected a number from 0 to 10.")
    return weight


def check_takes_opinion(algorithm: Any) -> None:
    """RAISES: XnerError for a projection algorithm that takes no opinion."""
    if "opinion" not in signature(algorithm.project).parameters:
        raise XnerError(
            f"The projection algorithm {type(algorithm).__name__} takes no teacher's opinion: its method `project` has "
            "no argument `opinion`. Expected TransportProjection, LinkProjection, or no teacher."
        )


def opinion_identity(teacher: Teacher, weight: float) -> dict[str, Any]:
    """What determines the effect of a teacher, as plain JSON."""
    return {"teacher": teacher.identity, "teacher_weight": weight, "teacher_floor": FLOOR}
