"""How long an adaptation will take, by a sample of its texts."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..corpus.texts import read_unlabelled
from ..corpus.translate import translate_texts
from ..files import read_json, write_json
from ..translation import Translator
from .labelling import Found, find_entities, labelled_docs, read_texts
from .steps import PROJECTED, SOURCE, TEACHER, TRANSLATED, Adaptation, plain

SAMPLE = 60  # sentences
SPEED = "speed.json"
# A training step against a look at the same words by the aligner: more layers, and the way back.
STEP_OVER_ALIGNING = 5.0


def estimate(adaptation: Adaptation) -> dict[str, float]:
    """Minutes that each part will take on this machine, roughly; a sample of the texts goes through each.

    What is there already takes no time. How long translating takes is kept in the folder, where the cache knows the
    sample the next time. The second training is counted, though it is left out where projection loses next to nothing.

    RETURNS: minutes by part: "labelling", "translating", "projecting", "training".
    RAISES: XnerError for a text that the pipeline is not for, and as the translators.
    """
    settings, nlp, path = adaptation.settings, adaptation.nlp, adaptation.texts
    list(find_entities(nlp, islice(read_texts(nlp, path, settings.lang), 1)))  # the first text takes longer
    start = time.perf_counter()
    texts: list[Doc] = []
    found: list[Found] = []
    for text in read_texts(nlp, path, settings.lang):
        texts.append(text)
        found += find_entities(nlp, [text])
        if sum(len(sentences) for sentences in found) >= SAMPLE:
            break
    labelling = time.perf_counter() - start
    labelled = list(labelled_docs(zip(texts, found, strict=True), nlp, path, settings.min_score, Counter()))
    sample = labelled[:SAMPLE]  # a text may have many sentences
    if not sample:
        return {}
    of_texts = share_of(path, texts, settings.lang)
    of_sentences = of_texts * len(labelled) / len(sample)
    seconds = {"labelling": 0.0 if adaptation.is_there(SOURCE) else labelling * of_texts}
    seconds |= {"translating": 0.0, "projecting": 0.0}
    aligner = EmbeddingAligner(settings.encoder, inference="auto")
    list(aligner.align([(["a"], ["b"])]))  # loads it
    aligning = 0.0
    for lang, translator in adaptation.translators.items():
        if adaptation.is_there(f"{PROJECTED}/{lang}.spacy"):
            continue
        start = time.perf_counter()
        translations = list(translate_texts([doc.text for doc in sample], translator, adaptation.cache))
        took = remember(adaptation.folder / SPEED, lang, translator, (time.perf_counter() - start) / len(sample))
        if not adaptation.is_there(f"{TRANSLATED}/{lang}.spacy"):
            seconds["translating"] += took * len(sample) * of_sentences
        start = time.perf_counter()
        pairs = [([t.text for t in doc], text.split()) for doc, text in zip(sample, translations, strict=True) if text]
        list(aligner.align(pairs))
        aligning = (time.perf_counter() - start) / len(sample)
        seconds["projecting"] += aligning * len(sample) * of_sentences
    if not aligning:  # all is projected
        start = time.perf_counter()
        list(aligner.align([([t.text for t in doc], [t.text for t in doc]) for doc in sample]))
        aligning = (time.perf_counter() - start) / len(sample)
    n_words = sum(len(doc) for doc in sample) / len(sample) * 2
    step = aligning / n_words * settings.batch_words * STEP_OVER_ALIGNING
    trainings = 1 + (settings.distill and not adaptation.is_there(TEACHER))
    seconds["training"] = step * settings.steps * trainings
    return {part: round(value / 60, 1) for part, value in seconds.items()}


def remember(path: Path, lang: str, translator: Translator, seconds: float) -> float:
    """Seconds a sentence that a translator takes: what was measured the first time, which is kept in a file."""
    known = read_json(path) if path.is_file() else {}
    if known.get(lang, {}).get("translator") != plain(translator.identity):
        known[lang] = {"translator": translator.identity, "seconds": seconds}
        write_json(path, known)
    return float(known[lang]["seconds"])


def share_of(path: Path, sample: Sequence[Doc], lang: str) -> float:
    """How many times as many texts as in a sample are in the file: by the bytes of plain text, else by counting."""
    if path.suffix != ".txt":
        return sum(1 for _ in read_unlabelled(path, lang, Counter())) / len(sample)
    return max(1.0, path.stat().st_size / sum(len(doc.text.encode("utf8")) + 1 for doc in sample))
