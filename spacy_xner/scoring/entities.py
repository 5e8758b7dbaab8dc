"""Entities as comparable tuples, and counts of right and wrong ones."""

from dataclasses import dataclass
from typing import Any

from spacy.scorer import PRFScore
from spacy.tokens import Doc

from ..annotations.attributes import touches, unlabelled_places

Entity = tuple[int, int, str]  # start and end character, label


@dataclass
class Counts:
    """Entities that are right (tp), wrong (fp), and not found (fn).

    An entity is right if its boundaries and its label are those of the reference, as in CoNLL's evaluation (Tjong Kim
    Sang and De Meulder 2003).
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, predicted: set[Any], reference: set[Any]) -> None:
        """Add the entities of a doc."""
        self.tp += len(predicted & reference)
        self.fp += len(predicted - reference)
        self.fn += len(reference - predicted)

    def scores(self) -> dict[str, float | int]:
        """`p`, `r` and `f` in [0, 1], and `entities` in the reference."""
        prf = PRFScore(tp=self.tp, fp=self.fp, fn=self.fn)
        return {"p": prf.precision, "r": prf.recall, "f": prf.fscore, "entities": self.tp + self.fn}


def entities_of(doc: Doc) -> set[Entity]:
    """The entities of a doc, with character offsets."""
    return {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}


def judged_entities(doc: Doc, reference: Doc) -> set[Entity]:
    """The entities of a doc that are scored.

    Those that overlap tokens without annotation in the reference are left out: they are neither right nor wrong, as in
    spaCy's scorer.
    """
    unlabelled = unlabelled_places(reference)
    return {(start, end, label) for start, end, label in entities_of(doc) if not touches(unlabelled, start, end)}
