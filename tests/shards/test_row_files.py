"""Ranges of rows in files: Parquet, DocBins and texts; what is refused, and what is counted."""

import builtins
import io
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc, DocBin

from spacy_xner.annotations.entities import PlainSpan
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs
from spacy_xner.corpus.formats.docbin import read_docs
from spacy_xner.corpus.formats.report import Report
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_tokenizer
from spacy_xner.shards import rows as row_files
from spacy_xner.shards.row import Row, RowSpan, SoftLabels
from spacy_xner.shards.row_docs import BLOCKED, OTHER_ANNOTATION, row_of_doc
from spacy_xner.shards.rows import PARQUET_SETTINGS, RowReader, count_rows, read_rows, write_row_docs, write_rows

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROW = Row("1", "en", "en", ["Ada", "Obi", "sings"], [True, True, False], [RowSpan(0, 2, "PER")])


def some_rows(number: int) -> list[Row]:
    """Rows of all kinds: without a target, unlabelled, with soft labels."""
    soft = SoftLabels(["O", "U-PER"], np.array([[0.25, 0.75]], dtype=np.float32))
    pair = replace(ROW, lang="de", words=["Ada"], spaces=[False], spans=[PlainSpan(0, 1, "PER", 0.5)], soft_labels=soft)
    kinds = [ROW, replace(ROW, source_spans=None), pair, replace(pair, spans=None, soft_labels=None, meta={"a": [1]})]
    return [replace(kinds[i % 4], id=str(i)) for i in range(number)]


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_files, "GROUP_ROWS", 4)


@pytest.mark.usefixtures("small_groups")
def test_ranges_of_parquet(tmp_path: Path) -> None:
    rows = some_rows(11)
    path = tmp_path / "a.parquet"
    assert write_rows(path, iter(rows)) == count_rows(path) == 11
    assert parquet.ParquetFile(path).metadata.num_row_groups == 3
    reader = RowReader(path)
    for start in range(13):
        for stop in (*range(start, 13), None):
            assert list(reader.read(start, stop)) == rows[start:stop], (start, stop)
    assert list(read_rows(path)) == rows


@pytest.mark.usefixtures("small_groups")
def test_only_the_groups_of_a_range_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    write_rows(path, some_rows(11))
    parsed: list[int] = []
    original = row_files.cast_batch

    def read(batch: Any) -> Any:
        parsed.append(batch.num_rows)
        return original(batch)

    monkeypatch.setattr(row_files, "cast_batch", read)
    assert [row.id for row in read_rows(path, 5, 9)] == ["5", "6", "7", "8"]
    assert parsed == [3, 1]  # of the second and the third group
    # rows are read when they are asked for
    parsed.clear()
    stream = read_rows(path)
    assert parsed == []
    next(stream)
    assert parsed == [4]


