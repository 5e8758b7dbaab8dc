"""Text files (`.txt`): one function decides whether they are marked up, and what is left out is said."""

import os
import threading
from collections import Counter
from pathlib import Path

import pytest

from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.text import text_format
from spacy_xner.corpus.project_files import pair_files
from spacy_xner.corpus.texts import read_texts, read_unlabelled
from spacy_xner.errors import XnerError

from .test_column_files import entities, read

PLAIN = "See [the site](https://example.org/a) and [this](../b.md).\nAn array [1] and a[0]](x)\n# no comment\n"


def test_marked_up(tmp_path: Path) -> None:
    text = "# a comment\n\n#Nairobi waits for [Ada Obi](PER)\n[Oslo](LOC) is cold\nno name\n"
    sentences, report = read(tmp_path / "a.txt", text)
    assert [(sentence.text, entities(sentence)) for sentence in sentences] == [
        ("#Nairobi waits for Ada Obi", [("Ada Obi", "PER")]),
        ("Oslo is cold", [("Oslo", "LOC")]),
        ("no name", []),
    ]
    assert "a.txt: marked-up text: 3 lines, 2 entities (LOC, PER)" in report
    assert "1 lines of comments left out (first: a.txt:1)" in report
    assert "1 empty lines left out (first: a.txt:2)" in report


@pytest.mark.parametrize("format", ["auto", "plain"])
def test_plain(tmp_path: Path, format: str) -> None:
    """Links and other brackets are no markup. Nothing is marked: the text is unlabelled, unless said to be empty."""
    sentences, report = read(tmp_path / "a.txt", PLAIN, format=format)
    assert [(sentence.text, sentence.spans) for sentence in sentences] == [(line, None) for line in PLAIN.splitlines()]
    assert "plain text: 3 lines, in which nothing is marked: they are unlabelled (--empty" in report
    assert "1 lines that begin with '# ' read as text: plain text has no comments (first: a.txt:3)" in report
    assert "2 links" not in report
    sentences, _ = read(tmp_path / "a.txt", PLAIN, format=format, empty=True)
    assert [sentence.spans for sentence in sentences] == [(), (), ()]


