"""A translator that remembers: no text is translated twice, also not by another run."""

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
from .store import Store
from .streams import AHEAD, TranslatorError, ask
from .types import Translator


@dataclass
class Answer:
    """A translation that is known, or will be by the time that it is needed; one for all equal texts of a block."""

    key: str
    translation: str | None = None


class Cached:
    """Gives what is known from a folder and lets a translator do the rest, which is written down as soon as it comes.

    Texts are told apart by the translator's identity and by every character. "No translation known" is remembered too.
    Several processes may share a folder: of two that translate a text at the same time, both give the translation
    that was written first.

    translator (Translator): does the work; translators with equal identities share their translations.
    folder (str | Path | None): where to keep them; None: `translations` in the user's cache folder, or below
        $XNER_CACHE. It grows until it is removed.
    ahead (int): texts that are read at most before the first of them is given back.
    RAISES (XnerError): where `ahead` is below 1 or the identity is no plain JSON; while translating, where the folder
        cannot be used or the translator makes a mistake (what it did before is kept, but not what may belong to
        other texts, since there were more or fewer translations than texts).
    """

    def __init__(self, translator: Translator, folder: str | Path | None = None, ahead: int = AHEAD) -> None:
        if ahead < 1:
            raise XnerError(f"The cache's setting ahead is {ahead}, expected a number of texts of at least 1.")
        self.translator = translator
        self.folder = default_folder() if folder is None else Path(folder)
        self.ahead = ahead
        canonical(translator.identity)

    @property
    def identity(self) -> dict[str, Any]:
        """That of the inner translator: remembering changes no translation."""
        return self.translator.identity

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order."""
        prefix = canonical(self.identity) + b"\0"
        with Store(self.folder) as store:
            asked: dict[str, Answer] = {}
            latest: deque[str] = deque(maxlen=self.ahead)  # keys of the translations that came last

            def look_up() -> Iterator[tuple[Answer, str | None]]:
                for text in texts:
                    key = hashlib.sha256(prefix + text.encode("utf8", "surrogatepass")).hexdigest()
                    if key in asked:
                        yield asked[key], None
                    elif (found := store.get(key)) is not None:
                        yield Answer(key, json.loads(found)), None
                    else:
                        asked[key] = Answer(key)
                        yield asked[key], text

            try:
                for answer, translation in ask(self.translator, look_up(), self.ahead):
                    if asked.get(answer.key) is answer:  # the first of equal texts brings the translation
                        del asked[answer.key]
                        latest.append(answer.key)
                        answer.translation = json.loads(store.add(answer.key, json.dumps(translation)))
                    yield answer.translation
            except TranslatorError as error:
                while error.n_doubtful and latest:
                    store.discard(latest.pop())
                    error.n_doubtful -= 1
                kept = f" What is sure is kept in {self.folder}: the next run goes on from there."
                error.after += kept * (kept not in error.after)  # a step of a chain before this one may have said it
                raise


def canonical(identity: dict[str, Any]) -> bytes:
    """An identity as bytes, the same for equal ones. RAISES: XnerError where it is no plain JSON."""
    try:
        return json.dumps(identity, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise XnerError(f"The translator's identity is {identity!r}, expected plain JSON: {error}.") from None


def default_folder() -> Path:
    """Where translations are kept if nothing else is said."""
    return cache_folder() / "translations"


def with_cache(translator: Translator, folder: str | Path | None = None) -> Translator:
    """A translator whose work is kept: `Cached`, each step of a `Pivot` likewise; a memory stays as it is.

    folder (str | Path | None): as for `Cached`.
    """
    if isinstance(translator, Cached | TranslationMemory):
        return translator
    if isinstance(translator, Pivot):
        return Pivot([with_cache(step, folder) for step in translator.steps], translator.ahead)
    return Cached(translator, folder)
