"""Word-by-word translation with a dictionary.

Mayhew, Tsai and Roth 2017, "Cheap translation for cross-lingual named entity recognition", EMNLP: word-by-word output
is poor as a translation but sufficient as NER training data, since names are mostly recognised by the words near them.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.metadata import version
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import regex

from ..errors import XnerError
from ..extras import needs_extra
from ..languages.codes import base_language, normalise_code
from ..languages.scripts import LETTER, UNSPACED_CHARACTER, is_in_script, is_unspaced_language
from ..lines import read_lines
from .freedict import freedict_files, is_freedict, read_freedict, translations_of
from .stream_translator import StreamTranslator

REVISION = 1  # raise it if translations change: keys of the cache have it
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*")
UNSPACED_GAP = regex.compile(f"(?<={UNSPACED_CHARACTER})[ ]+(?={UNSPACED_CHARACTER})")
SERBO_CROATIAN = {"bs", "hr", "sr"}  # wordfreq has one frequency list for them, "sh"
MAX_CANDIDATE_WORDS = 4  # longer candidates are explanations, not translations
RANKS_NEED = "The ranks of translations need"
SAMPLE = 1000  # entries that are searched for a usable one


class Lexicon(StreamTranslator):
    """Replaces words by their translations, longest entries first, and copies everything else.

    Words that the dictionary lacks, such as most names, are copied. The translation gets the upper case of its source:
    of the first letter, or of all letters. Of several candidates, the most frequent one in the target language is
    chosen if `wordfreq` is installed and has that language, otherwise the first one.

    path (str | Path): a FreeDict dictionary (its `.index` or `.dict.dz`), or a UTF-8 file (also gzipped) with lines
        `source<TAB>target[<TAB>target...]`; several lines may have the same source.
    source, target (str): language codes.
    invert (bool): the dictionary is from `target` to `source`.
    max_words (int): maximum number of words of an entry that is looked up.
    ranked (bool): whether to choose candidates by frequency.
    RAISES: XnerError where the dictionary cannot be read, has no entry in the target language's script, or `source` is
        written without spaces between words.

    `counts` has the numbers of `words` read, and of `unknown` words among them.
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
                f"The lexicon translates word by word, but {self.source!r} is written without spaces between words. "
                f"Use another translator."
            )
        self.invert, self.max_words, self.ranked = invert, max_words, ranked
        self.counts: Counter[str] = Counter()
        self.entries = self._read()
        self._sha256 = self._compute_sha256()
        self._chosen: dict[str, str] = {}  # best candidate by key
        if not any(self.candidates(key) for key in islice(self.entries, SAMPLE)):
            raise XnerError(
                f"{self.path}: found no entry with a translation in the script of {self.target!r}, expected lines "
                f"source<TAB>target[<TAB>target...] or a FreeDict dictionary. To use it in reverse, set invert."
            )

    @cached_property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "Lexicon.v1",
            "revision": REVISION,
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
        """Package and version of the word frequencies that rank candidates; None if candidates are not ranked."""
        if not self.ranked:
            return None
        try:
            with needs_extra("trim", RANKS_NEED):
                from wordfreq import available_languages, zipf_frequency

            # wordfreq replaces a missing language by a related one: Spanish for Galician, English for Esperanto.
            if base_language(self.target) not in {*available_languages(), *SERBO_CROATIAN}:
                return None
            zipf_frequency("a", self.target)  # raises an error for languages that need further packages
            return f"wordfreq {version('wordfreq')}"
        except (XnerError, ImportError, LookupError):
            return None

    def __len__(self) -> int:
        return len(self.entries)

    def translate(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield one translation for each text, in order."""
        for text in texts:
            translation = "".join(self._translate_words(text))
            yield UNSPACED_GAP.sub("", translation) if is_unspaced_language(self.target) else translation

    def _translate_words(self, text: str) -> Iterator[str]:
        words = list(WORD.finditer(text))
        done = i = 0
        while i < len(words):
            yield text[done : words[i].start()]
            n_words, translation = self._look_up(text, words[i : i + self.max_words])
            self.counts["words"] += n_words
            done = words[i + n_words - 1].end()
            if translation is None:
                self.counts["unknown"] += 1
                yield words[i][0]
            else:
                yield carry_case(text[words[i].start() : done], translation, self.target)
            i += n_words
        yield text[done:]

    def _look_up(self, text: str, words: list[regex.Match[str]]) -> tuple[int, str | None]:
        """Find the longest entry at the beginning of some words. RETURNS: its number of words and its translation."""
        for count in range(len(words), 0, -1):
            phrase = text[words[0].start() : words[count - 1].end()]
            if count > 1 and any(gap not in (" ", "-") for gap in gaps(text, words[:count])):
                continue
            if (key := lookup_key(phrase)) in self.entries:
                if key not in self._chosen:
                    self._chosen[key] = self._choose(self.candidates(key))
                if self._chosen[key]:
                    return count, self._chosen[key]
        return 1, None

    def candidates(self, key: str) -> list[str]:
        """Translations by key, in the dictionary's order, without those that cannot be in the target language."""
        split = translations_of if is_freedict(self.path) and not self.invert else str.splitlines
        found = {
            unicodedata.normalize("NFC", each): None for entry in self.entries.get(key, []) for each in split(entry)
        }
        return [each for each in found if self._is_translation(each)]

    def _is_translation(self, text: str) -> bool:
        return (
            len(text.split()) <= MAX_CANDIDATE_WORDS
            and is_in_script(text, self.target)
            and LETTER.search(text) is not None
        )

    def _choose(self, candidates: list[str]) -> str:
        """The best candidate; an empty text where there are none."""
        if self.frequencies is None or len(candidates) < 2:
            return "".join(candidates[:1])
        with needs_extra("trim", RANKS_NEED):
            from wordfreq import zipf_frequency

        def rank(candidate: str) -> tuple[float, bool]:
            return zipf_frequency(candidate, self.target), not candidate.isupper()

        return max(candidates, key=rank)  # the first of equally frequent ones

    def _read(self) -> dict[str, list[str]]:
        """Entries by key. They are not parsed yet, since parsing all of them is slow."""
        entries: dict[str, list[str]] = {}
        for headword, entry in read_freedict(self.path) if is_freedict(self.path) else read_table(self.path):
            if self.invert:
                for translation in translations_of(entry) if is_freedict(self.path) else entry.splitlines():
                    entries.setdefault(lookup_key(translation), []).append(headword)
            else:
                entries.setdefault(lookup_key(headword), []).append(entry)
        return entries

    def _compute_sha256(self) -> str:
        digest = hashlib.sha256()
        for file in freedict_files(self.path) if is_freedict(self.path) else [self.path]:
            digest.update(file.read_bytes())
        return digest.hexdigest()


def read_table(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the source of each line, and its targets joined by line breaks.

    RAISES: XnerError where the file is missing or a line has no target.
    """
    if not path.is_file():
        raise XnerError(
            f"There is no dictionary at {path}: expected a file with lines source<TAB>target, or a FreeDict file."
        )
    for number, line in read_lines(path):
        headword, *translations = (cell.strip() for cell in line.split("\t"))
        if not line.strip():
            continue
        if not headword or not translations:
            raise XnerError(f"{path}:{number}: found {line[:80]!r}, expected source<TAB>target[<TAB>target...].")
        yield headword, "\n".join(translation for translation in translations if translation)


def gaps(text: str, words: list[regex.Match[str]]) -> list[str]:
    """The text between adjacent words."""
    return [text[left.end() : right.start()] for left, right in pairwise(words)]


def lookup_key(text: str) -> str:
    """Normalise a headword: case, Unicode composition, apostrophes; hyphens become spaces."""
    normalised = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return " ".join(re.split(r"[\s-]+", normalised.strip()))


def carry_case(source: str, translation: str, lang: str) -> str:
    """Give a translation the case of its source: all letters (two or more) upper case, or only the first one."""

    def upper(part: str) -> str:
        return (part.replace("i", "İ") if base_language(lang) in ("tr", "az") else part).upper()

    letters = [character for character in source if character.isalpha()]
    if len(letters) > 1 and all(letter.isupper() for letter in letters):
        return upper(translation)
    if letters and (letters[0].isupper() or letters[0].istitle()):
        return upper(translation[:1]) + translation[1:]
    return translation
