"""Translations that exist already, read from tab-separated files."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..languages.codes import CODE, normalise_code
from ..lines import read_lines

SUFFIXES = (".tsv", ".tsv.gz")


@dataclass
class MemoryCounts:
    """What reading a memory met: nothing is left out without being counted here.

    pairs: texts with a translation. repeated: lines that say the same again. conflicting: lines with another
    translation of a text already known (the first one is kept). empty: lines without text in one of the two
    languages. other_files: files of a folder that lack one of the two languages.
    """

    pairs: int = 0
    repeated: int = 0
    conflicting: int = 0
    empty: int = 0
    other_files: int = 0


class TranslationMemory:
    """Looks translations up, by exact text and then with white space and Unicode composition (NFC) evened out.

    A file is UTF-8, with a tab between columns; the first line names the language of each column, every further line
    holds one text in these languages; empty cells are allowed. There is no quoting and no escaping. Empty lines are
    ignored.

        en<TAB>de<TAB>fr
        Good morning.<TAB>Guten Morgen.<TAB>Bonjour.

    path (str | Path): a `.tsv` or `.tsv.gz` file, or a folder of such files (read in the order of their names).
    source, target (str): language codes, two- or three-letter.
    Raises XnerError, with file and line, where a file is not of this form or no file has both languages.
    """

    def __init__(self, path: str | Path, source: str, target: str):
        self.path = Path(path)
        self.source, self.target = normalise_code(source), normalise_code(target)
        self.counts = MemoryCounts()
        self._exact: dict[str, str] = {}
        self._even: dict[str, str] = {}
        digest = hashlib.sha256()
        files = list_files(self.path)
        headers = {file: header for file in files for header in [read_header(file)]}
        wanted = {self.source, self.target}
        matching = [file for file in files if wanted <= set(headers[file])]
        if not matching:
            found = "; ".join(f"{file}: {', '.join(header)}" for file, header in headers.items())
            raise XnerError(
                f"No translation memory for {self.source} to {self.target} in {self.path}. The columns are: {found}. "
                "Name two of these languages, or add a column."
            )
        self.counts.other_files = len(files) - len(matching)
        for file in matching:
            self._read(file, headers[file], digest)
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
        """Yield the translation of each text, or None where the memory does not know it."""
        for text in texts:
            translation = self._exact.get(text)
            yield self._even.get(even(text)) if translation is None else translation

    def _read(self, file: Path, header: list[str], digest: "hashlib._Hash") -> None:
        source_column, target_column = header.index(self.source), header.index(self.target)
        for number, line in read_lines(file):
            digest.update(f"{line}\n".encode())
            if number == 1 or not line.strip():
                continue
            cells = line.split("\t")
            if len(cells) != len(header):
                raise XnerError(
                    f"{file}:{number}: {len(cells)} columns where the first line names {len(header)} "
                    f"({', '.join(header)}). Put exactly one tab between columns, also around empty ones."
                )
            self._add(cells[source_column].strip(), cells[target_column].strip())

    def _add(self, text: str, translation: str) -> None:
        if not text or not translation:
            self.counts.empty += 1
        elif text not in self._exact:
            self._exact[text] = translation
            self._even.setdefault(even(text), translation)
            self.counts.pairs += 1
        elif self._exact[text] == translation:
            self.counts.repeated += 1
        else:
            self.counts.conflicting += 1


def even(text: str) -> str:
    """Text with its white space and its Unicode composition evened out."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def list_files(path: Path) -> list[Path]:
    """The memory's files. Raises XnerError where there are none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise XnerError(f"No translation memory at {path}: expected a .tsv or .tsv.gz file, or a folder of them.")
    files = sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES) and not file.name.startswith("."))
    if not files:
        raise XnerError(f"The folder {path} holds no translation memory: expected .tsv or .tsv.gz files in it.")
    return files


def read_header(file: Path) -> list[str]:
    """The language of each column. Raises XnerError where the first line is no list of different language codes."""
    header = next((line for _, line in read_lines(file)), "")
    cells = [cell.strip() for cell in header.split("\t")]
    if len(cells) < 2 or not all(CODE.fullmatch(cell) for cell in cells):
        raise XnerError(
            f"{file}:1: found {header[:80]!r} where the first line should name the language of each column, "
            "with tabs between, such as 'en<TAB>de'. Add that line."
        )
    languages = [normalise_code(cell) for cell in cells]
    if len(set(languages)) < len(languages):
        raise XnerError(f"{file}:1: a language is named twice ({', '.join(cells)}). Give each column its own.")
    return languages
