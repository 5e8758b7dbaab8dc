"""Lists of texts for translators that translate streams."""

from collections.abc import Iterable, Iterator


class StreamTranslator:
    """A mixin for translators that define `translate`: it adds `translate_batch`."""

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        raise NotImplementedError

    def translate_batch(self, texts: list[str]) -> list[str | None]:
        """The translation of each text, in order; None where there is none. RAISES: XnerError as `translate`."""
        return list(self.translate(texts))
