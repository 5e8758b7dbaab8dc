"""By way of other languages: translators in a chain."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from ..errors import XnerError
from ..languages.codes import normalise_code
from .streams import AHEAD, ask
from .types import Translator

Value = TypeVar("Value")


class Pivot:
    """Translates by several translators, one after the other, as from English to Spanish and then to Catalan.

    steps (Sequence[Translator]): the first one reads the text, each of the others what the one before it gave.
    ahead (int): texts that each step reads at most before it gives back the first of them.
    Raises XnerError where there are fewer than two steps, or two neighbours do not fit: each must translate from the
    language that the one before it translates into. While translating, where a step makes a mistake.
    """

    def __init__(self, steps: Sequence[Translator], ahead: int = AHEAD) -> None:
        if len(steps) < 2:
            raise XnerError(
                f"A pivot is a chain of two or more translators, but {len(steps)} came. Name the languages between, as "
                f"through=es."
            )
        self.steps, self.ahead = list(steps), ahead
        for first, second in pairwise(self.steps):
            left, right = (read_language(first, "target"), read_language(second, "source"))
            if left != right:
                raise XnerError(
                    f"The pivot's translators do not fit: {first.identity.get('name')} gives {left}, but "
                    f"{second.identity.get('name')}, which is next, reads {right}. Put one from {left} behind it."
                )

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "Pivot.v1",
            "source": read_language(self.steps[0], "source"),
            "target": read_language(self.steps[-1], "target"),
            "steps": [step.identity for step in self.steps],
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; None where one of the steps knows none."""
        translations: Iterator[str | None] = iter(texts)
        for step in self.steps:
            translations = self._go_on(step, translations)
        return translations

    def _go_on(self, step: Translator, texts: Iterator[str | None]) -> Iterator[str | None]:
        return (translation for _, translation in ask(step, ((None, text) for text in texts), self.ahead))


def read_language(translator: Translator, side: str) -> str:
    """The `source` or `target` of a translator. Raises XnerError where its identity does not name it."""
    language = translator.identity.get(side)
    if not isinstance(language, str):
        raise XnerError(
            f"The translator {translator.identity.get('name', type(translator).__name__)} does not say its {side} "
            f"language in its identity, which a pivot needs to know."
        )
    return normalise_code(language)


def split_names(names: str | Sequence[str]) -> list[str]:
    """Names from a list, or from a text with commas."""
    return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)


def spread(setting: str, values: list[Value], n_steps: int) -> list[Value]:
    """One value for each step. Raises XnerError where there are neither one nor as many."""
    if len(values) not in (1, n_steps):
        raise XnerError(
            f"The pivot has {n_steps} steps, but its setting `{setting}` names {len(values)}; expected one for all or "
            f"one for each."
        )
    return values * n_steps if len(values) == 1 else values
