"""Entities in brackets, one column of CoNLL-2012 and its relatives: `(PERSON*`, `*`, `*)`, `(ORG*)` or `(ORG)`."""

import re
from collections import Counter
from collections.abc import Sequence

BRACKET = re.compile(r"(?:\(([^()*\s]+))?\*(\)?)|\(([^()*\s]+)\)")
NOTHING = ("*", "-", "_")


def is_bracket_column(cells: Counter[str]) -> bool:
    """Whether a column's cells are brackets, at least one of which opens. Nested ones are those of a parse."""
    return any(cell.startswith("(") for cell in cells) and all(
        cell in NOTHING or BRACKET.fullmatch(cell) for cell in cells
    )


def tags_of_brackets(cells: Sequence[str]) -> list[tuple[str, str]]:
    """The tags (prefix, label) of a sentence's brackets, in IOB2.

    RAISES: ValueError for anything else.
    """
    tags: list[tuple[str, str]] = []
    label = ""
    for cell in cells:
        found = None if cell in NOTHING[1:] else BRACKET.fullmatch(cell)
        if not found and cell not in NOTHING:
            raise ValueError(f"found '{cell}', expected an entity in brackets such as (PERSON* or *)")
        opened = (found[1] or found[3] or "") if found else ""
        if opened and label:
            raise ValueError(f"found '{cell}' inside the entity {label}: entities do not nest")
        if found and found[2] and not (opened or label):
            raise ValueError(f"found '{cell}', which closes no entity")
        tags.append(("B", opened) if opened else ("I", label) if label else ("O", ""))
        label = opened or label
        if found and (found[2] or found[3]):
            label = ""
    if label:
        raise ValueError(f"the entity {label} is never closed")
    return tags
