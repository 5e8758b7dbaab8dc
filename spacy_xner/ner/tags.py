"""The BILUO tags of a set of entity labels (Ratinov and Roth 2009, https://aclanthology.org/W09-1119)."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from ..errors import XnerError

OUTSIDE = "O"
PREFIXES = "BILU"


class TagScheme:
    """The tags `O` and, for each label, `B-`, `I-`, `L-` and `U-` (begin, inside, last, unit), in this order.

    A label that is added later gets the next four columns, so that the columns of the other labels do not change.

    labels (Iterable[str]): entity labels, without duplicates.
    """

    def __init__(self, labels: Iterable[str]) -> None:
        self.labels: tuple[str, ...] = tuple(labels)
        self.tags: tuple[str, ...] = (
            OUTSIDE,
            *(f"{prefix}-{label}" for label in self.labels for prefix in PREFIXES),
        )

    def __len__(self) -> int:
        return len(self.tags)

    @cached_property
    def index(self) -> dict[str, int]:
        """Tag -> its column."""
        return {tag: i for i, tag in enumerate(self.tags)}

    def columns(self, prefix: str) -> np.ndarray:
        """Columns of the tags with a prefix, in the order of the labels: int, (n_labels,)."""
        return np.arange(len(self.labels)) * len(PREFIXES) + 1 + PREFIXES.index(prefix)

    def span_tags(self, n_tokens: int, label: str) -> list[int]:
        """Columns of the tags of an entity of `n_tokens` tokens."""
        if n_tokens == 1:
            return [self.index[f"U-{label}"]]
        begin, inside, last = (self.index[f"{prefix}-{label}"] for prefix in "BIL")
        return [begin, *[inside] * (n_tokens - 2), last]

    def encode(self, tags: Sequence[str | None], *, component: str = "xner") -> np.ndarray:
        """Columns of tags; -1 where a tag is missing (None, "-" or ""): int, (n_tokens,).

        RAISES: XnerError for a tag of a label that the scheme does not have.
        """
        columns = np.full(len(tags), -1)
        for i, tag in enumerate(tags):
            if tag in (None, "-", ""):
                continue
            if tag not in self.index:
                raise XnerError(
                    f"The training data has the entity tag {tag!r}, but the component {component!r} has the labels "
                    f"{', '.join(self.labels) or '(none)'}. Add the label before training, by "
                    f"[initialize.components.{component}] labels = [...] in the config or `add_label`, or take it out "
                    "of the data."
                )
            columns[i] = self.index[tag]
        return columns
