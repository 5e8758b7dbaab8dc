"""What every translator is: texts in, texts out, in the same number and order."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Translator(Protocol):
    """Translates texts from one language into another.

    identity (dict[str, Any]): plain JSON that names everything the output depends on: `name`, `source`, `target`
        (language codes as `languages.normalise` writes them), versions, digests. It goes into the provenance of a
        corpus, and two translators with equal identities give equal translations.
    """

    @property
    def identity(self) -> dict[str, Any]: ...

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order, reading `texts` no further ahead than a batch.

        None stands for "no translation known", which only a translator with a finite memory says.
        """
        ...
