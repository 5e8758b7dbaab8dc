"""Where shards get their rows from: files of rows, text and docs, and pairs of files; each is read by ranges."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..corpus.formats.reading import Format, detect_format, find_files, is_line_text, read_sentences
from ..corpus.formats.report import Report
from ..corpus.formats.sentence import Sentence
from ..corpus.formats.text import text_format
from ..corpus.pairs import Pairs
from ..corpus.project_files import PairBy, pair_files
from ..errors import XnerError
from ..files import read_json, without_hidden
from .row import Row
from .row_docs import row_of_pair
from .rows import PARQUET, RowReader


class RowSource(Protocol):
    """Rows in one or several parts, such as files. It can be pickled, so that each worker reads for itself.

    files (Sequence[Path]): the files that are read. part_of_files (Sequence[int]): the part that each belongs to.
    n_parts (int): number of parts.
    formats (dict[int, Format]): formats of parts, as far as they are known; they can be set, so that they are not found
        out again.
    """

    formats: dict[int, Format]

    @property
    def files(self) -> Sequence[Path]: ...
    @property
    def part_of_files(self) -> Sequence[int]: ...
    @property
    def n_parts(self) -> int: ...

    def survey(self, part: int) -> Iterator[bytes]:
        """The content of each row of a part, in order, as a stream. RAISES: XnerError for malformed files."""
        ...

    def read(self, part: int, start: int, stop: int, counts: Counter[str]) -> tuple[list[Row], str]:
        """The rows `start` to `stop` (exclusive) of a part, and the digest of their content.

        counts (Counter[str]): receives what was left out.
        RAISES: XnerError for malformed files.
        """
        ...


def digest_of(contents: Iterable[bytes]) -> str:
    """A hash of the content of rows, 32 hex digits."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()[:32]


def content_of_row(row: Row) -> bytes:
    """All values of a row."""
    if (soft := row.soft_labels) is None:
        return _bytes(row)
    return _bytes((replace(row, soft_labels=None), soft.tags)) + soft.probabilities.tobytes()


def content_of_sentence(sentence: Sentence) -> bytes:
    """All values of a sentence, and the name of its file, which is a part of its id."""
    return _bytes(replace(sentence, file=sentence.file.name))  # type: ignore[arg-type]


def _bytes(value: Any) -> bytes:
    return repr(value).encode("utf8", "surrogatepass")


@dataclass
class FileSource:
    """Rows of files in any format that `RowReader` reads; each file is a part.

    Parquet is read at any place. Text is read from the beginning on, in one pass for ranges in order; only the lines of
    the ranges are tokenized. A DocBin is loaded whole.

    paths (Sequence[Path]): the files.
    lang (str | None): language of text whose file does not give it.
    report (Report): receives what files were taken for in the survey, and what was left out.
    formats (dict[int, Format]): formats of text files by part. Others are found out: a `.txt` is read for that.
    """

    paths: Sequence[Path]
    lang: str | None = None
    report: Report = field(default_factory=Report)
    formats: dict[int, Format] = field(default_factory=dict)
    _reader: tuple[int, RowReader] | None = field(default=None, init=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "report": Report(), "_reader": None}

    @property
    def files(self) -> Sequence[Path]:
        return self.paths

    @property
    def part_of_files(self) -> Sequence[int]:
        return range(len(self.paths))

    @property
    def n_parts(self) -> int:
        return len(self.paths)

    def first_language(self) -> str:
        """The language of the first text. RAISES: XnerError for files without texts, and as `read`."""
        for part in range(self.n_parts):
            for row in self._reader_of(part).read():
                return row.source_lang
        raise XnerError(f"{', '.join(map(str, self.paths[:3]))}: found no texts, expected at least one.")

    def survey(self, part: int) -> Iterator[bytes]:
        path = self.paths[part]
        reader = self._reader_of(part)
        if reader.is_parquet or reader.is_docbin:
            return (content_of_row(row) for row in reader.read())
        return map(content_of_sentence, read_sentences(path, self._format_of(part), self.report, lang=self.lang))

    def read(self, part: int, start: int, stop: int, counts: Counter[str]) -> tuple[list[Row], str]:
        reader, contents = self._reader_of(part), list[bytes]()
        reader.counts = Counter()
        reader.on_sentence = lambda sentence: contents.append(content_of_sentence(sentence))
        rows = list(reader.read(start, stop))
        if reader.is_parquet or reader.is_docbin:
            contents = [content_of_row(row) for row in rows]
        counts.update({name: n for name, n in reader.counts.items() if name != "rows"})
        return rows, digest_of(contents)

    def _reader_of(self, part: int) -> RowReader:
        if self._reader is None or self._reader[0] != part:
            reader = RowReader(self.paths[part], self.lang, report=Report())
            if not reader.is_parquet and not reader.is_docbin:
                reader.format = self._format_of(part)
            self._reader = part, reader
        return self._reader[1]

    def _format_of(self, part: int) -> Format:
        path = self.paths[part]
        if part not in self.formats:
            found: Any = detect_format(path)
            if found == "inline":
                found = text_format(path) if is_line_text(path) else "columns"
            self.formats[part] = found
        return self.formats[part]


