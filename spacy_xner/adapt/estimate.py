"""How long an adaptation will take, by a sample of its texts."""

import time
from collections import Counter
from itertools import islice

from ..alignment.embedding import EmbeddingAligner
from ..corpus.translate import translate_texts
from .labelling import label_texts
from .steps import Adaptation

SAMPLE = 60  # sentences
# A training step against a look at the same words by the aligner: more layers, and the way back.
STEP_OVER_ALIGNING = 5.0


def estimate(adaptation: Adaptation) -> dict[str, float]:
    """Minutes that each part will take on this machine, roughly; a sample of the texts goes through each.

    RETURNS: minutes by part: "labelling", "translating", "projecting", "training".
    """
    settings = adaptation.settings
    n_bytes = adaptation.texts.stat().st_size
    start = time.perf_counter()
    labelled = label_texts(adaptation.nlp, adaptation.texts, settings.lang, settings.min_score, Counter())
    sample = list(islice(labelled, SAMPLE))
    labelling = time.perf_counter() - start
    if not sample:
        return {}
    n_sentences = max(len(sample), n_bytes / max(1, sum(len(doc.text.encode()) + 1 for doc in sample)) * len(sample))
    share = n_sentences / len(sample)
    translating = projecting = 0.0
    aligner = EmbeddingAligner(settings.encoder, join_unspaced=True, inference="auto")
    list(aligner.align([(["a"], ["b"])]))  # loads it
    for translator in adaptation.translators.values():
        start = time.perf_counter()
        texts = list(translate_texts([doc.text for doc in sample], translator, cache=True))
        translating += time.perf_counter() - start
        start = time.perf_counter()
        pairs = [([t.text for t in doc], text.split()) for doc, text in zip(sample, texts, strict=True) if text]
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
