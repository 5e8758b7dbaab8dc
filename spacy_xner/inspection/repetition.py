"""How much alike the sentences and names of one language are: what to look at after many hands wrote a corpus."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from .sentence import CorpusSentence

NEAR = 0.7  # cosine of tf-idf weighted character n-grams from which two sentences are called near-duplicates
BLOCK = 500  # texts that are compared with all others at a time: memory does not grow with the square
OFTEN = 5  # a name used more often is over-used
FRAMES = 3  # a sentence pattern used at least so often is reported
EVALUATION = ("dev", "test")
HAN = re.compile("[\u3400-\u9fff]")


def near_duplicates(texts: Sequence[str], threshold: float = NEAR) -> list[tuple[float, int, int]]:
    """Pairs of texts whose character 2- to 4-grams, weighted by tf-idf, have at least this cosine; most alike first.

    Character n-grams need no tokens, so that Chinese works like English; tf-idf keeps common endings from counting.

    RETURNS: (cosine, index, greater index) triples.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    if len(texts) < 2:
        return []
    grams = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), dtype=np.float32).fit_transform(texts)
    triples: list[tuple[float, int, int]] = []
    for start in range(0, len(texts), BLOCK):
        cosines = (grams[start : start + BLOCK] @ grams[start:].T).toarray()
        rows, columns = np.nonzero(np.triu(cosines, k=1) >= threshold)
        found = cosines[rows, columns]
        triples += zip(found.tolist(), (rows + start).tolist(), (columns + start).tolist(), strict=True)
    return sorted(triples, key=lambda triple: (-triple[0], *triple[1:]))


def frame(sentence: CorpusSentence) -> str:
    """The sentence with labels in place of names and 0 for each number: `[LOC] beat [LOC] 0-0`."""
    parts, end = [], 0
    for start, stop, label in sentence.spans:
        parts += [sentence.text[end:start], f"[{label}]"]
        end = stop
    return re.sub(r"\d+", "0", "".join([*parts, sentence.text[end:]]))


def notes(sentences: Sequence[CorpusSentence]) -> dict[str, list[str]]:
    """What a person should look at in the sentences of one language, by heading."""
    labelled = [sentence for sentence in sentences if sentence.split != "translations"]
    found: dict[str, list[str]] = {
        f"near-duplicates (cosine >= {NEAR})": [
            f"{cosine:.2f} {one.place} {one.text[:70]} | {other.place} {other.text[:70]}"
            for cosine, i, j in near_duplicates([sentence.text for sentence in sentences])
            for one, other in [(sentences[i], sentences[j])]
            if {one.split, other.split} != {"translations"}
        ],
        f"patterns used {FRAMES} times or more": _frames(labelled),
        f"names used more than {OFTEN} times": [],
        "names with several labels": [],
    }
    found[f"names used more than {OFTEN} times"] = [
        f"{sentences[0].lang}: {name} ({label}) {count}"
        for (name, label), count in _count_names(labelled).most_common()
        if count > OFTEN
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
    found["names that stand unmarked elsewhere"] = _unmarked(labelled)
    return found


def shares(own: Sequence[CorpusSentence], everything: Iterable[CorpusSentence]) -> dict[str, str]:
    """Figures of one language, by heading: sentences without entities, names shared with training text."""
    figures = {}
    for split in ("train", *EVALUATION):
        found = [sentence for sentence in own if sentence.split == split]
        if found:
            empty = sum(not sentence.spans for sentence in found)
            figures[f"{split} sentences without entities"] = f"{empty} of {len(found)} ({empty / len(found):.0%})"
    names = {name.casefold() for sentence in own if sentence.split in EVALUATION for name, _ in sentence.names}
    trained = {name.casefold() for sentence in everything if sentence.split == "train" for name, _ in sentence.names}
    memory = spaced_words("\n".join(sentence.text.casefold() for sentence in own if sentence.split == "translations"))
    if names:
        shared = sum(name in trained or spaced_words(name) in memory for name in names)
        heading = "dev and test names that training sentences or their translations have too"
        figures[heading] = f"{shared} of {len(names)} ({shared / len(names):.0%})"
    return figures


def _count_names(sentences: Iterable[CorpusSentence]) -> Counter[tuple[str, str]]:
    return Counter(name for sentence in sentences for name in sentence.names)


def _frames(sentences: Sequence[CorpusSentence]) -> list[str]:
    by_frame: defaultdict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        if sentence.spans:
            by_frame[frame(sentence)].append(sentence.place)
    often = sorted(by_frame.items(), key=lambda item: -len(item[1]))
    return [f"{len(places)} {pattern}: {', '.join(places)}" for pattern, places in often if len(places) >= FRAMES]


def spaced_words(text: str) -> str:
    """The words of a text with a space before and after each, to find whole words in; Chinese stays as it is."""
    return text if HAN.search(text) else " ".join(["", *re.findall(r"\w+", text), ""])


def _unmarked(sentences: Sequence[CorpusSentence]) -> list[str]:
    """Sentences where a name of the corpus (at least 4 characters, the same case) stands outside every entity.

    Of Chinese names two characters are enough, and no word boundary is asked for.
    """
    labels = {name: label for sentence in sentences for name, label in sentence.names}
    names = {name: label for name, label in labels.items() if len(name) >= (2 if HAN.match(name) else 4)}
    if not names:
        return []
    longest_first = sorted(names, key=len, reverse=True)
    spaced = "|".join(re.escape(name) for name in longest_first if not HAN.match(name))
    unspaced = [re.escape(name) for name in longest_first if HAN.match(name)]
    whole_words = [rf"(?<!\w)(?:{spaced})(?!\w)"] if spaced else []
    pattern = re.compile("|".join([*whole_words, *unspaced]))
    found = []
    for sentence in sentences:
        edges = [
            0,
            *itertools.chain.from_iterable((start, end) for start, end, _ in sentence.spans),
            len(sentence.text),
        ]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            found += [
                f"{match[0]} ({names[match[0]]}) in {sentence.place} {sentence.text[:90]}"
                for match in pattern.finditer(sentence.text, start, end)
            ]
    return found
