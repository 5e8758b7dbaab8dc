"""Precision, recall and F1 of entities, by language and label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..annotations.attributes import meta_of, touches, unlabelled_places
from ..annotations.entities import SPANS_KEY
from ..corpus.reader import make_example
from ..errors import XnerError
from ..files import atomic_path
from ..ner.calibration import expected_calibration_error
from ..ner.component import UNCALIBRATED
from ..ner.fitting import recognisers_of
from .details import Details
from .entities import Counts, Entity, entities_of, judged_entities


@dataclass
class Reliability:
    """Confidences of predicted entities, those with the temperature 1, and which entities are right."""

    confidences: list[float] = field(default_factory=list)
    uncalibrated: list[float] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)

    def add(self, doc: Doc, gold: set[Entity], unlabelled: list[tuple[int, int]]) -> None:
        """Add the entities of a doc that `xner` predicted, but for those that touch unlabelled places."""
        group = doc.spans.get(SPANS_KEY)
        if group is None or UNCALIBRATED not in group.attrs:
            return
        for span, score, before in zip(group, group.attrs["scores"], group.attrs[UNCALIBRATED], strict=True):
            if not touches(unlabelled, span.start_char, span.end_char):
                self.confidences.append(score)
                self.uncalibrated.append(before)
                self.correct.append((span.start_char, span.end_char, span.label_) in gold)

    def merge(self, other: Reliability) -> None:
        """Add the entities of another one."""
        self.confidences += other.confidences
        self.uncalibrated += other.uncalibrated
        self.correct += other.correct

    def scores(self) -> dict[str, float]:
        """Expected calibration errors `ece` and `ece_uncalibrated`; nothing where no entity has a confidence."""
        if not self.confidences:
            return {}
        return {
            "ece": expected_calibration_error(self.confidences, self.correct),
            "ece_uncalibrated": expected_calibration_error(self.uncalibrated, self.correct),
        }


@dataclass
class LanguageScores:
    """The counts of one language."""

    docs: int = 0
    all: Counts = field(default_factory=Counts)
    by_label: dict[str, Counts] = field(default_factory=dict)
    confidence: Reliability = field(default_factory=Reliability)

    def add(self, doc: Doc, reference: Doc) -> None:
        predicted, gold = judged_entities(doc, reference), entities_of(reference)
        self.docs += 1
        self.all.add(predicted, gold)
        for label in {label for _, _, label in predicted | gold}:
            counts = self.by_label.setdefault(label, Counts())
            counts.add({s for s in predicted if s[2] == label}, {s for s in gold if s[2] == label})
        self.confidence.add(doc, gold, unlabelled_places(reference))

    def to_json(self) -> dict[str, Any]:
        labels = {label: self.by_label[label].scores() for label in sorted(self.by_label)}
        return {"docs": self.docs, **self.all.scores(), **self.confidence.scores(), "labels": labels}


def evaluate_pipeline(
    nlp: Language,
    references: Iterable[Doc],
    *,
    source: str = "en",
    batch_size: int = 64,
    details: Details | None = None,
) -> dict[str, Any]:
    """Score a pipeline on labelled docs of several languages.

    nlp (Language): the pipeline.
    references (Iterable[Doc]): labelled docs that know their language (`doc._.xner_meta["lang"]`).
    source (str): language that the pipeline was taught with labels; all others are targets.
    details (Details | None): gets each doc too, to keep counts by sentence, kinds of errors and examples.
    RETURNS (dict[str, Any]): `languages` (language -> docs, p, r, f, entities, labels), `source`, `targets`, and
        `macro_f`, `macro_p`, `macro_r`: unweighted means over the targets (None where there is none). If the pipeline
        has an `xner` component, also `ece` and `ece_uncalibrated`: how far its confidences, and those it would have
        with the temperature 1, are from the share of right entities, for each language and over all targets (or all
        languages where there is no target).
    RAISES: XnerError for a doc without language or labels, and where there are no docs.
    """
    by_language: dict[str, LanguageScores] = defaultdict(LanguageScores)
    for doc, reference in _predict(nlp, references, batch_size):
        lang = meta_of(reference).get("lang")
        if not lang:
            raise XnerError(
                f"A doc does not know its language: '{reference.text[:60]}'. Make the file with `xner corpus convert "
                "--lang CODE`."
            )
        if len(reference) and not reference.has_annotation("ENT_IOB"):
            raise XnerError(
                f"A doc in {lang} has no entity annotation: '{reference.text[:60]}'. Evaluate on labelled files; text "
                "without entities is labelled too, where it was converted from a labelled format."
            )
        by_language[lang].add(doc, reference)
        if details is not None:
            details.add(doc, reference)
    if not by_language:
        raise XnerError("There are no docs to evaluate on.")
    languages = {lang: by_language[lang].to_json() for lang in sorted(by_language, key=lambda k: (k != source, k))}
    targets = [lang for lang in languages if lang != source]
    macro = {
        f"macro_{key}": sum(languages[lang][key] for lang in targets) / len(targets) if targets else None
        for key in ("p", "r", "f")
    }
    reliability = Reliability()
    for lang in targets or languages:
        reliability.merge(by_language[lang].confidence)
    return {"source": source, "targets": targets, **macro, **reliability.scores(), "languages": languages}


def _predict(nlp: Language, references: Iterable[Doc], batch_size: int) -> Iterator[tuple[Doc, Doc]]:
    # Batch by batch, so that what the encoder leaves on the docs does not add up.
    with uncalibrated_scores(nlp):
        for batch in minibatch(references, batch_size):
            examples = [make_example(nlp, reference) for reference in batch]
            docs = nlp.pipe((example.predicted for example in examples), batch_size=batch_size)
            for doc, example in zip(docs, examples, strict=True):
                yield doc, example.reference


@contextmanager
def uncalibrated_scores(nlp: Language) -> Iterator[None]:
    """Let `xner` components keep, beside each confidence, what it is with the temperature 1."""
    recognisers = recognisers_of(nlp)
    for recogniser in recognisers:
        recogniser.keep_uncalibrated = True
    try:
        yield
    finally:
        for recogniser in recognisers:
            recogniser.keep_uncalibrated = False


def write_scores(path: str | Path, scores: dict[str, Any]) -> None:
    """Write scores as JSON."""
    with atomic_path(path) as temporary:
        srsly.write_json(temporary, scores)


def read_scores(path: str | Path) -> dict[str, Any]:
    """Read what `write_scores` wrote. RAISES: XnerError where there is no such file or it holds something else."""
    try:
        scores = srsly.read_json(path)
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: no scores to read ({error}). `xner evaluate` writes them.") from error
    if not isinstance(scores, dict) or "languages" not in scores:
        raise XnerError(f"{path}: found no `languages` in it. `xner evaluate` writes such files.")
    return scores
