"""From logits to entities with their probabilities."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .decoding import Constraints, FoundEntity, constrain, decode, log_softmax, score_spans
from .tags import TagScheme


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

    logits (Sequence[np.ndarray]): (n_tokens, n_tags) for each doc.
    limits (Sequence[Constraints]): the constraints of each doc.
    uncalibrated (bool): whether to compute the probabilities with temperature 1 as well.
    """

    def log_probabilities(temperature: float) -> list[np.ndarray]:
        return [
            constrain(log_softmax(array, temperature), scheme, limit)
            for array, limit in zip(logits, limits, strict=True)
        ]

    found = decode(log_probabilities(temperature), scheme)
    if not uncalibrated:
        return [Prediction(entities, None) for entities in found]
    triples = [[entity[:3] for entity in entities] for entities in found]
    scored = score_spans(log_probabilities(1.0), triples, scheme)
    return [
        Prediction(entities, [entity.confidence for entity in plain])
        for entities, plain in zip(found, scored, strict=True)
    ]
