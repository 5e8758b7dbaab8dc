"""Soft labels: a distribution over tags for each token of a reference doc, such as a teacher predicts.

They are kept in `doc._.xner_soft_labels`, which DocBin stores with `store_user_data=True` (Hinton et al. 2015, arXiv
1503.02531; for cross-lingual NER: Wu et al. 2020, UniTrans, arXiv 2007.07683).
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc

from ..errors import XnerError
from .attributes import SOFT_LABELS

TAG = re.compile(r"O|[BILU]-.+")
TOLERANCE = 1e-3  # of a row's sum, for float16


def set_soft_labels(doc: Doc, tags: Sequence[str], probabilities: Any) -> None:
    """Set the soft labels of a doc.

    doc (Doc): the reference doc.
    tags (Sequence[str]): BILUO tags, one for each column, such as `O`, `B-PER`; any order.
    probabilities (array): (n_tokens, n_tags), numbers in [0, 1]; each row sums to 1, or to 0 for a token that has no
        soft label. Kept as float32.
    RAISES: XnerError for another shape, values that are not probabilities, and duplicate tags.
    """
    store_soft_labels(doc, tags, np.asarray(probabilities, dtype=np.float32))
    try:
        get_soft_labels(doc)
    except XnerError:
        doc._.set(SOFT_LABELS, None)
        raise


def store_soft_labels(doc: Doc, tags: Sequence[str], probabilities: np.ndarray) -> None:
    """As `set_soft_labels`, without a check: for tags and rows of `get_soft_labels`, which has checked them."""
    doc._.set(SOFT_LABELS, {"tags": list(tags), "probabilities": np.array(probabilities, dtype=np.float32)})  # a copy


def get_soft_labels(doc: Doc) -> tuple[list[str], np.ndarray] | None:
    """A doc's soft labels, checked: tags, and probabilities as float32 (n_tokens, n_tags). None if it has none.

    RAISES: XnerError as in `set_soft_labels`.
    """
    found = doc._.get(SOFT_LABELS)
    if found is None:
        return None
    start = f"The soft labels of '{doc.text[:60]}'"
    tags, array = list(found["tags"]), np.asarray(found["probabilities"])
    wrong_tags = [tag for tag in tags if not TAG.fullmatch(str(tag))]
    if wrong_tags:
        raise XnerError(f"{start} have the tag {wrong_tags[0]!r}, expected O, or B-, I-, L- or U- with a label.")
    if len(set(tags)) != len(tags):
        raise XnerError(f"{start} have tags that occur twice: {', '.join(tags)}.")
    if array.shape != (len(doc), len(tags)):
        raise XnerError(
            f"{start} have the shape {array.shape}, expected {(len(doc), len(tags))}: a row for each token and a "
            f"column for each of the tags {', '.join(tags)}."
        )
    if not np.isfinite(array).all() or (array < -TOLERANCE).any():
        row = int(np.flatnonzero(~(np.isfinite(array) & (array >= -TOLERANCE)).all(axis=1))[0])
        raise XnerError(
            f"{start} have NaN, infinite or negative numbers, first for the token {row} ('{doc[row].text}'); expected "
            "probabilities. A token without a soft label has a row of zeros."
        )
    sums = array.sum(axis=1)
    wrong = np.flatnonzero((np.abs(sums - 1) > TOLERANCE) & (sums != 0))
    if len(wrong):
        row = int(wrong[0])
        raise XnerError(
            f"{start}: the probabilities of the token {row} ('{doc[row].text}') sum to {sums[row]:.3f}, expected 1 (or "
            "0 for a token without a soft label)."
        )
    return tags, array
