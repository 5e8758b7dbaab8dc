"""Pairs of arms in one text, such as `b-a,e-a`: the contrasts of a study."""

from collections.abc import Collection

from ..errors import XnerError


def parse_pairs(text: str, arms: Collection[str]) -> list[tuple[str, str]]:
    """Pairs (arm, other) from `ARM-OTHER,...`; names may have hyphens.

    arms (Collection[str]): the names that there are.
    RAISES: XnerError for anything but pairs of arms, and for a pair that is there twice.
    """
    pairs: list[tuple[str, str]] = []
    for part in text.split(","):
        pieces = part.strip().split("-")
        splits = [("-".join(pieces[:i]), "-".join(pieces[i:])) for i in range(1, len(pieces))]
        fitting = [(one, other) for one, other in splits if one in arms and other in arms and one != other]
        if len(fitting) != 1:
            raise XnerError(
                f"'{part.strip()}' is not a pair of arms, expected ARM-OTHER with two of {', '.join(sorted(arms))}."
            )
        pairs += fitting
    if len(set(pairs)) < len(pairs):
        raise XnerError(f"'{text}' contains a pair twice, expected each once.")
    return pairs


def parse_pair(text: str, arms: Collection[str]) -> tuple[str, str]:
    """One pair (arm, other) from `ARM-OTHER`. RAISES: XnerError for anything else, see `parse_pairs`."""
    pairs = parse_pairs(text, arms)
    if len(pairs) > 1:
        raise XnerError(f"'{text}' contains {len(pairs)} pairs of arms, expected one.")
    return pairs[0]
