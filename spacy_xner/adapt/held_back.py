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

MIN_SENTENCES = 20  # for training, development and test together


def held_back_ids(source: Sequence[Doc], settings: Settings, path: Path) -> tuple[set[str], set[str]]:
    """Choose sentences at random; all sentences of a text are in the same part.

    source (Sequence[Doc]): the labelled sentences.
    path (Path): file of the texts, for messages.
    RETURNS: ids for development, ids for test.
    RAISES: XnerError where there are too few sentences or texts.
    """
    if len(source) < MIN_SENTENCES:
        raise XnerError(f"{path}: {len(source)} sentences are too few, expected at least {MIN_SENTENCES}.")
    ids_by_text: dict[str, list[str]] = defaultdict(list)
    for doc in source:
        ids_by_text[text_of(doc)].append(meta_of(doc)["id"])
    texts = sorted(ids_by_text)
    random.Random(settings.seed).shuffle(texts)
    parts: tuple[set[str], set[str]] = set(), set()
    for part in parts:
        while texts and len(part) < max(1, round(len(source) * settings.held_back / 2)):
            part.update(ids_by_text[texts.pop()])
    if not texts:
        raise XnerError(
            f"{path}: the {len(source):,} sentences are from {len(ids_by_text):,} texts, which are not split, so that "
            f"no text is left for training if {settings.held_back:.0%} are held back for development and test. "
            f"Expected more texts, for example one sentence a line."
        )
    return parts
