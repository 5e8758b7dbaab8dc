"""Translation memory: looks up existing translations, which are read from tab-separated files."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..languages.codes import CODE, normalise_code
from ..lines import read_lines
from .batches import StreamTranslator

SUFFIXES = (".tsv", ".tsv.gz")


@dataclass
class MemoryCounts:
    """Counts of what was read and skipped.

    pairs (int): texts with a translation.
    repeated (int): lines that repeat an earlier pair.
    conflicting (int): lines with a second translation of a text (the first one is kept).
    empty (int): lines without text in one of the two languages.
    other_files (int): files of a folder that lack one of the two languages.
    """

    pairs: int = 0
    repeated: int = 0
    conflicting: int = 0
    empty: int = 0
    other_files: int = 0


class TranslationMemory(StreamTranslator):
    """Looks up translations by exact text, then with normalised white space and Unicode composition (NFC).

    A file is UTF-8 with tab-separated columns. The first line has the language of each column, each further line one
    text in these languages. Cells can be empty. There is no quoting and no escaping. Empty lines are ignored.

        en<TAB>de<TAB>fr
        Good morning.<TAB>Guten Morgen.<TAB>Bonjour.

    path (str | Path): a `.tsv` or `.tsv.gz` file, or a folder of such files (read in alphabetical order).
    source, target (str): language codes, two- or three-letter.
    RAISES: XnerError, with file and line, where a file has another format or no file has both languages.
    """

    def __init__(self, path: str | Path, source: str, target: str):
        self.path = Path(path)
        self.source, self.target = normalise_code(source), normalise_code(target)
        self.counts = MemoryCounts()
        self._exact: dict[str, str] = {}
        self._normalised: dict[str, str] = {}
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
        """Yield the translation of each text, or None where the memory lacks it."""
        for text in texts:
            translation = self._exact.get(text)
            yield self._normalised.get(normalise_text(text)) if translation is None else translation

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
                    f"({', '.join(header)}). Put exactly one tab between columns, also around empty cells."
                )
            self._add(cells[source_column].strip(), cells[target_column].strip())

    def _add(self, text: str, translation: str) -> None:
        if not text or not translation:
            self.counts.empty += 1
        elif text not in self._exact:
            self._exact[text] = translation
            self._normalised.setdefault(normalise_text(text), translation)
            self.counts.pairs += 1
        elif self._exact[text] == translation:
            self.counts.repeated += 1
        else:
            self.counts.conflicting += 1


def normalise_text(text: str) -> str:
    """Normalise white space and Unicode composition (NFC)."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def list_files(path: Path) -> list[Path]:
    """The files of a memory. RAISES: XnerError where there are none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise XnerError(f"No translation memory at {path}: expected a .tsv or .tsv.gz file, or a folder of them.")
    files = sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES) and not file.name.startswith("."))
    if not files:
        raise XnerError(f"The folder {path} holds no translation memory: expected .tsv or .tsv.gz files in it.")
    return files


def read_header(file: Path) -> list[str]:
    """The language of each column. RAISES: XnerError where the first line is not a list of different language codes."""
    header = next((line for _, line in read_lines(file)), "")
    cells = [cell.strip() for cell in header.split("\t")]
    if len(cells) < 2 or not all(CODE.fullmatch(cell) for cell in cells):
        raise XnerError(
            f"{file}:1: found {header[:80]!r} where the first line should have the language of each column, "
            "separated by tabs, for example 'en<TAB>de'. Add that line."
        )
    languages = [normalise_code(cell) for cell in cells]
    if len(set(languages)) < len(languages):
        raise XnerError(f"{file}:1: a language is named twice ({', '.join(cells)}). Give each column its own.")
    return languages
