"""Estimates the time that an adaptation takes, by running a sample of its texts."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..corpus.texts import read_unlabelled
from ..corpus.translate import translate_texts
from ..encoders.trimming.needed_pieces import use_of_words
from ..encoders.trimming.trim import load_vocabulary
from ..files import read_json, write_json
from ..translation import Translator
from .dependencies import PROJECTED, SOURCE, TEACHER, TRANSLATED, TRIMMED, as_json
from .labelling import Sentences, find_entities, labelled_docs, read_texts
from .settings import Settings
from .steps import Adaptation

SAMPLE = 60  # sentences
SPEED = "speed.json"
# Time of a training step divided by the time for aligning the same words: it has more layers, and a backward pass.
TRAINING_FACTOR = 5.0
# Time of trimming by the frequent words of a language, divided by the time for its SAMPLE_WORDS most frequent ones.
TRIMMING_FACTOR, SAMPLE_WORDS = 10.0, 2000


def estimate(adaptation: Adaptation) -> dict[str, float]:
    """Estimate roughly how many minutes each step takes on this machine, with a sample of the texts.

    Steps with current output files count as 0. The translation speed is stored in the folder, since the sample's
    translations come from the cache the next time. The second training is included, although it is skipped if nearly
    all projections are complete.

    RETURNS: minutes by step: "labelling", "translating", "projecting", "trimming", "training".
    RAISES: XnerError for a text that the pipeline does not accept; also the errors of the translators.
    """
    settings, nlp, path = adaptation.settings, adaptation.nlp, adaptation.texts
    list(find_entities(nlp, islice(read_texts(nlp, path, settings.lang), 1)))  # the first text takes longer
    start = time.perf_counter()
    texts: list[Doc] = []
    found: list[Sentences] = []
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
    text_factor = sample_factor(path, texts, settings.lang)
    sentence_factor = text_factor * len(labelled) / len(sample)
    seconds = {"labelling": 0.0 if adaptation.is_current(SOURCE) else labelling * text_factor}
    seconds |= {"translating": 0.0, "projecting": 0.0}
    aligner = EmbeddingAligner(settings.encoder, inference="auto")
    list(aligner.align([(["a"], ["b"])]))  # loads the encoder
    aligning = 0.0  # seconds per sentence
    for lang, translator in adaptation.translators.items():
        if adaptation.is_current(f"{PROJECTED}/{lang}.spacy"):
            continue
        start = time.perf_counter()
        translations = list(translate_texts([doc.text for doc in sample], translator, adaptation.cache))
        measured = (time.perf_counter() - start) / len(sample)
        per_sentence = first_measurement(adaptation.folder / SPEED, lang, translator, measured)
        if not adaptation.is_current(f"{TRANSLATED}/{lang}.spacy"):
            seconds["translating"] += per_sentence * len(sample) * sentence_factor
        start = time.perf_counter()
        pairs = [([t.text for t in doc], text.split()) for doc, text in zip(sample, translations, strict=True) if text]
        list(aligner.align(pairs))
        aligning = (time.perf_counter() - start) / len(sample)
        seconds["projecting"] += aligning * len(sample) * sentence_factor
    if not aligning:  # all projections are current
        start = time.perf_counter()
        list(aligner.align([([t.text for t in doc], [t.text for t in doc]) for doc in sample]))
        aligning = (time.perf_counter() - start) / len(sample)
    n_words = sum(len(doc) for doc in sample) / len(sample) * 2
    step = aligning / n_words * settings.batch_words * TRAINING_FACTOR
    trainings = 1 + (settings.distill and not adaptation.is_current(TEACHER))
    if settings.max_pieces is not None:
        seconds["trimming"] = 0.0 if adaptation.is_current(TRIMMED) else seconds_of_trimming(settings)
    seconds["training"] = step * settings.steps * trainings
    return {part: round(value / 60, 1) for part, value in seconds.items()}


def seconds_of_trimming(settings: Settings) -> float:
    """The time of trimming: reading the encoder's vocabulary, and counting the pieces of each language's words."""
    start = time.perf_counter()
    tokenizer, vocabulary = load_vocabulary(settings.encoder)
    loading = time.perf_counter() - start
    start = time.perf_counter()
    use_of_words(tokenizer, settings.targets[0], SAMPLE_WORDS, max(vocabulary.pieces) + 1, progress=False)
    counting = (time.perf_counter() - start) * TRIMMING_FACTOR
    return loading + counting * (1 + len(settings.targets))


def first_measurement(path: Path, lang: str, translator: Translator, seconds: float) -> float:
    """The translator's first measured time for a sentence, which is stored in a file.

    seconds (float): the current measurement, which is stored if there is none for this translator.
    RETURNS: seconds for each sentence.
    """
    known = read_json(path) if path.is_file() else {}
    if known.get(lang, {}).get("translator") != as_json(translator.identity):
        known[lang] = {"translator": translator.identity, "seconds": seconds}
        write_json(path, known)
    return float(known[lang]["seconds"])


def sample_factor(path: Path, sample: Sequence[Doc], lang: str) -> float:
    """Number of texts in a file divided by those in a sample: by file size for plain text, otherwise by counting."""
    if path.suffix != ".txt":
        return sum(1 for _ in read_unlabelled(path, lang, Counter())) / len(sample)
    return max(1.0, path.stat().st_size / sum(len(doc.text.encode("utf8")) + 1 for doc in sample))
