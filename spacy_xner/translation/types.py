"""The protocol that every translator implements."""

from collections.abc import Iterable, Iterator
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
