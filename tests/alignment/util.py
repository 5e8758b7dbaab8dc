"""Sentence pairs for the aligners' tests."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from spacy_xner.languages.tokenizer import multilingual_blank

TRANSLATIONS = Path(__file__).parents[2] / "corpus" / "translations"
TARGETS = ("de", "es", "fr", "nl", "ru", "zh")

Pair = tuple[list[str], list[str]]


def corpus_pairs(n: int) -> list[Pair]:
    """The first `n` pairs of the project's own translations, all languages in turn, as words."""
    tokenizer = multilingual_blank().tokenizer

    def pairs() -> Iterator[Pair]:
        for path in sorted(TRANSLATIONS.glob("*.tsv")):
            with path.open(encoding="utf8", newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
            for i, row in enumerate(rows):
                target = TARGETS[i % len(TARGETS)]
                source_doc, target_doc = tokenizer(row["en"]), tokenizer(row[target])
                yield [token.text for token in source_doc], [token.text for token in target_doc]

    return list(islice(pairs(), n))


def start_of(words: list[str], n_letters: int) -> list[str]:
    """As many of the first words as have `n_letters` together: what fits into an encoder that spells."""
    kept: list[str] = []
    for word in words:
        if sum(map(len, kept)) + len(word) > n_letters:
            break
        kept.append(word)
    return kept or [words[0][:n_letters]]
