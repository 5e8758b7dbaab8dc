"""Entities of docs as comparable tuples, and counts of right and wrong ones."""

from dataclasses import dataclass
from typing import Any

from spacy.scorer import PRFScore
from spacy.tokens import Doc

from ..annotations.attributes import touches, unlabelled_places

Entity = tuple[int, int, str]  # first character, the one behind the last, label


@dataclass
class Counts:
    """Entities found right, found wrong and not found.

    An entity is right if its first and last character and its label are those of the reference: CoNLL's measure
    (Tjong Kim Sang and De Meulder 2003).
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, predicted: set[Any], reference: set[Any]) -> None:
        self.tp += len(predicted & reference)
        self.fp += len(predicted - reference)
        self.fn += len(reference - predicted)

    def scores(self) -> dict[str, float | int]:
        """`p`, `r` and `f` in [0, 1], and `entities` in the reference."""
        prf = PRFScore(tp=self.tp, fp=self.fp, fn=self.fn)
        return {"p": prf.precision, "r": prf.recall, "f": prf.fscore, "entities": self.tp + self.fn}


def entities_of(doc: Doc) -> set[Entity]:
    """The entities of a doc, by characters."""
    return {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}


def judged_entities(doc: Doc, reference: Doc) -> set[Entity]:
    """The entities of a doc but for those that touch tokens whose label the reference does not know.

    Such an entity is neither right nor wrong, as in spaCy's scorer.
    """
    unlabelled = unlabelled_places(reference)
    return {(start, end, label) for start, end, label in entities_of(doc) if not touches(unlabelled, start, end)}
