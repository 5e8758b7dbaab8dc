"""Which source sentences of a study are used with their labels, and which are held back."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import XnerError


@dataclass(frozen=True)
class Split:
    """Ids of source sentences: those whose labels are used, and those that are held back."""

    used: frozenset[str]
    held_back: frozenset[str]


def split_ids(texts: Mapping[str, str], held_back: float, labels: float, seed: int) -> Split:
    """Split source sentences at random.

    The held-back sentences are the same for every seed and share of labels, so that all runs have the same synthetic
    text. Which labels are used depends on the seed; a smaller share is a subset of a larger one. Sentences with the
    same text, ignoring case, are held back together.

    texts (Mapping[str, str]): the text of each sentence, by id.
    held_back (float): share of all sentences to hold back. labels (float): share of the others whose labels are used.
    RAISES: XnerError if no label would be left.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(texts):
        groups[texts[name].casefold()].append(name)
    order = list(groups.values())
    random.Random(0).shuffle(order)
    back: list[str] = []
    while order and len(back) < round(len(texts) * held_back):
        back += order.pop()
    rest = [name for group in order for name in group]
    random.Random(seed).shuffle(rest)
    used = rest[: round(len(rest) * labels)]
    if not used:
        raise XnerError(
            f"Of {len(texts)} source sentences {len(back)} are held back, and a share of {labels} of the others is "
            f"none: expected at least one labelled sentence. Lower held_back, or raise labels."
        )
    return Split(frozenset(used), frozenset(back))