@pytest.mark.usefixtures("small_groups")
def test_rows_are_written_a_group_at_a_time(tmp_path: Path) -> None:
    made: list[int] = []

    def source() -> Any:
        for row in some_rows(9):
            made.append(len(list(tmp_path.rglob("*.parquet"))))  # the temporary file is there from the start
            yield row

    write_rows(tmp_path / "a.parquet", source())
    assert made == [1] * 9


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / f"{name}.parquet", some_rows(20))
        write_row_docs(tmp_path / f"{name}.spacy", some_rows(20))
    for ending in ("parquet", "spacy"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    meta = parquet.ParquetFile(tmp_path / "a.parquet").metadata
    assert meta.row_group(0).column(0).compression == PARQUET_SETTINGS["compression"].upper()


def test_no_rows(tmp_path: Path) -> None:
    """A shard in which a filter has left nothing is whole too."""
    assert write_rows(tmp_path / "a.parquet", []) == write_row_docs(tmp_path / "a.spacy", []) == 0
    assert list(read_rows(tmp_path / "a.parquet")) == list(read_rows(tmp_path / "a.spacy")) == []


def test_no_partial_file(tmp_path: Path) -> None:
    def failing() -> Any:
        yield ROW
        raise RuntimeError("disk")

    for write, name in ((write_rows, "a.parquet"), (write_row_docs, "a.spacy")):
        with pytest.raises(RuntimeError):
            write(tmp_path / name, failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["txt", "jsonl", "iob", "spacy", "txt.gz"])
def test_text_files_and_docbins(tmp_path: Path, ending: str) -> None:
    """A row is what `convert_files` makes of a sentence, in any range; ranges in order read the file once."""
    from spacy_xner.corpus.formats.write import WRITERS
    from spacy_xner.files import open_text

    plain = tmp_path / "plain.txt"
    plain.write_text("".join(f"Ada Obi sings {i} 👩‍👩‍👧\u00a0שָׁלוֹם\n\n" for i in range(7)), encoding="utf8")
    path = tmp_path / f"a.{ending}"
    docs = list(convert_files([plain], "en", Counter()))
    for doc in docs:
        doc.set_ents([doc[0:2]])
        doc.set_ents([Doc.char_span(doc, 0, 7, "PER")])  # type: ignore[list-item]
    if ending == "spacy":
        write_docs(path, docs)
    else:
        with open_text(path) as file:
            WRITERS[{"jsonl": "jsonl", "iob": "columns"}.get(ending, "inline")](file, docs, Counter())
    converted = docs if ending == "spacy" else list(convert_files([path], "en", Counter()))
    expected = [row_of_doc(doc) for doc in converted]
    assert len(expected) == count_rows(path) == 7
    assert expected[0].source_spans == [RowSpan(0, 2, "PER")]
    reader = RowReader(path, "en")
    found = [list(reader.read(start, start + 2)) for start in (0, 2, 6, 4)]
    assert found == [expected[0:2], expected[2:4], expected[6:8], expected[4:6]]
    assert list(read_rows(path, lang="en")) == expected
    assert list(read_rows(path, 3, 3, lang="en")) == []


def test_a_plain_text_is_a_sentence_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\n  two \n", encoding="utf8")
    counts, report = Counter[str](), Report()
    reader = RowReader(tmp_path / "a.txt", "en", counts, report)
    rows = list(reader.read())
    assert [(row.id, row.source_words, row.source_spans) for row in rows] == [
        ("a:1", ["one"], None),
        ("a:3", ["two"], None),
    ]
    assert rows[0].meta == {"provenance": [{"step": "convert", "file": "a.txt", "line": 1}]}
    assert counts == {"rows": 2}
    list(reader.read())  # the same lines again are not reported again
    assert report.notes["empty lines left out"].count == 1
    assert count_rows(tmp_path / "a.txt") == 2
    with pytest.raises(XnerError, match=r"a\.txt:1: the language is unknown, expected --lang"):
        list(read_rows(tmp_path / "a.txt"))


def test_a_range_reads_only_its_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines before a range are read, not tokenized; the docs of a DocBin before it are not made."""
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\nfour\n", encoding="utf8")
    made: list[str] = []
    original = row_files.doc_of_sentence

    def make(tokenizer: Any, sentence: Any) -> Any:
        made.append(sentence.text)
        return original(tokenizer, sentence)

    monkeypatch.setattr(row_files, "doc_of_sentence", make)
    assert [row.id for row in read_rows(tmp_path / "a.txt", 2, 3, lang="en")] == ["a:3"]
    assert made == ["three"]


def test_what_rows_do_not_hold_is_counted(tmp_path: Path) -> None:
    doc = multilingual_tokenizer()("Ada sings")
    doc._.xner_meta = {"id": "1", "lang": "en"}
    doc.set_ents([], blocked=[doc[0:1]], default="outside")
    counts = Counter[str]()
    assert row_of_doc(doc, counts).source_complete
    assert counts == {BLOCKED: 1}
    tagged, of_others = doc.copy(), doc.copy()
    tagged[0].tag_ = "N"
    of_others.user_data["trf"] = 1
    doc.cats["a"] = 1.0
    for number, each in enumerate((tagged, of_others, doc), start=1):
        row_of_doc(each, counts)
        assert counts[OTHER_ANNOTATION] == number
    DocBin(store_user_data=True, docs=[doc]).to_disk(tmp_path / "a.spacy")
    counts.clear()
    list(read_rows(tmp_path / "a.spacy", counts=counts))
    assert counts == {OTHER_ANNOTATION: 1, BLOCKED: 1, "rows": 1}


def test_docbins_without_meta(tmp_path: Path) -> None:
    docs = [multilingual_tokenizer()("Ada sings")] * 2
    DocBin(docs=docs).to_disk(tmp_path / "a.spacy")
    with pytest.raises(XnerError, match=r"a\.spacy: doc 2 has no id and language .*xner corpus convert"):
        list(read_rows(tmp_path / "a.spacy", 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source_words": ["Ada", "", "c"]}, "found an empty word among source_words"),
        ({"source_spaces": [True]}, "found 1 spaces for 3 source_words, expected as many"),
        ({"source_spans": [RowSpan(0, 4, "PER")]}, r"found the entity \(0, 4, 'PER', None, '', ''\), expected"),
        ({"source_spans": [RowSpan(0, 2, "PER"), RowSpan(1, 2, "PER")]}, "without overlaps, within 3 source_words"),
        ({"source_spans": [RowSpan(0, 1, "")]}, "expected a label"),
        ({"source_outside": [3]}, r"found the numbers \[3\] of words outside"),
        ({"source_sent_starts": [1]}, "found 1 sentence starts, expected one for each of 3 words"),
        ({"source_groups": {"sc": [RowSpan(0, 9, "A")]}}, "found a span of the group 'sc' beyond the 3 words"),
        ({"spans": []}, "found spans without words, expected the words of the target"),
        ({"words": ["a"], "spans": [RowSpan(0, 2, "A")]}, "within 1 words"),
        ({"soft_labels": SoftLabels(["O"], np.ones((1, 1), np.float32))}, r"shape \(1, 1\), expected \(3, 1\)"),
    ],
)
def test_rows_with_errors(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    row = replace(ROW, **changes)
    for write, name in ((write_rows, "a.parquet"), (write_row_docs, "a.spacy")):
        with pytest.raises(XnerError, match=f"The row 1: .*{message}"):
            write(tmp_path / name, [row])
    table = row_files.table_of([ROW, row])
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(XnerError, match=rf"a\.parquet: (row 2|in the rows from 1 on).*({message}|cannot reshape)"):
        list(read_rows(tmp_path / "a.parquet"))


def test_values_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match="meta of the row 1 is no plain JSON"):
        write_rows(tmp_path / "a.parquet", [replace(ROW, meta={"a": {1}})])
    with pytest.raises(XnerError, match=r"The rows '\\udce9' to '\\udce9': the column id cannot be written"):
        write_rows(tmp_path / "a.parquet", [replace(ROW, id="\udce9")])


def test_other_parquet_files(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_rows(path, some_rows(4))
    table = parquet.read_table(path)
    # as other programs write them: other widths of numbers, the columns in another order
    wide = table.set_column(0, "id", table["id"].cast(pa.large_string()))
    wide = wide.set_column(2, "score", wide["score"].cast(pa.float32())).select(sorted(wide.schema.names))
    parquet.write_table(wide, path)
    assert list(read_rows(path)) == some_rows(4)
    for changed, message in (
        (table.drop_columns(["lang"]), "the columns lang are missing"),
        (table.append_column("text", table["id"]), "the columns text are unknown"),
        (table.set_column(0, "id", table["source_words"]), "the column id has the type list"),
        (table.set_column(0, "id", pa.nulls(4, pa.string())), "from 1 on, the column id has no value in row 1"),
        (table.set_column(3, "meta", pa.array(["{"] * 4)), "from 1 on, .*; expected rows of `write_rows`"),
    ):
        parquet.write_table(changed, path)
        with pytest.raises(XnerError, match=message):
            list(read_rows(path))


def io_of(data: bytes | bytearray) -> io.BytesIO:
    return io.BytesIO(bytes(data))


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(XnerError, match=r"cannot be read.*Expected a Parquet file"):
        list(read_rows(path))
    path.write_text("PAR1")
    with pytest.raises(XnerError, match=r"cannot be read.*Expected a Parquet file"):
        list(read_rows(path))
    write_rows(path, some_rows(50))
    data = bytearray(path.read_bytes())
    place = data.index(b"source_words")  # in the footer
    for changed in (data[:-50], data[:place] + b"\xff" + data[place + 1 :]):
        path.write_bytes(bytes(changed))
        with pytest.raises(XnerError, match=r"a\.parquet: "):
            list(read_rows(path))
    found = 0
    for place in range(4, parquet.ParquetFile(io_of(data)).metadata.row_group(0).total_byte_size // 4, 97):
        path.write_bytes(bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]))
        with suppress(XnerError):
            assert list(read_rows(path)) == some_rows(50)  # what was changed is not read, such as a statistic
            continue
        found += 1
    assert found > 3


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the command; DocBins need none."""
    original = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return original(name, *rest)

    for name in [name for name in sys.modules if name.startswith("pyarrow")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refuse)
    for use in (lambda: write_rows(tmp_path / "a.parquet", [ROW]), lambda: list(read_rows(tmp_path / "b.parquet"))):
        with pytest.raises(XnerError, match=r"pip install 'spacy-xner\[parquet\]'"):
            use()
    write_row_docs(tmp_path / "a.spacy", [ROW])
    assert next(read_docs(tmp_path / "a.spacy")).ents[0].text == "Ada Obi"


def test_hugging_face_datasets(tmp_path: Path) -> None:
    """It reads the files, and what it writes of them is read here."""
    datasets = pytest.importorskip("datasets")
    rows = some_rows(8)
    write_rows(tmp_path / "a.parquet", rows)
    data = datasets.Dataset.from_parquet(str(tmp_path / "a.parquet"), cache_dir=str(tmp_path / "cache"))
    assert len(data) == 8
    assert data[2]["source_words"] == ["Ada", "Obi", "sings"]
    assert data[2]["soft_probabilities"] == [[0.25, 0.75]]
    data.to_parquet(str(tmp_path / "b.parquet"))
    assert list(read_rows(tmp_path / "b.parquet")) == rows
