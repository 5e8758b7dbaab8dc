"""Adapts translators of users, which may have `translate_batch` alone, to what the package calls."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..files import file_sha256
from ..languages.codes import normalise_code
from ..redaction import redact_json
from .stream_translator import StreamTranslator
from .streams import shorten
from .types import BatchTranslator, OwnTranslator, Translator

BATCH_SIZE = 32  # texts


class OwnAdapter(StreamTranslator):
    """A translator made of an object that has `translate_batch`, and optionally `batch_size` and `identity`.

    own (OwnTranslator): `translate_batch(texts: list[str])` returns a list with one text, or None, for each text.
        `batch_size` (int) is the greatest number of texts that it gets at once, 32 without it. `identity` (dict) is
        plain JSON with what translations depend on, and is completed by `name`, `source` and `target`.
    name (str | None): its name in identities; None: the name of its class.
    settings (Mapping[str, Any]): what it was made with. Without an identity of its own, the identity has these, and the
        checksum of the Python file of its class: a change of the file makes cached translations again.
    RAISES: XnerError for a `batch_size` or `identity` of another type; while translating, where there is not one text
        or None for each text.
    """

    def __init__(self, own: OwnTranslator, name: str | None = None, settings: Mapping[str, Any] | None = None) -> None:
        self.own, self.name, self.settings = own, name or type(own).__name__, dict(settings or {})
        self.batch_size = getattr(own, "batch_size", BATCH_SIZE)
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise XnerError(
                f"The batch_size of the translator {self.name} is {self.batch_size!r}, expected a number of texts of "
                "at least 1."
            )
        if (identity := getattr(own, "identity", None)) is not None and not isinstance(identity, dict):
            raise XnerError(
                f"The identity of the translator {self.name} is {identity!r}, expected a dict, such as "
                '{"name": "mine", "source": "en", "target": "de", "version": 1}, as an attribute or a property.'
            )

    @cached_property
    def identity(self) -> dict[str, Any]:
        """RAISES: XnerError where it has no identity, and its class is in no file."""
        languages = {
            side: normalise_code(code)
            for side in ("source", "target")
            if isinstance(code := self.settings.get(side, getattr(self.own, side, None)), str)
        }
        own = getattr(self.own, "identity", None)
        if own is None:
            rest = {key: value for key, value in self.settings.items() if key not in languages}
            own = {"settings": redact_json(rest), "code": self._code_sha256()}
        return {"name": self.name, **languages, **own}

    @property
    def counts(self) -> Any:
        """Its counts, if it has any."""
        return getattr(self.own, "counts", None)

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; read one batch ahead."""
        stream = iter(texts)
        while batch := list(islice(stream, self.batch_size)):
            yield from self._checked(self.own.translate_batch(batch), batch)

    def _checked(self, found: Any, batch: list[str]) -> list[str | None]:
        if not isinstance(found, list | tuple):
            raise XnerError(f"translate_batch gave a {type(found).__name__}, expected a list of texts.")
        if len(found) != len(batch):
            raise XnerError(
                f"translate_batch gave {len(found):,} translations for {len(batch):,} texts, expected one text, or "
                "None, for each."
            )
        for number, (text, translation) in enumerate(zip(batch, found, strict=True), start=1):
            if translation is not None and not isinstance(translation, str):
                raise XnerError(
                    f"translate_batch gave {translation!r} for text {number:,} of a batch ({shorten(text)}), expected "
                    "a text or None."
                )
        return list(found)

    def _code_sha256(self) -> str:
        try:
            return file_sha256(Path(inspect.getfile(type(self.own))))
        except (TypeError, OSError):
            raise XnerError(
                f"The translator {self.name} has no identity, and its class is in no Python file. Give it one: "
                'identity = {"name": "mine", "version": 1}. Caches and provenance need it; raise the version when '
                "translations change."
            ) from None


class StreamAdapter(StreamTranslator):
    """A translator made of one that has `translate` alone, with all its other attributes."""

    def __init__(self, inner: Translator) -> None:
        self.inner = inner

    @property
    def identity(self) -> dict[str, Any]:
        return self.inner.identity

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        return self.inner.translate(texts)

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # not set yet, while a copy is made
            raise AttributeError(name)
        return getattr(self.inner, name)


def as_translator(
    found: object, name: str | None = None, settings: Mapping[str, Any] | None = None
) -> BatchTranslator | None:
    """A translator with all methods, made of one that may have `translate` or `translate_batch` alone.

    name, settings: as for `OwnAdapter`.
    RETURNS: the object itself where it has both methods and an identity; None where it is no translator.
    RAISES: XnerError as `OwnAdapter`.
    """
    if isinstance(found, type):
        return None
    if isinstance(found, BatchTranslator):
        return found
    if isinstance(found, Translator):
        return StreamAdapter(found)
    return OwnAdapter(found, name, settings) if isinstance(found, OwnTranslator) else None
