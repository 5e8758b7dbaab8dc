"""Counts by sentence, kinds of errors and example sentences, so that runs can be compared without their pipelines."""

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
from .error_kinds import ERROR_KINDS, match_entities

MAX_EXAMPLE_LENGTH = 240  # characters


@dataclass
class LanguageDetails:
    """The details of one language.

    n (int): number of sentences.
    repeats (list[list[int]]): [sentence number, number of the first sentence with the same text].
    rows (dict[str, list[list[int]]]): label -> [sentence number, right, wrong, not found]; rows of zeros are left out.
    kinds (Counter[str]): number of matches of each kind.
    confusion (dict[str, Counter[str]]): label in the reference -> predicted label -> number; "" for none.
    examples (list[tuple[str, dict[str, Any]]]): candidates for examples, each with its sort key.
    """

    n: int = 0
    repeats: list[list[int]] = field(default_factory=list)
    rows: dict[str, list[list[int]]] = field(default_factory=lambda: defaultdict(list))
    kinds: Counter[str] = field(default_factory=Counter)
    confusion: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    examples: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, predicted: set[Entity], gold: set[Entity]) -> None:
        """Add a sentence."""
        if (first := self._first.setdefault(text, self.n)) < self.n:
            self.repeats.append([self.n, first])
        for label in {label for _, _, label in predicted | gold}:
            counts = Counts()
            counts.add({e for e in predicted if e[2] == label}, {e for e in gold if e[2] == label})
            self.rows[label].append([self.n, counts.tp, counts.fp, counts.fn])
        for kind, reference, found in match_entities(predicted, gold):
            self.kinds[kind] += 1
            self.confusion[reference][found] += 1
        self.n += 1


@dataclass
class Details:
    """Collects details of a pipeline's predictions, for `evaluate_pipeline`.

    examples (int): keep at most this number of sentences of each language with their text; 0 if the licence of the
        corpus forbids it. The choice depends on the reference alone, so that all pipelines scored on the same docs
        keep the same examples.
    """

    examples: int = 0
    by_language: dict[str, LanguageDetails] = field(default_factory=lambda: defaultdict(LanguageDetails))

    def __post_init__(self) -> None:
        if self.examples < 0:
            raise XnerError(f"examples = {self.examples}: expected 0 or more sentences of each language.")

    def add(self, doc: Doc, reference: Doc) -> None:
        """Add a doc with predicted entities, and its reference, whose meta has the language."""
        meta = meta_of(reference)
        predicted, gold = judged_entities(doc, reference), entities_of(reference)
        language = self.by_language[meta["lang"]]
        if self.examples and gold and len(reference.text) <= MAX_EXAMPLE_LENGTH:
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
            errors[lang] = {**{kind: details.kinds[kind] for kind in ERROR_KINDS}, "confusion": confusion}
            chosen = sorted(details.examples, key=lambda pair: pair[0])[: self.examples]
            examples += [example for _, example in chosen]
        return {"sentences": sentences, "errors": errors, "examples": examples}


def as_lists(entities: Collection[Entity]) -> list[list[Any]]:
    """Sorted entities as JSON."""
    return [list(entity) for entity in sorted(entities)]
