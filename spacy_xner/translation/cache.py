"""A translator that stores its translations on disk, so that no text is translated twice."""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..files import cache_folder
from .memory import TranslationMemory
from .pivot import Pivot
from .stream_translator import StreamTranslator
from .streams import AHEAD, TranslatorError, translate_items
from .types import Translator


@dataclass
class Entry:
    """A translation from the store, or one that is pending; equal texts that are pending share one entry."""

    key: str
    translation: str | None = None


class CachedTranslator(StreamTranslator):
    """Reads translations from a folder, and lets a translator make the missing ones, which are stored immediately.

    The key of a translation is the translator's identity and the exact text. The identity has the revision of the
    translator's code, so that translations of older code are made again. "No translation" is stored too. Several
    processes can share a folder: if two translate a text at the same time, both yield the translation that was stored
    first.

    translator (Translator): makes missing translations; translators with equal identities share their translations.
    folder (str | Path | None): where translations are stored; None: `translations` in the user's cache folder, or in
        $XNER_CACHE. It has no size limit.
    ahead (int): maximum number of texts read before the first translation is yielded.
    RAISES: XnerError where `ahead` is below 1 or the identity is not plain JSON. While translating, XnerError where the
        folder cannot be used or the translator fails; earlier translations stay stored, except those that may belong to
        other texts because the translator gave a wrong number of translations.
    """

    def __init__(self, translator: Translator, folder: str | Path | None = None, ahead: int = AHEAD) -> None:
        if ahead < 1:
            raise XnerError(f"The cache's setting ahead is {ahead}, expected a number of texts of at least 1.")
        self.translator = translator
        self.folder = default_folder() if folder is None else Path(folder)
        self.ahead = ahead
        identity_bytes(translator.identity)

    @property
    def identity(self) -> dict[str, Any]:
        """The identity of the inner translator, since the cache changes no translation."""
        return self.translator.identity

    def missing(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield the texts that are not stored, each once: those that `translate` would pass to the translator."""
        from .store import Store

        prefix = identity_bytes(self.identity) + b"\0"
        seen: set[str] = set()
        with Store(self.folder) as store:
            for text in texts:
                key = key_of(prefix, text)
                if key not in seen and store.get(key) is None:
                    seen.add(key)
                    yield text

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order."""
        from .store import Store

        prefix = identity_bytes(self.identity) + b"\0"
        with Store(self.folder) as store:
            pending: dict[str, Entry] = {}
            latest: deque[str] = deque(maxlen=self.ahead)  # keys of the latest new translations

            def look_up() -> Iterator[tuple[Entry, str | None]]:
                for text in texts:
                    key = key_of(prefix, text)
                    if key in pending:
                        yield pending[key], None
                    elif (found := store.get(key)) is not None:
                        yield Entry(key, json.loads(found)), None
                    else:
                        pending[key] = Entry(key)
                        yield pending[key], text

            try:
                for entry, translation in translate_items(self.translator, look_up(), self.ahead):
                    if pending.get(entry.key) is entry:  # only the first of equal texts was translated
                        del pending[entry.key]
                        latest.append(entry.key)
                        entry.translation = json.loads(store.add(entry.key, json.dumps(translation)))
                    yield entry.translation
            except TranslatorError as error:
                while error.n_doubtful and latest:
                    store.discard(latest.pop())
                    error.n_doubtful -= 1
                kept = f" Earlier translations are stored in {self.folder}: the next run resumes from there."
                error.after += kept * (kept not in error.after)  # an earlier step of a pivot may have added it
                raise


def key_of(prefix: bytes, text: str) -> str:
    """The key of a text in the store. prefix (bytes): from the translator's identity."""
    return hashlib.sha256(prefix + text.encode("utf8", "surrogatepass")).hexdigest()


def identity_bytes(identity: dict[str, Any]) -> bytes:
    """An identity as JSON with sorted keys. RAISES: XnerError where it is not plain JSON."""
    try:
        return json.dumps(identity, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise XnerError(f"The translator's identity is {identity!r}, expected plain JSON: {error}.") from None


def default_folder() -> Path:
    """The folder where translations are stored by default."""
    return cache_folder() / "translations"


def with_cache(translator: Translator, folder: str | Path | None = None) -> Translator:
    """Add a cache to a translator: to each step of a `Pivot`, and to no `TranslationMemory`.

    folder (str | Path | None): as for `CachedTranslator`.
    """
    if isinstance(translator, CachedTranslator | TranslationMemory):
        return translator
    if isinstance(translator, Pivot):
        return Pivot([with_cache(step, folder) for step in translator.steps], translator.ahead)
    return CachedTranslator(translator, folder)
