"""How long an adaptation will take, by a sample of its texts."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..corpus.formats import ending
from ..corpus.translate import translate_texts
from .labelling import find_entities, labelled_docs, read_texts
from .steps import Adaptation

SAMPLE = 60  # texts
# A training step against a look at the same words by the aligner: more layers, and the way back.
STEP_OVER_ALIGNING = 5.0


def estimate(adaptation: Adaptation) -> dict[str, float]:
    """Minutes that each part will take on this machine, roughly; a sample of the texts goes through each.

    RETURNS: minutes by part: "labelling", "translating", "projecting", "training".
    """
    settings = adaptation.settings
    texts = list(islice(read_texts(adaptation.texts, settings.lang), SAMPLE))
    list(find_entities(adaptation.nlp, texts[:1]))  # the first text takes longer
    start = time.perf_counter()
    found = list(find_entities(adaptation.nlp, texts))
    labelling = time.perf_counter() - start
    path = adaptation.texts
    sample = list(labelled_docs(zip(texts, found, strict=True), adaptation.nlp, path, settings.min_score, Counter()))
    if not sample:
        return {}
    share = share_of(path, texts, settings.lang)
    translating = projecting = 0.0
    aligner = EmbeddingAligner(settings.encoder, join_unspaced=True, inference="auto")
    list(aligner.align([(["a"], ["b"])]))  # loads it
    for translator in adaptation.translators.values():
        start = time.perf_counter()
        translations = list(translate_texts([doc.text for doc in sample], translator, cache=True))
        translating += time.perf_counter() - start
        start = time.perf_counter()
        pairs = [([t.text for t in doc], text.split()) for doc, text in zip(sample, translations, strict=True) if text]
        list(aligner.align(pairs))
        projecting += time.perf_counter() - start
    n_words = sum(len(doc) for doc in sample) * 2 * len(adaptation.translators)
    step = projecting / max(1, n_words) * settings.batch_words * STEP_OVER_ALIGNING
    trainings = 2 if settings.distil else 1
    seconds = {
        "labelling": labelling * share,
        "translating": translating * share,
        "projecting": projecting * share,
        "training": step * settings.steps * trainings,
    }
    return {part: round(value / 60, 1) for part, value in seconds.items()}


def share_of(path: Path, sample: Sequence[Doc], lang: str) -> float:
    """How many times as many texts as in a sample are in the file: by its bytes, or the number of docs in a DocBin."""
    if ending(path) == ".spacy":
        return sum(1 for _ in read_texts(path, lang)) / len(sample)
    return max(1.0, path.stat().st_size / sum(len(doc.text.encode("utf8")) + 1 for doc in sample))
