"""Translation memory: looks up existing translations, which are read from tables, parallel files or TMX."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..languages.codes import normalise_code
from .memory_files import find_files
from .stream_translator import StreamTranslator


@dataclass
class MemoryCounts:
    """Counts of what was read and skipped.

    pairs (int): texts with a translation.
    repeated (int): lines or units that repeat an earlier pair.
    conflicting (int): lines or units with a second translation of a text (the first one is kept).
    empty (int): lines or units without text in one of the two languages.
    other_files (int): files of a folder that lack one of the two languages.
    other_units (int): units of TMX files that lack one of the two languages.
    inline_tags (int): tags inside of texts of TMX files, which were dropped.
    """

    pairs: int = 0
    repeated: int = 0
    conflicting: int = 0
    empty: int = 0
    other_files: int = 0
    other_units: int = 0
    inline_tags: int = 0


class TranslationMemory(StreamTranslator):
    """Looks up translations by exact text, then with normalised white space and Unicode composition (NFC).

    Three kinds of files, each also with `.gz`; `docs/reference/translators.md` describes them:

    - A table, `.tsv`: the first line has the language of each column, each further line one text in these languages.
    - Two parallel files, as those of Moses and OPUS: `corpus.en-de.en` and `corpus.en-de.de`, or `corpus.en` and
      `corpus.de`. Each line of one translates the same line of the other.
    - TMX, `.tmx`: what translators export. Inline tags are dropped and counted.

    Codes with a region belong to a language without one: `de-DE` is read for `de`, but not `de` for `de-AT`.

    path (str | Path): a file, one of two parallel files or what their names have in common, or a folder of such files
        (read in alphabetical order).
    source, target (str): language codes, two- or three-letter.
    RAISES: XnerError, with file and line, where a file has another format, a parallel file has no partner or another
        number of lines, or no file has both languages.
    """

    def __init__(self, path: str | Path, source: str, target: str):
        self.path = Path(path)
        self.source, self.target = normalise_code(source), normalise_code(target)
        self.counts = MemoryCounts()
        self._exact: dict[str, str] = {}
        self._normalised: dict[str, str] = {}  # by normalised text, where no text that came earlier is equal to it
        digest = hashlib.sha256()
        files, n_alone = find_files(self.path, self.source, self.target)
        for file in files:
            for text, translation in file.pairs(digest):
                self._add(text, translation)
        read = [file.units for file in files]
        if not any(units.matched for units in read):
            found = "; ".join(f"{units.name}: {', '.join(units.languages) or 'none'}" for units in read)
            raise XnerError(
                f"No translation memory for {self.source} to {self.target} in {self.path}. The languages are: "
                f"{found or 'only one of the two'}. Name two of these languages, or add a column or a file."
            )
        self.counts.other_files = sum(not units.matched for units in read) + n_alone
        self.counts.other_units = sum(units.n_other for units in read if units.matched)
        self.counts.inline_tags = sum(units.n_inline for units in read if units.matched)
        self._sha256 = digest.hexdigest()

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "TranslationMemory.v1",
            "source": self.source,
            "target": self.target,
            "files": self.path.name,
            "sha256": self._sha256,
            "counts": asdict(self.counts),
        }

    def __len__(self) -> int:
        return len(self._exact)

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield the translation of each text, or None where the memory lacks it."""
        for text in texts:
            translation = self._exact.get(text)
            yield self._find_normalised(text) if translation is None else translation

    def _find_normalised(self, text: str) -> str | None:
        key = normalise_text(text)
        translation = self._normalised.get(key)
        return self._exact.get(key) if translation is None else translation

    def _add(self, text: str, translation: str) -> None:
        if not text or not translation:
            self.counts.empty += 1
        elif text not in self._exact:
            self._exact[text] = translation
            key = normalise_text(text)
            if key != text and key not in self._exact:
                self._normalised.setdefault(key, translation)
            self.counts.pairs += 1
        elif self._exact[text] == translation:
            self.counts.repeated += 1
        else:
            self.counts.conflicting += 1


def normalise_text(text: str) -> str:
    """Normalise white space and Unicode composition (NFC)."""
    return " ".join(unicodedata.normalize("NFC", text).split())
