"""Repetition in a corpus: near-duplicates, sentence patterns and names used often, inconsistent labels."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import regex

from ..extras import needs_extra
from ..languages.scripts import UNSPACED_CHARACTER
from .sentence import CorpusSentence

MIN_COSINE = 0.7  # of the tf-idf vectors of character n-grams of two near-duplicates
BATCH_SIZE = 500  # texts that are compared with all others at a time, so that memory does not grow quadratically
MAX_NAME_USES = 5  # a name that is used more often is reported
MIN_PATTERN_USES = 3  # a sentence pattern that is used at least this often is reported
MIN_NAME_LENGTH, MIN_UNSPACED_NAME_LENGTH = 4, 2  # characters: shorter names are not searched for outside of entities
EVALUATION = ("dev", "test")
WITHOUT_LABELS = {"translations", "unlabelled"}
UNSPACED = regex.compile(UNSPACED_CHARACTER)


def near_duplicates(texts: Sequence[str], threshold: float = MIN_COSINE) -> list[tuple[float, int, int]]:
    """Pairs of texts whose tf-idf vectors of character 2- to 4-grams have at least this cosine; most similar first.

    Character n-grams need no tokens, so that Chinese works like English. tf-idf gives common endings little weight.

    RETURNS: (cosine, index, greater index) triples.
    """
    with needs_extra("train", "The search for near-duplicates needs"):
        from sklearn.feature_extraction.text import TfidfVectorizer

    if len(texts) < 2:
        return []
    grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), dtype=np.float32).fit_transform(texts)
    triples: list[tuple[float, int, int]] = []
    for start in range(0, len(texts), BATCH_SIZE):
        cosines = (grams[start : start + BATCH_SIZE] @ grams[start:].T).toarray()
        rows, columns = np.nonzero(np.triu(cosines, k=1) >= threshold)
        found = cosines[rows, columns]
        triples += zip(found.tolist(), (rows + start).tolist(), (columns + start).tolist(), strict=True)
    return sorted(triples, key=lambda triple: (-triple[0], *triple[1:]))


def sentence_pattern(sentence: CorpusSentence) -> str:
    """The sentence with names replaced by their labels and numbers by 0: `[LOC] beat [LOC] 0-0`."""
    parts, end = [], 0
    for start, stop, label in sentence.spans:
        parts += [sentence.text[end:start], f"[{label}]"]
        end = stop
    return re.sub(r"\d+", "0", "".join([*parts, sentence.text[end:]]))


def notes(sentences: Sequence[CorpusSentence]) -> dict[str, list[str]]:
    """Findings in the sentences of one language that a person should review, by heading."""
    labelled = [sentence for sentence in sentences if sentence.split not in WITHOUT_LABELS]
    found: dict[str, list[str]] = {
        f"near-duplicates (cosine >= {MIN_COSINE})": [
            f"{cosine:.2f} {one.place} {one.text[:70]} | {other.place} {other.text[:70]}"
            for cosine, i, j in near_duplicates([sentence.text for sentence in sentences])
            for one, other in [(sentences[i], sentences[j])]
            if not {one.split, other.split} <= WITHOUT_LABELS
        ],
        f"patterns used {MIN_PATTERN_USES} times or more": _repeated_patterns(labelled),
        f"names used more than {MAX_NAME_USES} times": [],
        "names with several labels": [],
    }
    found[f"names used more than {MAX_NAME_USES} times"] = [
        f"{sentences[0].lang}: {name} ({label}) {count}"
        for (name, label), count in _count_names(labelled).most_common()
        if count > MAX_NAME_USES
    ]
    places: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for sentence in labelled:
        for name, label in sentence.names:
            places[name.casefold()].setdefault(label, sentence.place)
    found["names with several labels"] = [
        f"{name}: " + ", ".join(f"{label} ({place})" for label, place in by_label.items())
        for name, by_label in sorted(places.items())
        if len(by_label) > 1
    ]
    found["names that are unlabelled elsewhere"] = _unlabelled_names(labelled)
    return found


def shares(own: Sequence[CorpusSentence], everything: Iterable[CorpusSentence]) -> dict[str, str]:
    """Shares in the text of one language, by heading: sentences without entities, names that training text has too."""
    figures = {}
    for split in ("train", *EVALUATION):
        found = [sentence for sentence in own if sentence.split == split]
        if found:
            empty = sum(not sentence.spans for sentence in found)
            figures[f"{split} sentences without entities"] = f"{empty} of {len(found)} ({empty / len(found):.0%})"
    names = {name.casefold() for sentence in own if sentence.split in EVALUATION for name, _ in sentence.names}
    trained = {name.casefold() for sentence in everything if sentence.split == "train" for name, _ in sentence.names}
    memory = spaced_words("\n".join(sentence.text.casefold() for sentence in own if sentence.split in WITHOUT_LABELS))
    if names:
        shared = sum(name in trained or spaced_words(name) in memory for name in names)
        heading = "dev and test names that training sentences, translations or unlabelled text have too"
        figures[heading] = f"{shared} of {len(names)} ({shared / len(names):.0%})"
    return figures


def _count_names(sentences: Iterable[CorpusSentence]) -> Counter[tuple[str, str]]:
    return Counter(name for sentence in sentences for name in sentence.names)


def _repeated_patterns(sentences: Sequence[CorpusSentence]) -> list[str]:
    by_pattern: defaultdict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        if sentence.spans:
            by_pattern[sentence_pattern(sentence)].append(sentence.place)
    most_used = sorted(by_pattern.items(), key=lambda item: -len(item[1]))
    return [
        f"{len(places)} {pattern}: {', '.join(places)}"
        for pattern, places in most_used
        if len(places) >= MIN_PATTERN_USES
    ]


def spaced_words(text: str) -> str:
    """The words of a text with a space before and after each, to search for whole words.

    A text with characters of scripts without spaces stays as it is.
    """
    return text if UNSPACED.search(text) else " ".join(["", *re.findall(r"\w+", text), ""])


def _unlabelled_names(sentences: Sequence[CorpusSentence]) -> list[str]:
    """Sentences that contain a name of the corpus, in the same case, outside of all entities.

    A name must be a whole word and have at least 4 characters; in scripts without spaces, 2 characters and any place.
    """
    labels = {name: label for sentence in sentences for name, label in sentence.names}
    names = {
        name: label
        for name, label in labels.items()
        if len(name) >= (MIN_UNSPACED_NAME_LENGTH if UNSPACED.match(name) else MIN_NAME_LENGTH)
    }
    if not names:
        return []
    longest_first = sorted(names, key=len, reverse=True)
    spaced = "|".join(re.escape(name) for name in longest_first if not UNSPACED.match(name))
    unspaced = [re.escape(name) for name in longest_first if UNSPACED.match(name)]
    whole_words = [rf"(?<!\w)(?:{spaced})(?!\w)"] if spaced else []
    pattern = re.compile("|".join([*whole_words, *unspaced]))
    found = []
    for sentence in sentences:
        spans = itertools.chain.from_iterable((start, end) for start, end, _ in sentence.spans)
        edges = [0, *spans, len(sentence.text)]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            found += [
                f"{match[0]} ({names[match[0]]}) in {sentence.place} {sentence.text[:90]}"
                for match in pattern.finditer(sentence.text, start, end)
            ]
    return found
