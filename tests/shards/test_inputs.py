"""Sources of rows: ranges of files, and digests of their content."""

import gzip
import pickle
from collections import Counter
from pathlib import Path

import pytest

from spacy_xner.corpus.docs import write_docs
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_tokenizer
from spacy_xner.shards.inputs import FileSource, PairSource, RowSource, digest_of, find_row_files
from spacy_xner.shards.row_docs import doc_of
from spacy_xner.shards.rows import read_rows, write_rows


def words_in(source: RowSource, start: int, stop: int) -> list[str]:
    rows, _ = source.read(0, start, stop, Counter())
    return [" ".join(row.source_words) for row in rows]


@pytest.mark.parametrize("kind", ["txt", "gz", "parquet", "spacy"])
def test_ranges_and_digests_of_files(kind: str, text: Path, tmp_path: Path) -> None:
    """Ranges in any order give their rows, and the digest that the survey gives."""
    path = tmp_path / {"txt": "news.txt", "gz": "news.txt.gz", "parquet": "r.parquet", "spacy": "r.spacy"}[kind]
    if kind == "gz":
        path.write_bytes(gzip.compress(text.read_bytes()))
    elif kind == "parquet":
        write_rows(path, read_rows(text, lang="en"))
    elif kind == "spacy":
        vocab = multilingual_tokenizer().vocab
        write_docs(path, (doc_of(row, vocab) for row in read_rows(text, lang="en")))
    source = FileSource([path], "en")
    contents = list(source.survey(0))
    assert len(contents) == 50
    sent = pickle.loads(pickle.dumps(source))
    for start, stop in ((20, 22), (48, 50), (0, 2), (2, 3)):
        assert words_in(sent, start, stop) == [f"This is {n} ." if n % 10 != 9 else "Word" for n in range(start, stop)]
        assert sent.read(0, start, stop, Counter())[1] == digest_of(contents[start:stop])


def test_an_empty_text_counts_in_its_range(tmp_path: Path) -> None:
    """A JSONL file can have empty texts: they have a number, and give no row."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "One."}\n{"text": ""}\n{"text": "Two."}\n', encoding="utf8")
    counts: Counter[str] = Counter()
    source = FileSource([path], "en")
    contents = list(source.survey(0))
    rows, digest = source.read(0, 0, len(contents), counts)
    assert [row.source_words for row in rows] == [["One", "."], ["Two", "."]]
    assert digest == digest_of(contents)


def test_digests_tell_where_one_row_ends() -> None:
    assert digest_of([b"ab", b"c"]) != digest_of([b"a", b"bc"])


def test_pairs_of_files_by_ranges(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("[Ada](PER) sings.\n[Bob](PER) reads.\n[Cy](PER) is 1.\n", encoding="utf8")
    (tmp_path / "de.txt").write_text("Ada singt.\nBob liest.\nCy ist 1.\n", encoding="utf8")
    source = pickle.loads(pickle.dumps(PairSource(tmp_path / "en.txt", tmp_path / "de.txt", lang="de")))
    contents = list(source.survey(0))
    for start, stop, expected in ((1, 3, ["Bob liest .", "Cy ist 1 ."]), (0, 1, ["Ada singt ."])):
        rows, digest = source.read(0, start, stop, Counter())
        assert [" ".join(row.words) for row in rows] == expected
        assert digest == digest_of(contents[start:stop])
    (first, *_), _ = source.read(0, 0, 1, Counter())
    assert (first.id, first.lang, first.source_lang) == ("de.txt:1", "de", "xx")
    assert [(span.start, span.end, span.label) for span in first.source_spans] == [(0, 1, "PER")]


def test_a_folder_gives_its_parquet_files_in_order(text: Path, tmp_path: Path) -> None:
    rows = list(read_rows(text, lang="en"))
    for name in ("b", "a"):
        write_rows(tmp_path / "rows" / f"{name}.parquet", rows[:1])
    (tmp_path / "rows" / "manifest.json").write_text('{"ranges": [1, 2]}')
    assert [path.name for path in find_row_files(tmp_path / "rows")] == ["a.parquet", "b.parquet"]


def test_a_folder_that_lacks_shards_is_no_input(text: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows" / "a.parquet", list(read_rows(text, lang="en"))[:1])
    (tmp_path / "rows" / "manifest.json").write_text('{"ranges": [1, 2, 3]}')
    with pytest.raises(XnerError, match=r"rows: 2 of 3 shards are missing.*xner corpus shards .*finish that run first"):
        find_row_files(tmp_path / "rows")


def test_two_files_of_one_name_are_refused(text: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "x.txt").write_text("Hello.\n")
    with pytest.raises(XnerError, match=r"several files called x\.txt, expected different names"):
        find_row_files(tmp_path / "texts")
