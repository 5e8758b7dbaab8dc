"""Precision, recall and F1 of entities, by language and label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..annotations.attributes import meta_of, unlabelled_places
from ..corpus.reader import make_example
from ..errors import XnerError
from ..files import atomic_path
from .details import Details
from .entities import Counts, entities_of, judged_entities
from .reliability import Reliability, uncalibrated_scores


@dataclass
class LanguageScores:
    """The scores of one language."""

    docs: int = 0
    all: Counts = field(default_factory=Counts)
    by_label: dict[str, Counts] = field(default_factory=dict)
    confidence: Reliability = field(default_factory=Reliability)

    def add(self, doc: Doc, reference: Doc) -> None:
        """Add a doc with predicted entities, and its reference."""
        predicted, gold = judged_entities(doc, reference), entities_of(reference)
        self.docs += 1
        self.all.add(predicted, gold)
        for label in {label for _, _, label in predicted | gold}:
            counts = self.by_label.setdefault(label, Counts())
            counts.add({s for s in predicted if s[2] == label}, {s for s in gold if s[2] == label})
        self.confidence.add(doc, gold, unlabelled_places(reference))

    def to_json(self) -> dict[str, Any]:
        """`docs`, precision, recall, F1, calibration errors, and `labels` with the same for each label."""
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
    references (Iterable[Doc]): labelled docs with a language, `doc._.xner_meta["lang"]`.
    source (str): language of the labels that the pipeline was trained on; all others are target languages.
    batch_size (int): docs in a batch.
    details (Details | None): receives each doc too, to keep counts by sentence, kinds of errors and examples.
    RETURNS (dict[str, Any]): `languages` (language -> docs, p, r, f, entities, labels), `source`, `targets`, and
        `macro_f`, `macro_p`, `macro_r`: unweighted means over the target languages (None if there are none). If the
        pipeline has an `xner` component, also `ece` and `ece_uncalibrated`: expected calibration errors with the fitted
        temperature and with the temperature 1, for each language and over all target languages (or all languages if
        there are no target languages).
    RAISES: XnerError for a doc without language or labels, and if there are no docs.
    """
    by_language: dict[str, LanguageScores] = defaultdict(LanguageScores)
    for doc, reference in _predict(nlp, references, batch_size):
        lang = meta_of(reference).get("lang")
        if not lang:
            raise XnerError(
                f"A doc has no language: '{reference.text[:60]}'. Make the file with `xner corpus convert --lang CODE`."
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
    # Batch by batch, so that the encoder's outputs, which it keeps on the docs, do not add up in memory.
    with uncalibrated_scores(nlp):
        for batch in minibatch(references, batch_size):
            examples = [make_example(nlp, reference) for reference in batch]
            docs = nlp.pipe((example.predicted for example in examples), batch_size=batch_size)
            for doc, example in zip(docs, examples, strict=True):
                yield doc, example.reference


def write_scores(path: str | Path, scores: dict[str, Any]) -> None:
    """Write scores as JSON."""
    with atomic_path(path) as temporary:
        srsly.write_json(temporary, scores)


def read_scores(path: str | Path) -> dict[str, Any]:
    """Read what `write_scores` wrote. RAISES: XnerError for a missing file, or one without scores."""
    try:
        scores = srsly.read_json(path)
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: no scores to read ({error}). `xner evaluate` writes them.") from error
    if not isinstance(scores, dict) or "languages" not in scores:
        raise XnerError(f"{path}: found no `languages` in it. `xner evaluate` writes such files.")
    return scores
