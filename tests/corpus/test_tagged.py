"""Text with entities in tags."""

from pathlib import Path

import pytest

from spacy_xner.corpus.formats.report import Report
from spacy_xner.errors import XnerError

from .util import entities, read

TAGGED = """<?xml version="1.0"?>
<doc id="1">
<s><PER>Ada</PER> left <LOC>Lagos</LOC> &amp; came back.</s>
<s>It rained, 3 < 4.</s>
<s><PER>Ada</PER> <LOC>Oslo</LOC></s>
</doc>
"""
MUC = 'In <TIMEX TYPE="DATE">1999</TIMEX> <ENAMEX TYPE="PERSON">Ada</ENAMEX> left.\n'


@pytest.mark.parametrize("name", ["a.xml", "a.txt"])
def test_tags(tmp_path: Path, name: str) -> None:
    report = Report()
    first, second, third = read(tmp_path / name, TAGGED, report)
    assert (first.text, first.line) == ("Ada left Lagos & came back.", 3)
    assert entities(first) == [("Ada", "PER"), ("Lagos", "LOC")]
    assert (second.text, second.spans) == ("It rained, 3 < 4.", ())
    assert entities(third) == [("Ada", "PER"), ("Oslo", "LOC")]
    assert "PER (2), LOC (2); elements left out: doc, s" in "".join(report.lines())
    assert report.notes["escaped characters such as &amp; read as what they stand for"].count == 1


def test_muc(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path / "a.txt", MUC)
    assert (sentence.text, entities(sentence)) == ("In 1999 Ada left.", [("1999", "DATE"), ("Ada", "PERSON")])


def test_nested(tmp_path: Path) -> None:
    content = "The <ORG>Bank of <LOC>Oslo</LOC></ORG> closed.\n"
    with pytest.raises(XnerError, match=r"a\.xml:1: found the overlapping entities"):
        read(tmp_path / "a.xml", content)
    assert entities(read(tmp_path / "a.xml", content, overlaps="longest")[0]) == [("Bank of Oslo", "ORG")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<PER>Ada</PER> left\nwith <PER>Obi\n", r":2: found <per> or </per> alone"),
        ("So <ENAMEX>Ada</ENAMEX> left\n", r':1: found <enamex> without a label, expected <enamex type="PER">'),
        ('<w ner="B-PER">Ada</w>\n<w>left</w>\n', r": found no entity in tags, but the elements w"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>\n<x>&a;</x>\n", r":1: found <!ENTITY"),
    ],
)
def test_malformed(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.xml", content)


@pytest.mark.parametrize(
    "line", ["This is <b>bold</b> and <i>Italic</i>.", "if a <b and c> d", "<3 Ada", "<P>HTML</P>"]
)
def test_plain_text_with_other_tags(tmp_path: Path, line: str) -> None:
    (sentence,) = read(tmp_path / "a.txt", line + "\n")
    assert (sentence.text, sentence.spans) == (line, None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<PER>Ada</PER> left for\n<LOC>Paris</LOC>\nand came.\n", [[("Ada", "PER")], [("Paris", "LOC")], []]),
        ("<ORG>UNESCO</ORG>\n", [[("UNESCO", "ORG")]]),
        ("<p><LOC>Paris</LOC></p>\n", [[("Paris", "LOC")]]),
    ],
)
def test_entities_that_are_a_whole_line(tmp_path: Path, content: str, expected: list[list[tuple[str, str]]]) -> None:
    assert [entities(sentence) for sentence in read(tmp_path / "a.xml", content)] == expected


def test_empty_element_in_capitals_is_no_entity(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.xml", "<s><B2></B2></s>\n<s>Ada</s>\n<LOC>Oslo</LOC>\n")
    assert (first.text, second.text, entities(second)) == ("Ada", "Oslo", [("Oslo", "LOC")])
