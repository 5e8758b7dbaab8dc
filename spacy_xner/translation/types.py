"""The protocols of translators: what every one has, and the least that a user's own needs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Translator(Protocol):
    """Translates texts from one language into another.

    identity (dict[str, Any]): plain JSON with everything that the output depends on: `name`, `source`, `target`
        (language codes in the form of `normalise_code`), versions, checksums. It is stored in the provenance of a
        corpus. Two translators with equal identities give equal translations.
    """

    @property
    def identity(self) -> dict[str, Any]: ...

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order. Read at most one batch of `texts` ahead.

        None means that there is no translation, for example because a translation memory lacks the text.
        """
        ...


@runtime_checkable
class BatchTranslator(Translator, Protocol):
    """A translator that also takes a list of texts; `make_translator` makes only these."""

    def translate_batch(self, texts: list[str]) -> list[str | None]:
        """The translation of each text, in order; None where there is none."""
        ...


@runtime_checkable
class OwnTranslator(Protocol):
    """The least that a translator of a user needs, see `spacy_xner.translation.own.OwnAdapter`."""

    def translate_batch(self, texts: list[str]) -> Sequence[str | None]: ...
