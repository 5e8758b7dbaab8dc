"""A text with its labels as the translator receives it and returns it, and the protocol of label carriers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .text_edits import CharSpan


@dataclass(frozen=True)
class EncodedText:
    """A text as the translator receives it.

    names, labels (list[str]): the text and the label of each entity.
    words (list[str]): the placeholders of the entities, the two brackets around them, or the names of their tags.
    to_translate (list[str]): names that are also translated on their own.
    """

    text: str
    names: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    to_translate: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LabelledTranslation:
    """A translation with the entities that were found in it.

    sources (list[int]): the index of the source entity of each span.
    lost (int): source entities that were not found.
    reasons (Counter[str]): why, where the carrier can tell; the numbers add up to `lost`.
    duplicated (int): additional occurrences of entities.
    damaged (bool): whether the text still has a part of a placeholder or of a tag.
    """

    text: str
    spans: list[CharSpan]
    sources: list[int] = field(default_factory=list)
    lost: int = 0
    duplicated: int = 0
    damaged: bool = False
    reasons: Counter[str] = field(default_factory=Counter)


class LabelCarrier(Protocol):
    """Encodes labels into a text for the translator, and decodes them from the translation.

    The argument `name_translations` of `decode` has the translations of `EncodedText.to_translate`.

    nests (bool): whether entities may be inside others.
    """

    nests: bool

    def encode(self, text: str, spans: Sequence[CharSpan]) -> EncodedText: ...

    def decode(
        self, encoded: EncodedText, translation: str, name_translations: Sequence[str | None]
    ) -> LabelledTranslation: ...


def names_and_labels(text: str, spans: Sequence[CharSpan]) -> tuple[list[str], list[str]]:
    """The text and the label of each entity."""
    return [text[start:end] for start, end, _ in spans], [label for *_, label in spans]
