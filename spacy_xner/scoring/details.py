"""What a record keeps of each sentence, so that arms can be compared later without their pipelines."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from .entities import Counts, Entity, entities_of, judged_entities

KINDS = ("correct", "boundary", "label", "boundary and label", "missed", "spurious")
EXAMPLE_LENGTH = 240  # characters of the longest text that serves as an example


@dataclass
class LanguageDetails:
    """One language's counts by sentence, its errors, and the texts that may serve as examples.

    n (int): sentences.
    repeats (list[list[int]]): [sentence number, number of the first sentence with the same text].
    rows (dict[str, list[list[int]]]): label -> [sentence number, right, wrong, not found], without those of zeros.
    kinds (Counter[str]): errors by kind.
    confusion (dict[str, Counter[str]]): label in the reference -> label found, "" for none.
    """

    n: int = 0
    repeats: list[list[int]] = field(default_factory=list)
    rows: dict[str, list[list[int]]] = field(default_factory=lambda: defaultdict(list))
    kinds: Counter[str] = field(default_factory=Counter)
    confusion: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, predicted: set[Entity], gold: set[Entity]) -> None:
        if (first := self._first.setdefault(text, self.n)) < self.n:
            self.repeats.append([self.n, first])
        for label in {label for _, _, label in predicted | gold}:
            counts = Counts()
            counts.add({e for e in predicted if e[2] == label}, {e for e in gold if e[2] == label})
            self.rows[label].append([self.n, counts.tp, counts.fp, counts.fn])
        for kind, wanted, found in match_entities(predicted, gold):
            self.kinds[kind] += 1
            self.confusion[wanted][found] += 1
        self.n += 1


@dataclass
class Details:
    """Collects the details of one pipeline's predictions, for `evaluate_pipeline`.

    examples (int): at most so many sentences of each language are kept with their text. 0 where the corpus's licence
        forbids to pass text on. Which ones depends on the reference alone, so that all pipelines that are scored on
        the same docs keep the same ones.
    """

    examples: int = 0
    by_language: dict[str, LanguageDetails] = field(default_factory=lambda: defaultdict(LanguageDetails))

    def __post_init__(self) -> None:
        if self.examples < 0:
            raise XnerError(f"examples = {self.examples}: expected 0 or more sentences of each language.")

    def add(self, doc: Doc, reference: Doc) -> None:
        """Add a doc with predicted entities, and the labelled one, which knows its language."""
        meta = meta_of(reference)
        predicted, gold = judged_entities(doc, reference), entities_of(reference)
        language = self.by_language[meta["lang"]]
        if self.examples and gold and len(reference.text) <= EXAMPLE_LENGTH:
            name = str(meta.get("id") or language.n)
            example = {"lang": meta["lang"], "id": name, "text": reference.text, "gold": as_lists(gold)}
            order = hashlib.sha256(f"{name}\n{reference.text}".encode(errors="replace")).hexdigest()
            language.examples.append((order, {**example, "found": as_lists(predicted)}))
        language.add(reference.text, predicted, gold)

    def to_json(self) -> dict[str, Any]:
        """`sentences`, `errors` and `examples`, as a run record has them (see `spacy_xner.experiments.records`)."""
        sentences, errors, examples = {}, {}, []
        for lang, details in sorted(self.by_language.items()):
            rows = {label: details.rows[label] for label in sorted(details.rows)}
            sentences[lang] = {"n": details.n, "repeats": details.repeats, "labels": rows}
            confusion = {label: dict(sorted(found.items())) for label, found in sorted(details.confusion.items())}
            errors[lang] = {**{kind: details.kinds[kind] for kind in KINDS}, "confusion": confusion}
            chosen = sorted(details.examples, key=lambda pair: pair[0])[: self.examples]
            examples += [example for _, example in chosen]
        return {"sentences": sentences, "errors": errors, "examples": examples}


def as_lists(entities: Collection[Entity]) -> list[list[Any]]:
    return [list(entity) for entity in sorted(entities)]


def match_entities(predicted: Collection[Entity], gold: Collection[Entity]) -> list[tuple[str, str, str]]:
    """Say of each entity of the reference what became of it.

    predicted, gold (Collection[Entity]): entities of one text.
    RETURNS (list[tuple[str, str, str]]): kind of `KINDS`, label in the reference, label found ("" for none). The same
        span and label is correct; the same span with another label is "label"; an overlapping one is "boundary" or
        "boundary and label"; without one it is missed. A predicted entity is used once, by the best match: in that
        order, then by the characters in common. What overlaps no entity of the reference is spurious; a second entity
        predicted on the same one of the reference belongs to that one's error and is not counted again.
    """
    matches = []
    for wanted in gold:
        for found in predicted:
            common = min(wanted[1], found[1]) - max(wanted[0], found[0])
            if common > 0:
                order = ("correct", "label", "boundary", "boundary and label").index(kind_of(wanted, found))
                matches.append((order, -common, wanted, found))
    overlapping = {found for *_, found in matches}
    left_gold, left_predicted, result = set(gold), set(predicted), []
    for *_, wanted, found in sorted(matches):
        if wanted in left_gold and found in left_predicted:
            left_gold.remove(wanted)
            left_predicted.remove(found)
            result.append((kind_of(wanted, found), wanted[2], found[2]))
    result += [("missed", label, "") for *_, label in sorted(left_gold)]
    return result + [("spurious", "", found[2]) for found in sorted(left_predicted - overlapping)]


def kind_of(wanted: Entity, found: Entity) -> str:
    """How two entities that overlap differ."""
    if wanted[:2] == found[:2]:
        return "correct" if wanted[2] == found[2] else "label"
    return "boundary" if wanted[2] == found[2] else "boundary and label"
