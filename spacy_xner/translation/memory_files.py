"""The files of a translation memory: tables of texts, Moses-style parallel files, TMX."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

from ..errors import XnerError
from ..languages.codes import CODE, normalise_code
from ..lines import read_lines
from .memory_tmx import read_units

Bytes = Iterator[bytes]
TABLES, TMX = (".tsv", ".tsv.gz"), (".tmx", ".tmx.gz")
EXPECTED = "a .tsv or .tmx file, parallel files such as corpus.en-de.en and corpus.en-de.de, or a folder of such files"


class Digest(Protocol):
    """Receives what is read, as the hashes of hashlib."""

    def update(self, data: bytes, /) -> None: ...


@dataclass
class Units:
    """What was read of a file of translations.

    name (str): the file, for messages.
    languages (list[str]): normalised codes, and those that are no codes as they are.
    n_inline (int): inline tags that were dropped.
    n_other (int): units without one of the two languages.
    matched (bool): whether it has both languages.
    """

    name: str
    languages: list[str] = field(default_factory=list)
    n_inline: int = 0
    n_other: int = 0
    matched: bool = False


class MemoryFile(Protocol):
    """A file, or two parallel ones. `units` is complete when `pairs` has ended."""

    units: Units

    def pairs(self, digest: Digest) -> Iterator[tuple[str, str]]:
        """Yield each text with its translation; either can be empty."""
        ...


class Table:
    """Tab-separated columns; the first line has the language of each.

    RAISES: XnerError where the first line has no languages, or two columns can be meant.
    """

    def __init__(self, path: Path, source: str, target: str) -> None:
        self.path, self.header = path, read_header(path)
        columns = [choose_one(self.header, lang, f"{path}:1") for lang in (source, target)]
        self.columns = [self.header.index(each) for each in columns if each is not None]
        self.units = Units(str(path), self.header, matched=len(self.columns) == 2)

    def pairs(self, digest: Digest) -> Iterator[tuple[str, str]]:
        if not self.units.matched:
            return
        source_column, target_column = self.columns
        for number, line in read_lines(self.path):
            digest.update(f"{line}\n".encode())
            if number == 1 or not line.strip():
                continue
            cells = line.split("\t")
            if len(cells) != len(self.header):
                raise XnerError(
                    f"{self.path}:{number}: {len(cells)} columns where the first line names {len(self.header)} "
                    f"({', '.join(self.header)}). Put exactly one tab between columns, also around empty cells."
                )
            yield cells[source_column].strip(), cells[target_column].strip()


class ParallelFiles:
    """Two files of which each line of one translates the same line of the other, as those of Moses and OPUS."""

    def __init__(self, source: Path, target: Path, languages: list[str]) -> None:
        self.source, self.target = source, target
        self.units = Units(f"{source} and {target.name}", languages, matched=True)

    def pairs(self, digest: Digest) -> Iterator[tuple[str, str]]:
        lines = zip_longest(read_lines(self.source), read_lines(self.target))
        for number, (left, right) in enumerate(lines, start=1):
            if left is None or right is None:
                longer, shorter = (self.source, self.target) if right is None else (self.target, self.source)
                raise XnerError(
                    f"{longer}:{number}: this line has no partner, since {shorter} ends after {number - 1:,} lines. "
                    "Expected files with equally many lines: copy both again from where they are from."
                )
            digest.update(f"{left[1]}\t{right[1]}\n".encode())
            yield left[1].strip(), right[1].strip()


class TmxFile:
    """A Translation Memory eXchange file, of which one unit at a time is in memory."""

    def __init__(self, path: Path, source: str, target: str) -> None:
        self.path, self.source, self.target = path, source, target
        self.units = Units(str(path))

    def pairs(self, digest: Digest) -> Iterator[tuple[str, str]]:
        for unit in read_units(self.path, digest.update):
            self.units.n_inline += unit.n_inline
            texts: dict[str, list[str]] = {}
            for lang, text in unit.texts:
                texts.setdefault(_normalised(lang), []).append(text)
            self.units.languages += [lang for lang in texts if lang not in self.units.languages]
            sources, targets = (
                [text for code in matching(texts, lang) for text in texts[code]] for lang in (self.source, self.target)
            )
            self.units.n_other += not (sources and targets)
            self.units.matched |= bool(sources and targets)
            yield from ((text, translation) for text in sources for translation in targets)


def _normalised(code: str) -> str:
    return normalise_code(code) if CODE.fullmatch(code) else code


def matching(codes: Iterable[str], lang: str) -> list[str]:
    """The codes of a language: the same one, or else those with a region where `lang` has none (`de-at` for `de`)."""
    codes = list(codes)
    return [lang] if lang in codes else [code for code in codes if code.split("-")[0] == lang]


def choose_one(codes: Iterable[str], lang: str, where: str) -> str | None:
    """As `matching`, the only one or None. RAISES: XnerError for several. where (str): the file, for the message."""
    found = matching(codes, lang)
    if len(found) > 1:
        raise XnerError(f"{where}: {lang!r} can be {' or '.join(found)}, expected one of them as the language.")
    return found[0] if found else None


def find_files(path: Path, source: str, target: str) -> tuple[list[MemoryFile], int]:
    """The files of a memory.

    path (Path): a file, one of two parallel files, what their names have in common, or a folder.
    source, target (str): normalised codes.
    RETURNS: the files in alphabetical order, and the number of parallel files of a folder without a partner.
    RAISES: XnerError where there are none, and for a file whose partner is missing.
    """
    if path.is_file():
        if path.name.endswith(TMX):
            return [TmxFile(path, source, target)], 0
        stem, code = split_name(path)
        if not path.name.endswith(TABLES) and code is not None and any(matching([code], x) for x in (source, target)):
            pairs, _ = find_pairs(beside(path.with_name(stem)), source, target, required=True)
            return [*pairs], 0
        return [Table(path, source, target)], 0
    if not path.is_dir():
        pairs, _ = find_pairs(beside(path), source, target, required=True)
        if not pairs:
            raise XnerError(f"No translation memory at {path}: expected {EXPECTED}.")
        return [*pairs], 0
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    found: list[MemoryFile] = [Table(file, source, target) for file in files if file.name.endswith(TABLES)]
    found += [TmxFile(file, source, target) for file in files if file.name.endswith(TMX)]
    rest = [file for file in files if not file.name.endswith(TABLES + TMX)]
    pairs, n_alone = find_pairs(rest, source, target)
    found += pairs
    if not found and not n_alone:
        raise XnerError(f"The folder {path} holds no translation memory: expected {EXPECTED}.")
    return sorted(found, key=lambda file: file.units.name), n_alone


def find_pairs(
    files: Sequence[Path], source: str, target: str, required: bool = False
) -> tuple[list[ParallelFiles], int]:
    """The parallel files among some, and the number of those that have only one of the two languages.

    required (bool): a missing partner is an error. It also is one where a name says both languages: `a.en-de.en`.
    RAISES: XnerError for a missing partner, and where it is not clear which files belong together.
    """
    by_stem: dict[Path, dict[str, Path]] = {}
    for file in files:
        name, code = split_name(file)
        if code is None:
            continue
        first = by_stem.setdefault(file.with_name(name), {}).setdefault(code, file)
        if first is not file and any(matching([code], lang) for lang in (source, target)):
            raise XnerError(
                f"{first} and {file.name} are for the same language, expected one of them. Remove the other."
            )
    pairs, n_alone = [], 0
    for stem, by_code in by_stem.items():
        left, right = (choose_one(by_code, lang, f"{stem}.*") for lang in (source, target))
        if left is not None and right is not None:
            pairs.append(ParallelFiles(by_code[left], by_code[right], [left, right]))
        elif left is not None or right is not None:
            n_alone += 1
            if required or {source, target} <= languages_in(stem.name):
                file, missing = by_code[left or right or ""], target if right is None else source
                raise XnerError(
                    f"{file} has no partner: expected {stem.name}.{missing} or {stem.name}.{missing}.gz beside it, "
                    f"with the same number of lines in {missing!r}."
                )
    return pairs, n_alone


def beside(prefix: Path) -> list[Path]:
    """The files whose names begin with a prefix and a dot."""
    if not prefix.parent.is_dir():
        return []
    return sorted(
        file for file in prefix.parent.iterdir() if file.name.startswith(f"{prefix.name}.") and file.is_file()
    )


def split_name(path: Path) -> tuple[str, str | None]:
    """Name and normalised language of one of two parallel files: `a.en-de.en.gz` -> `a.en-de`, `en`; or None."""
    stem, _, code = path.name.removesuffix(".gz").rpartition(".")
    return stem, normalise_code(code) if stem and CODE.fullmatch(code) else None


def languages_in(stem: str) -> set[str]:
    """The languages that a name says: `news.en-de` -> {`en`, `de`}."""
    codes = stem.rpartition(".")[2].split("-")
    return {normalise_code(code) for code in codes if CODE.fullmatch(code)} if len(codes) == 2 else set()


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
