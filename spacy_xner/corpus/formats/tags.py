"""Entity tags on tokens: one rule reads IOB1, IOB2, BILUO and BIOES."""

from collections.abc import Sequence

from .sentence import CharSpan

OUTSIDE = ("O", "_")
# Prefixes by their effect. E and S are those of BIOES, L and U those of BILUO.
BEGIN, CONTINUE, LAST = "BUS", "ILE", "LEUS"


def parse_tag(tag: str) -> tuple[str, str]:
    """Split a tag into prefix and label: `B-PER` -> ("B", "PER"); ("O", "") outside of entities.

    RAISES: ValueError for anything else.
    """
    if tag in OUTSIDE:
        return "O", ""
    prefix, _, label = tag.partition("-")
    if not label or prefix not in tuple(BEGIN + CONTINUE):
        raise ValueError(f"found the tag '{tag}', expected O, or B- I- (IOB), L- U- (BILUO), E- S- (BIOES) and a label")
    return prefix, label


def spans_of_tags(tags: Sequence[tuple[str, str]]) -> list[CharSpan]:
    """Entities (first token, end token, label) of parsed tags.

    B, U and S begin an entity. I, L and E continue an entity of the same label, or begin one (IOB1). L, E, U and S end
    it.
    """
    spans: list[CharSpan] = []
    is_open = False
    for i, (prefix, label) in enumerate(tags):
        if prefix == "O":
            is_open = False
        elif is_open and prefix in CONTINUE and spans[-1][2] == label:
            spans[-1] = (spans[-1][0], i + 1, label)
        else:
            spans.append((i, i + 1, label))
        is_open = prefix != "O" and prefix not in LAST
    return spans
