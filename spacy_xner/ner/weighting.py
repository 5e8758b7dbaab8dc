"""Scores as weights of labels in training: what is uncertain counts for less.

A hard label of projected text has the score of its projection, the probability that the span is exactly right; a soft
label has the certainty of the teacher. Labels without a score have the weight 1: manual ones, and those of names that
`spacy_xner.EntitySwap.v1` has put in the place of others.
"""

import numpy as np
from spacy.training import Example

from ..annotations.attributes import confidence_of, meta_of
from ..errors import XnerError

SPAN, SENTENCE, TOKEN = "span", "sentence", "token"
HARD_WEIGHTINGS = (SPAN, SENTENCE)
SOFT_WEIGHTINGS = (TOKEN, SENTENCE)


def hard_weights(example: Example, weighting: str) -> np.ndarray:
    """The weight of the hard label of each predicted token, float64 (n_tokens,).

    Scores are those of the reference's entities (`span._.confidence`). A token gets the lowest weight of the reference
    tokens that it is aligned with, and 1 where there is none.

    weighting (str): "span": tokens of an entity with a score weigh that score, other tokens 1. "sentence": all tokens
        weigh the lowest score of an entity, or 1 where no entity has a score.
    """
    reference = example.reference
    weights = np.ones(len(reference))
    scored = [(entity, score) for entity in reference.ents if (score := confidence_of(entity)) is not None]
    if weighting == SENTENCE:
        weights[:] = min((score for _, score in scored), default=1.0)
    else:
        for entity, score in scored:
            weights[entity.start : entity.end] = score
    return aligned_weights(example, weights)


def aligned_weights(example: Example, weights: np.ndarray) -> np.ndarray:
    """The lowest weight of the reference tokens of each predicted token, float64 (n_predicted,); 1 where it has none.

    weights (np.ndarray): of the reference tokens, (n_reference,).
    """
    to_reference = example.alignment.x2y
    lengths = np.asarray(to_reference.lengths)
    result = np.ones(len(example.predicted))
    has_some = lengths > 0
    if has_some.any():
        starts = (np.cumsum(lengths) - lengths)[has_some]
        result[has_some] = np.minimum.reduceat(weights[np.asarray(to_reference.data, dtype=int)], starts)
    return result


def soft_weights(example: Example, soft: np.ndarray, weighting: str) -> np.ndarray:
    """The weight of the soft label of each predicted token, float64 (n_tokens,).

    soft (np.ndarray): the aligned soft labels, (n_tokens, n_tags).
    weighting (str): "token": the highest probability of the token's distribution. "sentence": the teacher's certainty
        for the whole text, which `xner corpus distill` keeps as `score` in `doc._.xner_meta`; 1 where there is none.
    RAISES: XnerError for a score that is no number from 0 to 1.
    """
    if weighting == TOKEN:
        return np.asarray(soft.max(axis=1), dtype=float)
    score = meta_of(example.reference).get("score", 1.0)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise XnerError(
            f"The text '{example.reference.text[:60]}' has the score {score!r} in doc._.xner_meta, expected a number "
            f"from 0 to 1, which weighs its soft labels (soft_weighting = {SENTENCE})."
        )
    return np.full(len(example.predicted), float(score))
