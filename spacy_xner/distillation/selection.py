"""Which sentences a student learns from: thresholds for certainty and for agreement with projected entities."""

from collections.abc import Collection
from dataclasses import dataclass

from spacy.tokens import Doc

from ..corpus.capitals import is_lower_case
from ..errors import XnerError

Entities = set[tuple[int, int, str]]  # first token, end token (exclusive), label


@dataclass(frozen=True)
class Selection:
    """Thresholds for sentences that a student learns from.

    certainty (float): the teachers' certainty is at least this (see `TeacherPrediction`), in [0, 1].
    agreement (float): the agreement of the teachers' entities with projected entities is at least this, in [0, 1] (see
        `entity_agreement`). It does not concern sentences without projected entities. Names without a capital letter
        do not count where the teachers have learned that they are none (the reader's setting `capitalised`).
    RAISES: XnerError for numbers outside [0, 1].
    """

    certainty: float = 0.0
    agreement: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("certainty", self.certainty), ("agreement", self.agreement)):
            if not 0 <= value <= 1:
                raise XnerError(f"The minimum {name} is {value}, expected a number from 0 to 1.")


def without_lower_case(doc: Doc, entities: Entities, labels: Collection[str]) -> Entities:
    """The entities without those of the given labels that have no capital letter, see `corpus/capitals.py`."""
    return {
        (start, end, label)
        for start, end, label in entities
        if label not in labels or not is_lower_case(doc[start:end].text)
    }


def entities_of(doc: Doc) -> Entities:
    """The entities of a doc."""
    return {(entity.start, entity.end, entity.label_) for entity in doc.ents}


def entity_agreement(one: Entities, other: Entities) -> float:
    """F1 of two sets of entities; 1 if both are empty."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0