@dataclass
class PairSource:
    """Pairs of a labelled file and its translation in another one, as `pair_files` finds them: one part.

    Both files are read from the beginning on, in one pass for ranges in order. Two DocBins are loaded whole.

    source (Path), target (Path): the files. The other arguments are those of `pair_files`.
    source_lang (str): language of source sentences whose file does not give it.
    counts (Counter[str]): receives the counts of `pair_files`.
    """

    source: Path
    target: Path
    pair_by: PairBy = "auto"
    lang: str | None = None
    tokenized: bool = False
    source_lang: str = "xx"
    report: Report = field(default_factory=Report)
    counts: Counter[str] = field(default_factory=Counter)
    formats: dict[int, Format] = field(default_factory=dict)
    _pairs: Pairs | None = field(default=None, init=False, repr=False)
    _rows: Iterator[Row] | None = field(default=None, init=False, repr=False)
    _position: int = field(default=0, init=False, repr=False)

    n_parts = 1

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "report": Report(), "counts": Counter(), "_pairs": None, "_rows": None, "_position": 0}

    @property
    def files(self) -> Sequence[Path]:
        return self.source, self.target

    @property
    def part_of_files(self) -> Sequence[int]:
        return 0, 0

    @property
    def pairs(self) -> Pairs:
        """The pairs of the files, which are read once for it. RAISES: XnerError as `pair_files`."""
        if self._pairs is None:
            self._pairs = pair_files(
                self.source,
                self.target,
                self.counts,
                pair_by=self.pair_by,
                lang=self.lang,
                tokenized=self.tokenized,
                report=self.report,
            )
        return self._pairs

    def survey(self, part: int) -> Iterator[bytes]:
        return map(content_of_row, self._read_all(Counter()))

    def read(self, part: int, start: int, stop: int, counts: Counter[str]) -> tuple[list[Row], str]:
        if self._rows is None or self._position > start:
            self._rows, self._position = self._read_all(counts), 0
        for _ in islice(self._rows, start - self._position):
            pass
        rows = list(islice(self._rows, stop - start))
        self._position = stop
        return rows, digest_of(map(content_of_row, rows))

    def _read_all(self, counts: Counter[str]) -> Iterator[Row]:
        for source, target in self.pairs:
            source._.xner_meta = {"id": meta_of(target)["id"], "lang": self.source_lang} | _known(source)
            yield row_of_pair(source, target, counts)


def _known(doc: Doc) -> dict[str, Any]:
    return {name: value for name, value in meta_of(doc).items() if value is not None}


def find_parquet(folder: Path) -> list[Path]:
    """The Parquet files of a folder and below, sorted, except hidden ones."""
    return without_hidden(sorted(folder.rglob(f"*{PARQUET}")), folder)


def find_row_files(path: Path) -> list[Path]:
    """The files of rows that a path names: itself, or all files of a folder and below that can be read, sorted.

    A folder of Parquet files is one of these alone. A folder of shards, which has a manifest, must be complete.

    RAISES: XnerError for a path where nothing is, for a folder without such files, for one in which shards are missing,
        and for two files of the same name, since ids of texts are made of names.
    """
    if not path.is_dir():
        return [path] if path.suffix == PARQUET and path.is_file() else find_files([path])
    found = find_parquet(path)
    if not found:
        found = [file for file in find_files([path]) if file.name != "manifest.json"]
    if not found:
        raise XnerError(f"{path}: found no file of rows or text there.")
    if (path / "manifest.json").is_file():
        n_shards = len(read_json(path / "manifest.json").get("ranges", ()))
        if n_shards > len(found):
            raise XnerError(
                f"{path}: {n_shards - len(found):,} of {n_shards:,} shards are missing. `xner corpus shards {path}` "
                "names them; finish that run first."
            )
    names = Counter(file.name for file in found)
    if repeated := [name for name, count in names.items() if count > 1]:
        raise XnerError(f"{path}: found several files called {repeated[0]}, expected different names.")
    return found
