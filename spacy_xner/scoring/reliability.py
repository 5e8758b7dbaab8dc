"""How well the confidences of entities match the share of correct ones, before and after calibration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import touches
from ..annotations.entities import SPANS_KEY
from ..ner.calibration import expected_calibration_error
from ..ner.component import UNCALIBRATED
from ..ner.fitting import recognisers_of
from .entities import Entity


@dataclass
class Reliability:
    """Confidences of predicted entities, those before calibration (temperature 1), and which entities are right."""

    confidences: list[float] = field(default_factory=list)
    uncalibrated: list[float] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)

    def add(self, doc: Doc, gold: set[Entity], unlabelled: list[tuple[int, int]]) -> None:
        """Add the entities that `xner` predicted, without those that overlap places without annotation.

        unlabelled (list[tuple[int, int]]): start and end character of these places.
        """
        group = doc.spans.get(SPANS_KEY)
        if group is None or UNCALIBRATED not in group.attrs:
            return
        for span, score, before in zip(group, group.attrs["scores"], group.attrs[UNCALIBRATED], strict=True):
            if not touches(unlabelled, span.start_char, span.end_char):
                self.confidences.append(score)
                self.uncalibrated.append(before)
                self.correct.append((span.start_char, span.end_char, span.label_) in gold)

    def scores(self) -> dict[str, float]:
        """Expected calibration errors `ece` and `ece_uncalibrated`; nothing if no entity has a confidence."""
        if not self.confidences:
            return {}
        return {
            "ece": expected_calibration_error(self.confidences, self.correct),
            "ece_uncalibrated": expected_calibration_error(self.uncalibrated, self.correct),
        }


@contextmanager
def uncalibrated_scores(nlp: Language) -> Iterator[None]:
    """While this context is open, `xner` components also keep each confidence before calibration."""
    recognisers = recognisers_of(nlp)
    for recogniser in recognisers:
        recogniser.keep_uncalibrated = True
    try:
        yield
    finally:
        for recogniser in recognisers:
            recogniser.keep_uncalibrated = False