def test_nothing_is_marked_in_a_format_for_markup(tmp_path: Path) -> None:
    (sentence,), report = read(tmp_path / "a.txt", "no name \\[sic\\]\n", format="inline")
    assert (sentence.text, sentence.spans) == ("no name [sic]", None)
    assert "in which nothing is marked" in report
    (sentence,), report = read(tmp_path / "a.txt", "no name\n", format="inline", empty=True)
    assert sentence.spans == ()
    assert "no entities (--empty)" in report


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x\nno name \\[sic\\]\n", r"a\.txt:2: found '\\\[', as in marked-up text.*--format inline.*--format plain"),
        ("\\#1 is it\n", r"a\.txt:1: found '\\#'.*--format inline.*--format plain"),
        ("[Ada](PER)\nan array [1]\n", r"a\.txt:2: column 12: .*--format plain"),
        ("[Ada](PER)\n[site](https://a.org)\n", r"a\.txt:2: column 6: found the link 'https://a\.org'.*--format plain"),
    ],
)
def test_ambiguous(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.txt", text)


def test_every_command_reads_the_same(tmp_path: Path) -> None:
    marked, plain = tmp_path / "marked.txt", tmp_path / "plain.txt"
    marked.write_text("# c\n[Ada](PER) sings\n#x\n")
    plain.write_text(PLAIN)
    assert text_format(marked) == "inline"
    assert text_format(plain) == "plain"
    counts: Counter[str] = Counter()
    assert [doc.text for doc in read_unlabelled(marked, "en", counts)] == ["Ada sings", "#x"]
    assert counts == {"texts": 2, "entities in the file, not looked at": 1}
    assert list(read_texts([marked, plain])) == ["Ada sings", "#x", *PLAIN.splitlines()]


def test_many_files_that_are_alike_are_one_line() -> None:
    report = Report()
    for number in range(7):
        report.recognise(Path(f"{number}.txt"), f"plain text: {number + 1:,} lines")
    report.recognise(Path("x.conll"), "columns: token, NER; scheme IOB1; 1,200 sentences")
    assert list(report.lines()) == [
        "7 files (first: 0.txt): plain text: … lines",
        "x.conll: columns: token, NER; scheme IOB1; 1,200 sentences",
    ]


def test_pipe(tmp_path: Path) -> None:
    """A pipe can be read once, and is read once."""
    os.mkfifo(tmp_path / "a.txt")
    writer = threading.Thread(target=(tmp_path / "a.txt").write_text, args=("[Ada](PER) sings\nx\n",))
    writer.start()
    assert text_format(tmp_path / "a.txt") == "inline"
    writer.join()


def test_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("[Zoë](PER)\n".encode("latin-1"))
    with pytest.raises(XnerError, match="not UTF-8"):
        text_format(tmp_path / "a.txt")
    assert text_format(tmp_path / "a.txt", "latin-1") == "inline"


COLUMNS = "-DOCSTART- -X- O\n\nAda NNP B-PER\nleft VBD O\n\nBob NNP B-PER\n"


@pytest.mark.parametrize("text", [COLUMNS, COLUMNS.replace(" ", "\t")])
def test_columns(tmp_path: Path, text: str) -> None:
    """A `.txt` can be a column file, and is read as one, which is said."""
    sentences, report = read(tmp_path / "a.txt", text)
    expected = [("Ada left", [("Ada", "PER")]), ("Bob", [("Bob", "PER")])]
    assert [(sentence.text, entities(sentence)) for sentence in sentences] == expected
    assert "a.txt: columns: token, -, NER; scheme IOB2; 2 sentences; 1 document" in report
    with pytest.raises(XnerError, match=r"a\.txt:3: found columns with entity tags.*--format columns.*--format plain"):
        text_format(tmp_path / "a.txt")
    sentences, _ = read(tmp_path / "a.txt", text, format="plain")
    assert sentences[0].text.startswith("-DOCSTART-")


def test_columns_are_no_sentences_in_lines(tmp_path: Path) -> None:
    """A column file is paired by its sentences, not by its lines."""
    (tmp_path / "en.txt").write_text(COLUMNS)
    (tmp_path / "de.txt").write_text("Ada ging\nBob\n")
    pairs = pair_files(tmp_path / "en.txt", tmp_path / "de.txt", Counter())
    found = [(source.text, target.text) for source, target in zip(pairs.sources(), pairs.targets(), strict=True)]
    assert found == [("Ada left", "Ada ging"), ("Bob", "Bob")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ada B-PER\nBob B-PER\n", "columns with entity tags"),
        ("Ada|NNP|I-PER left|VBD|O\n", "words with their tags"),
        ("x\n" * 9 + "Ada/NNP/B-PER left/VBD/O now/RB/O\n" * 40, "words with their tags"),
        ("Ada <B-PER> Obi <E-PER> left\n", "the tag '<B-PER>' behind a word"),
        ("x\n<person>Ada</person> left\n", "'<person>Ada</person>'.*--format tags"),
        ("<PER>Ada</LOC> left\n", "'<PER>Ada</LOC>'"),
        ("[Ada [Obi]](PER) left\n", r"'\[Ada \[Obi\]\]\(PER\)', an entity inside of another.*--format inline"),
        ("Ada left Oslo\tB-PER O B-LOC\nBob came\tB-PER O\n", "a tab and a tag for each word"),
    ],
)
def test_other_marks_are_no_plain_text(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(XnerError, match=rf"a\.txt:\d+: found {message}.*--format plain"):
        read(tmp_path / "a.txt", text)


@pytest.mark.parametrize(
    "text",
    [
        "O Globo\nO Dia\nO Estado\n",
        "Die U-Bahn\nDie S-Bahn\n",
        "He or she/they, and/or s/he\nvitamin B/O\n",
        'See <a href="x">that</a>, <mark>this</mark>, <b>x</b>, a<b and c>d\n',
        "- one\n- two\n",
        "[![image](a.png)](b.html) and [see [1]](Note)\n",
    ],
)
def test_plain_text_with_such_words(tmp_path: Path, text: str) -> None:
    sentences, _ = read(tmp_path / "a.txt", text)
    assert [(sentence.text, sentence.spans) for sentence in sentences] == [(line, None) for line in text.splitlines()]


def test_a_backslash_before_an_entity(tmp_path: Path) -> None:
    (sentence,), _ = read(tmp_path / "a.txt", "\\\\[Ada](PER) left\n")
    assert (sentence.text, entities(sentence)) == ("\\Ada left", [("Ada", "PER")])
