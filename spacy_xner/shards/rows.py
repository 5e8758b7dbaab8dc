"""Rows in files: reads them from Parquet, DocBins and texts as a stream, writes Parquet files and DocBins."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin

from ..compat_spacy import part_of_docbin
from ..corpus.convert import complete_meta, convert_step, doc_of_sentence, name_files
from ..corpus.docs import check_meta, with_step, write_docs
from ..corpus.formats.docbin import docs_of, load_docbin
from ..corpus.formats.reading import Format, detect_format, read_sentences
from ..corpus.formats.report import Report
from ..corpus.formats.sentence import Sentence
from ..errors import XnerError
from ..files import atomic_path
from ..languages.tokenizer import multilingual_tokenizer
from .arrow import cast_batch, import_parquet, import_pyarrow, rows_of, schema, table_of
from .row import PlainSpan, Row, RowSpan, SoftLabels
from .row_docs import check_row, doc_of, row_of_doc

__all__ = [
    "PlainSpan",
    "Row",
    "RowReader",
    "RowSpan",
    "SoftLabels",
    "count_rows",
    "read_rows",
    "write_row_docs",
    "write_rows",
]

PARQUET = ".parquet"
GROUP_ROWS = 1000  # rows of a row group, which is the least that is read and written at a time
# Everything that the bytes of a Parquet file depend on, beside the rows and the version of pyarrow.
PARQUET_SETTINGS: dict[str, Any] = {
    "version": "2.6",
    "data_page_version": "1.0",
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": True,
    "write_statistics": True,
    "store_schema": True,
    "write_page_checksum": True,
}


class RowReader:
    """Reads ranges of the rows of one file: Parquet, a DocBin, or any text format of `corpus/formats/`.

    Rows of Parquet are found at once, and only the row groups with the range are read. A DocBin is loaded once, all of
    it. In a text file, the lines before the range are read, but not tokenized; where a range comes after the one before
    it, those in between. So a reader that gets its ranges in order reads the file once.

    path (str | Path): `.parquet`, `.spacy`, or the ending of a text format; a plain `.txt` has a sentence a line.
    lang (str | None): language code of sentences of a text file that does not give it.
    counts (Counter[str] | None): receives counts of "rows"; of "empty texts left out"; and of annotation of docs that
        rows do not hold.
    report (Report | None): receives what a text file was taken for, and what was changed or left out.

    Sentences of a text file get the meta of `convert_files`; but ids that the file gives are not compared, since a row
    has both sentences of a pair, so that no sentence is looked up by its id.
    """

    def __init__(
        self,
        path: str | Path,
        lang: str | None = None,
        counts: Counter[str] | None = None,
        report: Report | None = None,
    ) -> None:
        self.path, self.lang = Path(path), lang
        self.counts: Counter[str] = Counter() if counts is None else counts
        self.report: Report | None = Report() if report is None else report
        self.is_parquet = self.path.suffix == PARQUET
        self.is_docbin = not self.is_parquet and detect_format(self.path) == "docbin"
        self.format: Format = "auto"  # of a text; finding it out takes a pass over a `.txt`
        self.on_sentence: Callable[[Sentence], object] | None = None  # receives each sentence of a text in a range
        self._docbin: DocBin | None = None
        self._sentences: Iterator[Sentence] | None = None
        self._position = 0  # in the sentences

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Yield the rows `start` to `stop` (exclusive; None: to the end), numbered from 0, as a stream.

        An empty text has a number too, although it gives no row.

        RAISES: XnerError for a file that is missing, damaged or of another format, with the line or the row.
        """
        read = self._read_parquet if self.is_parquet else self._read_docbin if self.is_docbin else self._read_text
        for row in read(start, stop):
            self.counts["rows"] += 1
            yield row

    def count(self) -> int:
        """The number of rows, empty texts included. A text file is read for that. RAISES: XnerError as `read`."""
        if self.is_parquet:
            with _opened(self.path) as file:
                return int(file.metadata.num_rows)
        if self.is_docbin:
            return len(self._load_docbin())
        return sum(1 for _ in read_sentences(self.path, report=Report(), lang=self.lang))

    def _read_parquet(self, start: int, stop: int | None) -> Iterator[Row]:
        with _opened(self.path) as file:
            _check_columns(self.path, file.schema_arrow)
            groups, first, number = [], 0, 0
            for group in range(file.metadata.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                if number + size <= start:
                    first = number + size
                elif stop is None or number < stop:
                    groups.append(group)
                number += size
            number = first
            for batch in _batches(self.path, file, groups):
                left = max(0, start - number)
                length = batch.num_rows if stop is None else max(0, min(batch.num_rows, stop - number))
                for place, row in enumerate(_parse(self.path, batch.slice(left, length - left), number + left)):
                    check_row(row, f"{self.path}: row {number + left + place + 1:,}")
                    yield row
                number += batch.num_rows

    def _load_docbin(self) -> DocBin:
        if self._docbin is None:
            self._docbin = load_docbin(self.path)
        return self._docbin

    def _read_docbin(self, start: int, stop: int | None) -> Iterator[Row]:
        vocab = multilingual_tokenizer().vocab  # a new one, so that words of earlier ranges are not kept
        for number, doc in enumerate(docs_of(part_of_docbin(self._load_docbin(), start, stop), vocab), start=start + 1):
            check_meta(self.path, [doc], number)
            yield row_of_doc(doc, self.counts)

    def _read_text(self, start: int, stop: int | None) -> Iterator[Row]:
        if self._sentences is None or self._position > start:
            report, self.report = self.report, None  # another reading of the same lines reports them no more
            self._sentences = read_sentences(self.path, self.format, report or Report(), lang=self.lang)
            self._position = 0
        sentences, tokenizer, (name,) = self._sentences, multilingual_tokenizer(), name_files([self.path])
        for _ in islice(sentences, start - self._position):
            self._position += 1
        while stop is None or self._position < stop:
            sentence = next(sentences, None)
            if sentence is None:
                break
            self._position += 1
            if self.on_sentence is not None:
                self.on_sentence(sentence)
            doc, n_split = doc_of_sentence(tokenizer, sentence)
            if not len(doc):
                self.counts["empty texts left out"] += 1
                continue
            if n_split:
                self.counts["tokens split at an entity's boundary"] += n_split
            meta = complete_meta(sentence.meta, self.path, name, sentence.line, self.lang)
            doc._.xner_meta = with_step(meta, convert_step(self.path, sentence.line))
            yield row_of_doc(doc, self.counts)


def read_rows(
    path: str | Path,
    start: int = 0,
    stop: int | None = None,
    lang: str | None = None,
    counts: Counter[str] | None = None,
    report: Report | None = None,
) -> Iterator[Row]:
    """Yield the rows `start` to `stop` (exclusive) of a file as a stream, see `RowReader`."""
    return RowReader(path, lang, counts, report).read(start, stop)


def count_rows(path: str | Path, lang: str | None = None) -> int:
    """The number of rows of a file, see `RowReader.count`."""
    return RowReader(path, lang).count()


def write_rows(path: str | Path, rows: Iterable[Row]) -> int:
    """Write rows to a Parquet file, `GROUP_ROWS` at a time. No partial file is left.

    The same rows give the same bytes with the same version of pyarrow, whose name is in each Parquet file.

    RETURNS (int): the number of rows, which can be 0.
    RAISES: XnerError for a row with errors (see `problem_of`), where pyarrow is not installed, and where the file
        cannot be written.
    """
    parquet = import_parquet()
    remaining, n_rows = iter(rows), 0
    with atomic_path(path) as temporary, parquet.ParquetWriter(temporary, schema(), **PARQUET_SETTINGS) as writer:
        while group := list(islice(remaining, GROUP_ROWS)):
            for row in group:
                check_row(row)
            writer.write_table(table_of(group), row_group_size=GROUP_ROWS)
            n_rows += len(group)
    return n_rows


def write_row_docs(path: str | Path, rows: Iterable[Row]) -> int:
    """Write the docs of rows to a DocBin: the target of each, or its source where there is no target. The same rows
    give the same bytes; no partial file is left.

    RETURNS (int): the number of docs, which can be 0.
    RAISES: XnerError for a row with errors, and where the file cannot be written.
    """
    vocab = multilingual_tokenizer().vocab
    return write_docs(path, (doc_of(row, vocab) for row in rows), allow_empty=True)


def _opened(path: Path) -> Any:
    """The `ParquetFile` at a path. RAISES: XnerError where it cannot be read."""
    pa, parquet = import_pyarrow(), import_parquet()
    try:
        file = parquet.ParquetFile(path, page_checksum_verification=True)
        file.schema_arrow.names  # noqa: B018  (a damaged name is found here)
        return file
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise XnerError(f"{path}: cannot be read: {error}. Expected a Parquet file.") from None


def _batches(path: Path, file: Any, groups: list[int]) -> Iterator[Any]:
    pa = import_pyarrow()
    try:
        yield from file.iter_batches(batch_size=GROUP_ROWS, row_groups=groups, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise XnerError(f"{path}: damaged: {error}. Make the file again.") from None


def _parse(path: Path, batch: Any, number: int) -> list[Row]:
    try:
        return rows_of(cast_batch(batch))
    except (ValueError, TypeError) as error:
        raise XnerError(
            f"{path}: in the rows from {number + 1:,} on, {error}; expected rows of `write_rows`."
        ) from None


def _check_columns(path: Path, found: Any) -> None:
    """RAISES: XnerError for columns that are missing, unknown or of another type."""
    expected = schema()
    missing, unknown = set(expected.names) - set(found.names), set(found.names) - set(expected.names)
    other = [name for name in expected.names if name in found.names and not _fits(found, expected, name)]
    problems = [f"the columns {', '.join(sorted(missing))} are missing"] * bool(missing)
    problems += [f"the columns {', '.join(sorted(unknown))} are unknown"] * bool(unknown)
    problems += [f"the column {name} has the type {found.field(name).type}" for name in other]
    if problems:
        raise XnerError(
            f"{path}: {'; '.join(problems)}. Expected the columns of `write_rows`: {', '.join(expected.names)}. Other "
            "tables: write JSON lines, datasets.Dataset.from_parquet(path).to_json('data.jsonl'), and read these."
        )


def _fits(found: Any, expected: Any, name: str) -> bool:
    """Whether a column can have the expected type: other writers have other widths of numbers, for example."""
    pa = import_pyarrow()
    try:
        pa.array([], type=found.field(name).type).cast(expected.field(name).type)
    except (pa.ArrowException, TypeError):
        return False
    return True
