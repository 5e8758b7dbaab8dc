"""Soft labels of reference docs as training targets for the tokens of predicted docs."""

import numpy as np
from spacy.training import Example

from ..annotations.soft_labels import get_soft_labels
from .tags import TagScheme


def aligned_soft_labels(example: Example, scheme: TagScheme, *, component: str = "xner") -> tuple[np.ndarray, int]:
    """Soft labels of the reference doc, for the tokens of the predicted one and in the order of the scheme's tags.

    A token gets those of a reference token if the two are aligned one to one; other tokens get zeros.

    RETURNS: float32 (n_tokens, n_tags), and the number of soft labels that were lost because tokens differ.
    RAISES: XnerError for invalid soft labels, and for tags that the scheme does not have.
    """
    target = np.zeros((len(example.predicted), len(scheme)), dtype=np.float32)
    found = get_soft_labels(example.reference)
    if found is None:
        return target, 0
    tags, array = found
    columns = scheme.encode(tags, component=component)
    to_reference, to_predicted = example.alignment.x2y, example.alignment.y2x
    starts = np.concatenate([[0], np.cumsum(to_reference.lengths)])
    alone = np.flatnonzero(np.asarray(to_reference.lengths) == 1)
    partners = np.asarray(to_reference.data)[starts[alone]].astype(int) if len(alone) else np.zeros(0, dtype=int)
    mutual = np.asarray(to_predicted.lengths)[partners] == 1
    alone, partners = alone[mutual], partners[mutual]
    target[np.ix_(alone, columns)] = array[partners]
    return target, int(array.any(axis=1).sum() - array[partners].any(axis=1).sum())
