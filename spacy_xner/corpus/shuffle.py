"""Shuffles docs: all of them, or a stream through a buffer of bounded size."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import TypeVar

from spacy.tokens import Doc

Item = TypeVar("Item")


def labels_of(doc: Doc) -> set[str]:
    """The labels of a doc's entities."""
    return {ent.label_ for ent in doc.ents}


def split_new_labels(
    items: Sequence[Item],
    labels: Callable[[Item], set[str]] = labels_of,  # type: ignore[assignment]
) -> tuple[list[Item], list[Item]]:
    """Those that have a label which none before has, and the others, both in order.

    spaCy takes the labels of a streamed corpus from its first hundred examples.
    """
    known: set[str] = set()
    first: list[Item] = []
    rest: list[Item] = []
    for item in items:
        found = labels(item)
        (rest if found <= known else first).append(item)
        known |= found
    return first, rest


def shuffle_stream(
    items: Iterable[Item],
    size: int,
    random: Random,
    labels: Callable[[Item], set[str]] = labels_of,  # type: ignore[assignment]
) -> Iterator[Item]:
    """Yield each item once, in an order that is random within about `size` items.

    A buffer is filled with the first items. Of these, those with new labels come first. Then each further item takes
    the place of a random one, which is yielded. An item comes at most `size` places before its own in the stream, and
    can come any number of places after it.

    size (int): greatest number of items in memory.
    labels (Callable): the labels of an item.
    """
    stream = iter(items)
    buffer = list(islice(stream, size))
    random.shuffle(buffer)
    first, buffer = split_new_labels(buffer, labels)
    n_first = len(first)
    yield from first
    del first
    buffer += islice(stream, n_first)
    for item in stream:
        place = random.randrange(size)
        chosen, buffer[place] = buffer[place], item
        yield chosen
    random.shuffle(buffer)
    while buffer:
        yield buffer.pop()
