"""Reads pairs of docs for projection: their words, and a teacher's opinion on the targets."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

import numpy as np
from spacy.tokens import Doc

from .doc_words import PairWords
from .second_opinion import SecondOpinion, Teacher

READ_BY_TEACHER = 128
"""The most pairs whose targets the teacher reads at once; as many pairs are read ahead."""


def read_pairs(
    pairs: Iterable[tuple[Doc, Doc]], label_map: Mapping[str, str], teacher: Teacher | None, weight: float
) -> Iterator[PairWords]:
    """Read (source, target) pairs lazily, in order.

    label_map (Mapping[str, str]), teacher (Teacher | None), weight (float): see `SpanProjector`. The teacher reads
        targets that have words and whose source has spans.
    RAISES: XnerError for anything else than docs.
    """
    remaining = iter(pairs)
    if teacher is None:
        yield from (PairWords.of(source, target, label_map) for source, target in remaining)
        return
    while block := list(islice(remaining, READ_BY_TEACHER)):
        words = [PairWords.of(source, target, label_map) for source, target in block]
        judged = [i for i, pair in enumerate(words) if pair.spans and pair.target.tokens]
        if judged:
            labels = frozenset(teacher.labels)  # a teacher may load its pipeline here
            for i, found in zip(judged, teacher.read([block[i][1] for i in judged]), strict=True):
                tokens = np.array(words[i].target.tokens, dtype=np.intp)
                words[i] = replace(words[i], opinion=SecondOpinion(found, labels, tokens, weight))
        yield from words
