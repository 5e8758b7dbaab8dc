"""The target distribution of each token in training: of hard labels, soft labels, or both; and the loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.training import Example

from .soft_targets import aligned_soft_labels
from .tags import TagScheme
from .weighting import hard_weights, soft_weights


@dataclass(frozen=True)
class TargetSettings:
    """How hard and soft labels become a target.

    soft_weight (float): share of the soft label where a token has both, in [0, 1].
    label_smoothing (float): share of the uniform distribution over tags in each hard label, in [0, 1) (Szegedy et al.
        2016, arXiv 1512.00567).
    hard_weighting (str | None): weigh hard labels by the scores of entities, see `weighting.hard_weights`.
    soft_weighting (str | None): weigh soft labels by the teacher's certainty, see `weighting.soft_weights`.
    """

    soft_weight: float = 0.5
    label_smoothing: float = 0.0
    hard_weighting: str | None = None
    soft_weighting: str | None = None


@dataclass(frozen=True, eq=False)
class Target:
    """The target of each predicted token of a doc.

    rows (np.ndarray): float32 (n_tokens, n_tags); zeros for tokens without hard or soft label. With weights, each row
        is multiplied by its weight.
    weights (np.ndarray | None): float32 (n_tokens,), of the loss of each token; None where all are 1.
    n_lost (int): number of soft labels that were lost because tokens differ.
    """

    rows: np.ndarray
    weights: np.ndarray | None
    n_lost: int


def target_of(example: Example, scheme: TagScheme, settings: TargetSettings, *, component: str = "xner") -> Target:
    """The target of each predicted token.

    RAISES: XnerError for labels that the scheme does not have, for invalid soft labels, and for a wrong score.
    """
    soft, n_lost = aligned_soft_labels(example, scheme, component=component)
    hard = hard_labels(example, scheme, component)
    if settings.label_smoothing:
        smooth = settings.label_smoothing
        hard = np.where(hard.any(axis=1, keepdims=True), (1 - smooth) * hard + smooth / len(scheme), hard)
    shares = label_shares(hard, soft, settings.soft_weight)
    if settings.hard_weighting is None and settings.soft_weighting is None:
        mixed = shares[0] * hard + shares[1] * soft
        return Target(mixed.astype("f"), None, n_lost)
    if settings.hard_weighting is not None:
        shares[0] *= hard_weights(example, settings.hard_weighting)[:, None]
    if settings.soft_weighting is not None:
        shares[1] *= soft_weights(example, soft, settings.soft_weighting)[:, None]
    mixed = shares[0] * hard + shares[1] * soft
    return Target(mixed.astype("f"), shares.sum(axis=(0, 2)).astype("f"), n_lost)


def hard_labels(example: Example, scheme: TagScheme, component: str) -> np.ndarray:
    """1 for the tag of each predicted token, float32 (n_tokens, n_tags); zeros for tokens without annotation."""
    hard = np.zeros((len(example.predicted), len(scheme)), dtype=np.float32)
    reference = example.reference
    if reference.has_annotation("ENT_IOB"):
        for entity in reference.ents:  # the reference may have another vocabulary
            example.predicted.vocab.strings.add(entity.label_)
        columns = scheme.encode(example.get_aligned_ner(), component=component)
        known = np.flatnonzero(columns >= 0)
        hard[known, columns[known]] = 1.0
    return hard


def label_shares(hard: np.ndarray, soft: np.ndarray, soft_weight: float) -> np.ndarray:
    """The shares of the hard and of the soft label of each token, float32 (2, n_tokens, 1).

    1 for the only label of a token, 0 for a label that it does not have.
    """
    has_hard, has_soft = hard.any(axis=1, keepdims=True), soft.any(axis=1, keepdims=True)
    both = has_hard & has_soft
    shares = [np.where(both, 1 - soft_weight, has_hard), np.where(both, soft_weight, has_soft)]
    return np.stack(shares).astype("f")


def cross_entropy(ops: Any, scores: Sequence[Any], targets: Sequence[Target]) -> tuple[float, list[Any]]:
    """Cross-entropy of logits with targets, summed over the tokens that have a target, and its gradients.

    A token with a weight counts as often as its weight says: its loss and its gradient are multiplied by it.

    ops (Ops): thinc's operations, for the device of the scores.
    scores (Sequence[Floats2d]): logits, (n_tokens, n_tags) for each doc.
    targets (Sequence[Target]): for each doc; rows of zeros are ignored.
    """
    target = ops.xp.asarray(np.concatenate([each.rows for each in targets]))
    weights = ops.xp.asarray(np.concatenate([weights_of(each) for each in targets])[:, None])
    probabilities = ops.softmax(ops.xp.concatenate(list(scores)))
    gradient = probabilities * weights - target
    loss = -(target * ops.xp.log(ops.xp.maximum(probabilities, 1e-10))).sum()
    lengths = np.cumsum([len(each.rows) for each in targets])[:-1]
    return float(loss), list(ops.xp.split(gradient, lengths.tolist()))


def weights_of(target: Target) -> np.ndarray:
    """The weights of a target's tokens, float32 (n_tokens,): where it has none, 1 for tokens with a label, else 0."""
    return (target.rows.sum(axis=1) > 0).astype("f") if target.weights is None else target.weights
