"""Precision, recall and F1 of entities, by language and label."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..annotations.attributes import meta_of, unlabelled_places
from ..annotations.examples import make_example
from ..errors import XnerError
from ..files import atomic_path
from ..json_checks import Expected, check, items, mapping, number, optional, text
from .details import Details
from .entities import Counts, entities_of, judged_entities
from .intervals import Floats, interval, resampled_f1
from .reliability import Reliability, uncalibrated_scores

PROJECTED_LABELS = "projected labels, not checked by a person"  # `reference` of scores that are not on manual labels
PRF: dict[str, Expected] = {**dict.fromkeys("prf", number(0)), "entities": number(0, int)}
ECE: dict[str, Expected] = dict.fromkeys(("ece", "ece_uncalibrated"), optional(number(0)))
# The structure of a file of scores. Files of earlier versions have no intervals.
SCORES: dict[str, Expected] = {
    "source": text,
    "reference": optional(text),
    "targets": items(text),
    "without_entities": optional(items(text)),
    "languages": mapping(
        {
            "docs": number(0, int),
            **PRF,
            **ECE,
            **dict.fromkeys(("f_low", "f_high"), optional(number(0))),
            "labels": optional(mapping(PRF)),
        }
    ),
    **{f"macro_{key}": optional(number(0)) for key in ("p", "r", "f", "f_low", "f_high")},
    **ECE,
}


@dataclass
class LanguageScores:
    """The scores of one language."""

    docs: int = 0
    all: Counts = field(default_factory=Counts)
    by_label: dict[str, Counts] = field(default_factory=dict)
    confidence: Reliability = field(default_factory=Reliability)
    by_text: dict[bytes, Counts] = field(default_factory=lambda: defaultdict(Counts))  # by a hash of the text

    def add(self, doc: Doc, reference: Doc) -> None:
        """Add a doc with predicted entities, and its reference."""
        predicted, gold = judged_entities(doc, reference), entities_of(reference)
        self.docs += 1
        self.all.add(predicted, gold)
        self.by_text[blake2b(reference.text.encode(errors="surrogatepass"), digest_size=16).digest()].add(
            predicted, gold
        )
        for label in {label for _, _, label in predicted | gold}:
            counts = self.by_label.setdefault(label, Counts())
            counts.add({s for s in predicted if s[2] == label}, {s for s in gold if s[2] == label})
        self.confidence.add(doc, gold, unlabelled_places(reference))

    def to_json(self, resampled: Floats) -> dict[str, Any]:
        """`docs`, precision, recall, F1 with its interval, calibration errors, and `labels` with scores of each label.

        resampled (Floats): F1 on resampled texts, (resamples,).
        """
        labels = {label: self.by_label[label].scores() for label in sorted(self.by_label)}
        scores = self.all.scores()
        low, high = interval(resampled, float(scores["f"]))
        ends = {"f_low": low, "f_high": high}
        return {"docs": self.docs, **scores, **ends, **self.confidence.scores(), "labels": labels}


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
    RETURNS (dict[str, Any]): `languages` (language -> docs, p, r, f, f_low, f_high, entities, labels), `source`,
        `targets`, and `macro_f`, `macro_p`, `macro_r`, `macro_f_low`, `macro_f_high`: unweighted means over the target
        languages that have entities to find (None if there are none). `without_entities` has the other targets. `low`
        and `high` are the ends of a 95% interval over test texts, which does not cover the variance between trainings.
        If the pipeline has an `xner` component, also `ece` and `ece_uncalibrated`: expected calibration errors with the
        fitted temperature and with the temperature 1, for each language, and their means over the target languages (or
        all languages if there are no target languages) that have predicted entities.
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
                f"A doc in {lang} has no entity annotation: '{reference.text[:60]}'. Evaluate on labelled files, or "
                "leave such docs out: `xner evaluate --skip-unlabelled`. Text without entities is labelled too, where "
                "it was converted from a labelled format."
            )
        by_language[lang].add(doc, reference)
        if details is not None:
            details.add(doc, reference)
    if not by_language:
        raise XnerError("There are no docs to evaluate on.")
    resampled = {lang: resampled_f1(found.by_text.values(), [0, *lang.encode()]) for lang, found in by_language.items()}
    order = sorted(by_language, key=lambda lang: (lang != source, lang))
    languages = {lang: by_language[lang].to_json(resampled[lang]) for lang in order}
    targets = [lang for lang in languages if lang != source]
    found = [lang for lang in targets if languages[lang]["entities"]]  # there is no recall of nothing
    macro = {
        f"macro_{key}": sum(languages[lang][key] for lang in found) / len(found) if found else None
        for key in ("p", "r", "f")
    }
    mean = macro["macro_f"]
    ends = (None, None) if mean is None else interval(np.mean([resampled[lang] for lang in found], axis=0), mean)
    macro |= {"macro_f_low": ends[0], "macro_f_high": ends[1]}
    return {
        "source": source,
        "targets": targets,
        "without_entities": [lang for lang in targets if lang not in found],
        **macro,
        **_mean_errors(languages, targets),
        "languages": languages,
    }


def _mean_errors(languages: Mapping[str, Mapping[str, Any]], targets: Sequence[str]) -> dict[str, float]:
    """Means over languages of the calibration errors: errors of the pooled entities would cancel between languages."""
    scored = [languages[lang] for lang in targets or languages if "ece" in languages[lang]]
    return {key: sum(row[key] for row in scored) / len(scored) for key in ("ece", "ece_uncalibrated") if scored}


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
    """Read what `write_scores` wrote.

    RAISES: XnerError for a missing file, one without scores, and one whose scores do not have the expected structure.
    """
    try:
        scores = json.loads(Path(path).read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: no scores to read ({error}). `xner evaluate` writes them.") from error
    if not isinstance(scores, dict) or "languages" not in scores:
        raise XnerError(f"{path}: found no `languages` in it. `xner evaluate` writes such files.")
    check(scores, SCORES, str(path))
    if unscored := [lang for lang in scores["targets"] if lang not in scores["languages"]]:
        raise XnerError(f"{path}: `languages` lacks {', '.join(unscored)}, expected each language of `targets`.")
    return scores
