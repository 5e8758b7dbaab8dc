"""Entity tags on tokens: IOB1, IOB2, BILUO and BIOES, all read by one rule."""

from collections.abc import Sequence

from .sentence import CharSpan

OUTSIDE = ("O", "_")
BEGIN, CONTINUE, SINGLE, LAST = "BUS", "ILE", "US", "LEUS"


def parse_tag(tag: str) -> tuple[str, str]:
    """Split a tag into prefix and label: `B-PER` -> ("B", "PER"); ("O", "") outside.

    RAISES: ValueError with what was expected.
    """
    if tag in OUTSIDE:
        return "O", ""
    prefix, _, label = tag.partition("-")
    if not label or prefix not in tuple(BEGIN + CONTINUE):
        raise ValueError(f"found the tag '{tag}', expected O, or B- I- (IOB), L- U- (BILUO), E- S- (BIOES) and a label")
    return prefix, label


def spans_of_tags(tags: Sequence[tuple[str, str]]) -> list[CharSpan]:
    """Entities (first token, end token, label) of parsed tags.

    B, U and S begin an entity; I, L and E continue one of the same label, or begin one (IOB1); L, E, U and S end it.
    """
    spans: list[CharSpan] = []
    going_on = False
    for i, (prefix, label) in enumerate(tags):
        if prefix == "O":
            going_on = False
        elif going_on and prefix in CONTINUE and spans[-1][2] == label:
            spans[-1] = (spans[-1][0], i + 1, label)
        else:
            spans.append((i, i + 1, label))
        going_on = prefix != "O" and prefix not in LAST
    return spans
