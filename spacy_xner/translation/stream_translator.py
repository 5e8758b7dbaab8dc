"""The base of translators that translate streams: it adds lists of texts."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator


class StreamTranslator(ABC):
    """A mixin for translators that define `translate`: it adds `translate_batch`."""

    @abstractmethod
    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order."""

    def translate_batch(self, texts: list[str]) -> list[str | None]:
        """The translation of each text, in order; None where there is none. RAISES: XnerError as `translate`."""
        return list(self.translate(texts))
