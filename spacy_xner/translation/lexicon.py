"""Translation word by word with a dictionary.

Mayhew, Tsai and Roth 2017, "Cheap translation for cross-lingual named entity recognition", EMNLP: word by word is no
good translation, but enough to learn from, since most of what tells a name is in the words around it.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import regex

from ..errors import XnerError
from ..languages.codes import base_language, normalise_code
from ..languages.scripts import LETTER, UNSPACED_CHARACTER, is_in_script, is_unspaced_language
from ..lines import read_lines
from .freedict import freedict_files, is_freedict, read_freedict, translations_of

WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*")
UNSPACED_GAP = regex.compile(f"(?<={UNSPACED_CHARACTER})[ ]+(?={UNSPACED_CHARACTER})")
SERBO_CROATIAN = {"bs", "hr", "sr"}  # one list of frequencies, "sh"
MOST_WORDS = 4  # of a candidate: what is longer explains a word rather than translating it

SAMPLE = 1000  # entries that are looked through for one that can be used


class Lexicon:
    """Replaces words by their translations, the longest entry of up to `max_words` words first; all else stays.

    Words that the dictionary does not know stay as they are, which most names are. Upper case is carried over: of the
    first letter, or of whole words. Of several candidates the one is taken that is most frequent in the target
    language, where `wordfreq` is installed and knows it, otherwise the first.

    path (str | Path): a FreeDict dictionary (its `.index` or `.dict.dz`), or a UTF-8 file (also gzipped) with lines
        `source<TAB>target[<TAB>target...]`; a source may come again in further lines.
    source, target (str): language codes.
    invert (bool): the dictionary is one from `target` to `source`.
    max_words (int): words of the longest entries.
    ranked (bool): whether to choose by frequency.
    Raises XnerError where the dictionary cannot be read, has no entry for the two languages' scripts, or `source` is
    written without blanks between words.

    `counts` has the numbers of `words` seen and of those `unknown`.
    """

    def __init__(
        self,
        path: str | Path,
        source: str,
        target: str,
        invert: bool = False,
        max_words: int = 3,
        ranked: bool = True,
    ) -> None:
        if max_words < 1:
            raise XnerError(f"The lexicon's setting max_words is {max_words}, expected at least 1.")
        self.path = Path(path)
        self.source, self.target = normalise_code(source), normalise_code(target)
        if is_unspaced_language(self.source):
            raise XnerError(
                f"The lexicon translates word by word, but {self.source!r} is written without blanks between words. "
                f"Use another translator, or one by way of a lexicon into {self.source!r}."
            )
        self.invert, self.max_words, self.ranked = invert, max_words, ranked
        self.counts: Counter[str] = Counter()
        self.entries = self._read()
        self._sha256 = self._digest()
        self.chosen: dict[str, str] = {}
        if not any(self.candidates(key) for key in islice(self.entries, SAMPLE)):
            raise XnerError(
                f"{self.path}: found no entry with a translation that can be {self.target!r}, expected lines "
                f"source<TAB>target[<TAB>target...] or a FreeDict dictionary. To turn it round, set invert."
            )

    @cached_property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "Lexicon.v1",
            "source": self.source,
            "target": self.target,
            "files": self.path.name,
            "sha256": self._sha256,
            "invert": self.invert,
            "max_words": self.max_words,
            "frequencies": self.frequencies,
        }

    @cached_property
    def frequencies(self) -> str | None:
        """What ranks candidates, with its version; None where nothing does."""
        if not self.ranked:
            return None
        try:
            from wordfreq import available_languages, zipf_frequency

            # For a language that it lacks it takes a related one: Spanish for Galician, English for Esperanto.
            if base_language(self.target) not in {*available_languages(), *SERBO_CROATIAN}:
                return None
            zipf_frequency("a", self.target)  # some languages need further packages
            return f"wordfreq {version('wordfreq')}"
        except (ImportError, LookupError, PackageNotFoundError):
            return None

    def __len__(self) -> int:
        return len(self.entries)

    def translate(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield one translation for each text, in order."""
        for text in texts:
            translation = "".join(self._parts(text))
            yield UNSPACED_GAP.sub("", translation) if is_unspaced_language(self.target) else translation

    def _parts(self, text: str) -> Iterator[str]:
        words = list(WORD.finditer(text))
        done = i = 0
        while i < len(words):
            yield text[done : words[i].start()]
            taken, translation = self._longest(text, words[i : i + self.max_words])
            self.counts["words"] += taken
            done = words[i + taken - 1].end()
            if translation is None:
                self.counts["unknown"] += 1
                yield words[i][0]
            else:
                yield carry_case(text[words[i].start() : done], translation, self.target)
            i += taken
        yield text[done:]

    def _longest(self, text: str, words: list[regex.Match[str]]) -> tuple[int, str | None]:
        """Of how many of the words there is an entry, and its translation."""
        for count in range(len(words), 0, -1):
            written = text[words[0].start() : words[count - 1].end()]
            if count > 1 and any(gap not in (" ", "-") for gap in gaps(text, words[:count])):
                continue
            if (key := as_key(written)) in self.entries:
                if key not in self.chosen:
                    self.chosen[key] = self._choose(self.candidates(key))
                if self.chosen[key]:
                    return count, self.chosen[key]
        return 1, None

    def candidates(self, key: str) -> list[str]:
        """Translations of a head, in the dictionary's order, without those that are none in the target language."""
        read = translations_of if is_freedict(self.path) and not self.invert else str.splitlines
        found = {
            unicodedata.normalize("NFC", each): None for entry in self.entries.get(key, []) for each in read(entry)
        }
        return [each for each in found if self._is_translation(each)]

    def _is_translation(self, text: str) -> bool:
        return len(text.split()) <= MOST_WORDS and is_in_script(text, self.target) and LETTER.search(text) is not None

    def _choose(self, candidates: list[str]) -> str:
        """The best candidate; an empty text where there is none."""
        if self.frequencies is None or len(candidates) < 2:
            return "".join(candidates[:1])
        from wordfreq import zipf_frequency

        def rank(candidate: str) -> tuple[float, bool]:
            return zipf_frequency(candidate, self.target), not candidate.isupper()

        return max(candidates, key=rank)  # the first of equals

    def _read(self) -> dict[str, list[str]]:
        """Entries by key, as they are written: reading all the translations in them takes long."""
        entries: dict[str, list[str]] = {}
        for head, entry in read_freedict(self.path) if is_freedict(self.path) else read_table(self.path):
            if self.invert:
                for translation in translations_of(entry) if is_freedict(self.path) else entry.splitlines():
                    entries.setdefault(as_key(translation), []).append(head)
            else:
                entries.setdefault(as_key(head), []).append(entry)
        return entries

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for file in freedict_files(self.path) if is_freedict(self.path) else [self.path]:
            digest.update(file.read_bytes())
        return digest.hexdigest()


