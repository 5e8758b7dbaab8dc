"""The target distribution of each token in training: of hard labels, soft labels, or both; and the loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.training import Example

from .soft_targets import aligned_soft_labels
from .tags import TagScheme


def target_of(
    example: Example, scheme: TagScheme, soft_weight: float, *, component: str = "xner"
) -> tuple[np.ndarray, int]:
    """The target of each predicted token, float32 (n_tokens, n_tags); zeros for tokens without hard or soft label.

    soft_weight (float): share of the soft label where a token has both, in [0, 1].
    RETURNS: the target, and the number of soft labels that were lost because tokens differ.
    RAISES: XnerError for labels that the scheme does not have, and for invalid soft labels.
    """
    reference = example.reference
    soft, n_lost = aligned_soft_labels(example, scheme, component=component)
    if not reference.has_annotation("ENT_IOB"):
        return soft, n_lost
    for entity in reference.ents:  # the reference may have another vocabulary
        example.predicted.vocab.strings.add(entity.label_)
    columns = scheme.encode(example.get_aligned_ner(), component=component)
    hard = np.zeros_like(soft)
    known = np.flatnonzero(columns >= 0)
    hard[known, columns[known]] = 1.0
    both = soft.any(axis=1, keepdims=True) & hard.any(axis=1, keepdims=True)
    mixed = np.where(both, (1 - soft_weight) * hard + soft_weight * soft, hard + soft)
    return mixed.astype("f"), n_lost


def cross_entropy(ops: Any, scores: Sequence[Any], targets: Sequence[np.ndarray]) -> tuple[float, list[Any]]:
    """Cross-entropy of logits with targets, summed over the tokens that have a target, and its gradients.

    ops (Ops): thinc's operations, for the device of the scores.
    scores (Sequence[Floats2d]): logits, (n_tokens, n_tags) for each doc.
    targets (Sequence[np.ndarray]): (n_tokens, n_tags) for each doc; rows of zeros are ignored.
    """
    target = ops.xp.asarray(np.concatenate(targets))
    has_target = target.sum(axis=1, keepdims=True) > 0
    probabilities = ops.softmax(ops.xp.concatenate(list(scores)))
    gradient = (probabilities - target) * has_target
    loss = -(target * ops.xp.log(ops.xp.maximum(probabilities, 1e-10))).sum()
    lengths = np.cumsum([len(array) for array in targets])[:-1]
    return float(loss), list(ops.xp.split(gradient, lengths.tolist()))
