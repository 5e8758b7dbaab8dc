"""Chooses the texts that are held back from training, for development and test."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from .labelling import text_of
from .settings import Settings

MOST = 1.5  # how many times the sentences that a part needs one text may have
MIN_SENTENCES = 20  # for training, development and test together


def held_back_ids(source: Sequence[Doc], settings: Settings, path: Path) -> tuple[set[str], set[str]]:
    """Choose sentences at random; all sentences of a text are in the same part.

    A text with more sentences than a part needs stays in the training data if there are shorter ones, so that a long
    text does not take most sentences from it.

    source (Sequence[Doc]): the labelled sentences.
    path (Path): file of the texts, for messages.
    RETURNS: ids for development, ids for test.
    RAISES: XnerError where there are too few sentences, or the texts are too long for these shares.
    """
    if len(source) < MIN_SENTENCES:
        raise XnerError(f"{path}: {len(source)} sentences are too few, expected at least {MIN_SENTENCES}.")
    ids_by_text: dict[str, list[str]] = defaultdict(list)
    for doc in source:
        ids_by_text[text_of(doc)].append(meta_of(doc)["id"])
    texts = sorted(ids_by_text)
    random.Random(settings.seed).shuffle(texts)
    wanted = max(1, round(len(source) * settings.held_back / 2))  # sentences of each part
    parts: tuple[set[str], set[str]] = set(), set()
    for part in parts:
        for text in [*texts]:
            if len(part) < wanted and len(part) + len(ids_by_text[text]) <= MOST * wanted:
                part.update(ids_by_text[text])
                texts.remove(text)
        if not part and texts:
            shortest = min(texts, key=lambda text: len(ids_by_text[text]))
            part.update(ids_by_text[shortest])
            texts.remove(shortest)
    held_back = sum(map(len, parts))
    if not texts or held_back > len(source) / 2:
        raise XnerError(
            f"{path}: the {len(source):,} sentences are from {len(ids_by_text):,} texts, which are not split, so that "
            f"{held_back:,} sentences would be held back for development and test, expected about "
            f"{settings.held_back:.0%} and at most half. Use more or shorter texts, for example one sentence a line."
        )
    return parts
