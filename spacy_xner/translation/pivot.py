"""Translation through intermediate languages, by a chain of translators."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from ..errors import XnerError
from ..languages.codes import normalise_code
from .stream_translator import StreamTranslator
from .streams import AHEAD, translate_items
from .types import Translator

Value = TypeVar("Value")


class Pivot(StreamTranslator):
    """Applies several translators one after the other, for example from English to Spanish and then to Catalan.

    steps (Sequence[Translator]): the first translates the text, each other one the output of its predecessor.
    ahead (int): maximum number of texts that each step reads before it yields the first translation.
    RAISES: XnerError for fewer than two steps, and where the source language of a step is not the target language of
        its predecessor. While translating, TranslatorError where a step fails.
    """

    def __init__(self, steps: Sequence[Translator], ahead: int = AHEAD) -> None:
        if len(steps) < 2:
            raise XnerError(
                f"A pivot needs two or more translators, found {len(steps)}. Name the intermediate languages, for "
                f"example through=es."
            )
        self.steps, self.ahead = list(steps), ahead
        for first, second in pairwise(self.steps):
            left, right = (read_language(first, "target"), read_language(second, "source"))
            if left != right:
                raise XnerError(
                    f"The steps of the pivot do not match: {first.identity.get('name')} translates into {left}, but "
                    f"the next one, {second.identity.get('name')}, from {right}. Use one that translates from {left}."
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
        """Yield one translation for each text, in order; None where a step has none."""
        translations: Iterator[str | None] = iter(texts)
        for step in self.steps:
            translations = self._run_step(step, translations)
        return translations

    def _run_step(self, step: Translator, texts: Iterator[str | None]) -> Iterator[str | None]:
        return (translation for _, translation in translate_items(step, ((None, text) for text in texts), self.ahead))


def read_language(translator: Translator, side: str) -> str:
    """The `source` or `target` language of a translator. RAISES: XnerError where its identity lacks it."""
    language = translator.identity.get(side)
    if not isinstance(language, str):
        raise XnerError(
            f"The translator {translator.identity.get('name', type(translator).__name__)} has no {side} "
            f"language in its identity, which a pivot needs."
        )
    return normalise_code(language)


def split_names(names: str | Sequence[str]) -> list[str]:
    """Split a text at its commas; return a list as it is."""
    return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else list(names)


def one_per_step(setting: str, values: list[Value], n_steps: int) -> list[Value]:
    """One value for each step; a single value is repeated. RAISES: XnerError for any other number of values."""
    if len(values) not in (1, n_steps):
        raise XnerError(
            f"The pivot has {n_steps} steps, but its setting `{setting}` has {len(values)} values; expected one value, "
            f"or one for each step."
        )
    return values * n_steps if len(values) == 1 else values
