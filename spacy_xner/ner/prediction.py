"""From logits to entities with their probabilities, a few docs at a time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .decoding import Constraints, FoundEntity, constrain, decode, log_softmax, score_spans
from .tags import TagScheme

CHUNK_TOKENS = 32_768
"""Tokens that are decoded at the same time: some ten arrays of (n_tokens, n_tags) in float64 exist meanwhile."""


class Prediction(NamedTuple):
    """The entities of a doc, and their probabilities with temperature 1 if they were asked for."""

    entities: list[FoundEntity]
    uncalibrated: list[float] | None


def find_entities(
    logits: Sequence[np.ndarray],
    limits: Sequence[Constraints],
    scheme: TagScheme,
    temperature: float,
    *,
    uncalibrated: bool = False,
) -> list[Prediction]:
    """The entities of the best legal tag sequence of each doc.

    Memory does not depend on the number of docs: docs of similar length are decoded together, up to `CHUNK_TOKENS`.

    logits (Sequence[np.ndarray]): (n_tokens, n_tags) for each doc.
    limits (Sequence[Constraints]): the constraints of each doc.
    uncalibrated (bool): whether to compute the probabilities with temperature 1 as well.
    """
    predictions: list[Prediction] = [Prediction([], None)] * len(logits)
    for chunk in chunks([len(array) for array in logits]):

        def log_probabilities(temperature: float, chunk: list[int] = chunk) -> list[np.ndarray]:
            return [constrain(log_softmax(logits[i], temperature), scheme, limits[i]) for i in chunk]

        found = decode(log_probabilities(temperature), scheme)
        plain: list[list[float]] | list[None] = [None] * len(chunk)
        if uncalibrated:
            triples = [[entity[:3] for entity in entities] for entities in found]
            scored = score_spans(log_probabilities(1.0), triples, scheme)
            plain = [[entity.confidence for entity in entities] for entities in scored]
        for i, entities, scores in zip(chunk, found, plain, strict=True):
            predictions[i] = Prediction(entities, scores)
    return predictions


def chunks(lengths: Sequence[int], n_tokens: int = CHUNK_TOKENS) -> Iterator[list[int]]:
    """Indices of docs, shortest first, in lists of docs with at most `n_tokens` tokens, or of one longer doc."""
    chunk: list[int] = []
    total = 0
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if chunk and total + lengths[i] > n_tokens:
            yield chunk
            chunk, total = [], 0
        chunk.append(i)
        total += lengths[i]
    if chunk:
        yield chunk
