"""Kinds of errors: predicted entities matched with those of the reference."""

from collections.abc import Collection

from .entities import Entity

ERROR_KINDS = ("correct", "boundary", "label", "boundary and label", "missed", "spurious")


def match_entities(predicted: Collection[Entity], gold: Collection[Entity]) -> list[tuple[str, str, str]]:
    """Match predicted entities with those of the reference, and name the kind of each error.

    An entity with the same span and label is "correct"; one with the same span is an error of its "label"; one that
    overlaps is an error of its "boundary", or of "boundary and label". Matches are chosen in this order, then by the
    number of common characters, and each entity is in one match. An entity of the reference without a match is
    "missed". A predicted entity that overlaps no entity of the reference is "spurious"; one that overlaps some but has
    no match is not counted, as it is a part of that entity's error.

    predicted, gold (Collection[Entity]): entities of one text.
    RETURNS (list[tuple[str, str, str]]): a kind of `ERROR_KINDS`, the label in the reference, and the predicted label;
        "" for none.
    """
    matches = []
    for reference in gold:
        for found in predicted:
            common = min(reference[1], found[1]) - max(reference[0], found[0])
            if common > 0:
                order = ("correct", "label", "boundary", "boundary and label").index(kind_of(reference, found))
                matches.append((order, -common, reference, found))
    overlapping = {found for *_, found in matches}
    unmatched_gold, unmatched_predicted, result = set(gold), set(predicted), []
    for *_, reference, found in sorted(matches):
        if reference in unmatched_gold and found in unmatched_predicted:
            unmatched_gold.remove(reference)
            unmatched_predicted.remove(found)
            result.append((kind_of(reference, found), reference[2], found[2]))
    result += [("missed", label, "") for *_, label in sorted(unmatched_gold)]
    return result + [("spurious", "", found[2]) for found in sorted(unmatched_predicted - overlapping)]


def kind_of(reference: Entity, found: Entity) -> str:
    """The kind of a match of two entities that overlap."""
    if reference[:2] == found[:2]:
        return "correct" if reference[2] == found[2] else "label"
    return "boundary" if reference[2] == found[2] else "boundary and label"