def read_table(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each line's source, and its targets with line ends between. Raises XnerError where a line has no target."""
    if not path.is_file():
        raise XnerError(
            f"There is no dictionary at {path}: expected a file of lines source<TAB>target, or of FreeDict."
        )
    for number, line in read_lines(path):
        head, *translations = (cell.strip() for cell in line.split("\t"))
        if not line.strip():
            continue
        if not head or not translations:
            raise XnerError(f"{path}:{number}: found {line[:80]!r}, expected source<TAB>target[<TAB>target...].")
        yield head, "\n".join(translation for translation in translations if translation)


def gaps(text: str, words: list[regex.Match[str]]) -> list[str]:
    """What stands between neighbouring words."""
    return [text[left.end() : right.start()] for left, right in pairwise(words)]


def as_key(text: str) -> str:
    """How heads are looked up: any case, hyphen or blank, and one composition."""
    even = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return " ".join(re.split(r"[\s-]+", even.strip()))


def carry_case(source: str, translation: str, lang: str) -> str:
    """Give a translation the upper case of its source: of all letters (two or more), or of the first one."""

    def upper(part: str) -> str:
        return (part.replace("i", "İ") if base_language(lang) in ("tr", "az") else part).upper()

    letters = [character for character in source if character.isalpha()]
    if len(letters) > 1 and all(letter.isupper() for letter in letters):
        return upper(translation)
    if letters and (letters[0].isupper() or letters[0].istitle()):
        return upper(translation[:1]) + translation[1:]
    return translation
