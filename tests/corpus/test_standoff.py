"""brat and PubTator: entities in other lines or files than the text."""

from pathlib import Path
from typing import Any

import pytest

from spacy_xner.corpus.formats.reading import find_files, read_sentences
from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.sentence import Sentence
from spacy_xner.errors import XnerError

from .util import entities, read

ANN = """T1\tPER 0 7\tAda Obi
T2\tLOC 19 23\tOslo
N1\tReference T1 Wikidata:Q7\tAda Obi
A1\tConfirmed T1
R1\tLives Arg1:T1 Arg2:T2
E1\tArrive:T2 Who:T1
*\tEquiv T1 T2
#1\tAnnotatorNotes T1\tsure?
"""


def read_brat(folder: Path, text: str, ann: str, report: Report | None = None, **options: Any) -> list[Sentence]:
    (folder / "a.txt").write_bytes(text.encode())
    (folder / "a.ann").write_bytes(ann.encode())
    return list(read_sentences(folder / "a.txt", report=report, **options))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_brat(tmp_path: Path, end: str) -> None:
    """A sentence for each line, with its line."""
    report = Report()
    text = f"Ada Obi arrived in Oslo.{end}{end}She stayed for a week.{end}"
    first, second = read_brat(tmp_path, text, ANN.replace("\n", end), report)
    assert (first.text, entities(first)) == ("Ada Obi arrived in Oslo.", [("Ada Obi", "PER"), ("Oslo", "LOC")])
    assert first.details == {(0, 7, "PER"): ("Wikidata:Q7", "", None)}
    assert (second.text, second.spans, second.line) == ("She stayed for a week.", (), 3)
    kinds = ["attributes", "relations", "events", "equivalences", "notes"]
    assert list(report.notes) == [f"{kind} of brat not read" for kind in kinds]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("One.\r\nTwo.\r\nAda Obi left.", 12),  # as in the file
        ("One.\r\nTwo.\r\nAda Obi left.", 10),  # the tool counted CR LF as one
        ("One.\nTwo.\nAda Obi left.", 12),  # the file had CR LF when it was annotated
        ("😀.\nTwo.\nAda Obi left.", 9),  # UTF-16
        ("é.\nTwo.\nAda Obi left.", 9),  # bytes
    ],
)
def test_brat_offsets_in_other_units(tmp_path: Path, text: str, start: int) -> None:
    *_, last = read_brat(tmp_path, text, f"T1\tPER {start} {start + 7}\tAda Obi\n")
    assert (last.text, last.spans, last.line) == ("Ada Obi left.", ((0, 7, "PER"),), 3)


def test_brat_entity_across_lines(tmp_path: Path) -> None:
    """brat writes it as adjoining parts. Lines that an entity connects are one sentence."""
    found = read_brat(tmp_path, "Hello.\nSo Ada\nObi left.\nBye.\n", "T1\tPER 10 13;14 17\tAda Obi\n")
    assert [(s.text, entities(s), s.line) for s in found] == [
        ("Hello.", [], 1),
        ("So Ada\nObi left.", [("Ada\nObi", "PER")], 2),
        ("Bye.", [], 4),
    ]


def test_brat_discontinuous(tmp_path: Path) -> None:
    text, ann = "North and South Korea", "\nT1\tLOC 0 5;16 21\tNorth Korea\n"
    with pytest.raises(XnerError, match=r"a\.ann:2: found the discontinuous entity 0 5;16 21.*--discontinuous fill"):
        read_brat(tmp_path, text, ann)
    report = Report()
    (sentence,) = read_brat(tmp_path, text, ann, report, discontinuous="fill")
    assert entities(sentence) == [(text, "LOC")]
    assert report.notes["discontinuous entities filled"].count == 1


def test_brat_without_entities_is_unlabelled(tmp_path: Path) -> None:
    """brat makes the empty file before anyone annotates."""
    report = Report()
    assert [s.spans for s in read_brat(tmp_path, "a\nb\n", "", report)] == [None, None]
    assert report.notes["texts without any entity read as unlabelled (they have none: --empty)"].count == 1
    assert [s.spans for s in read_brat(tmp_path, "a\nb\n", "", empty=True)] == [(), ()]


@pytest.mark.parametrize(
    ("ann", "message"),
    [
        ("T1\tPER 0 3\tAdx\n", r"a\.ann:1: found the entity 'Adx' \(PER\) at 0 to 3, where the text has 'Ada'"),
        ("\nT1\tPER 0 99\n", r"a\.ann:2: found the entity \[0, 99, 'PER'\] in a text of 7 characters"),
        ("T1 PER 0 3 Ada\n", r"a\.ann:1: found 'T1 PER 0 3 Ada', expected a line of brat"),
        ("T1\tPER 0 3\tAda\nT2\tORG 2 7\ta Obi\n", r"a\.ann: found the overlapping entities"),
        ("T1\tPER 0 x\tAda\n", r"a\.ann:1: .*expected a line of brat"),
    ],
)
def test_brat_malformed(tmp_path: Path, ann: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read_brat(tmp_path, "Ada Obi", ann)


def test_brat_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada")
    with pytest.raises(XnerError, match=r"a\.ann: cannot be read"):
        list(read_sentences(tmp_path / "a.txt", "brat"))
    (tmp_path / "a.ann").write_bytes(b"T1\tPER 0 3\tZo\xeb")
    with pytest.raises(XnerError, match=r"a\.ann: found the byte 0xeb at 13, which is not UTF-8.*--encoding"):
        list(read_sentences(tmp_path / "a.txt"))
    (tmp_path / "b.ann").touch()
    with pytest.raises(XnerError, match=r"b\.ann: found brat's annotation without its text, expected b\.txt"):
        find_files([tmp_path])
    with pytest.raises(XnerError, match=r"found the ending '\.ann'.*name the \.txt beside it"):
        read_sentences(tmp_path / "a.ann")


PUBTATOR = """1234|t|Aspirin and fever
1234|a|It lowers fever.
1234\t0\t7\tAspirin\tChemical\tMESH:D001241
1234\t28\t33\tfever\tDisease\t
1234\tCID\tMESH:D001241\tMESH:D005334

99|t|Nothing
99|a|
"""


def test_pubtator(tmp_path: Path) -> None:
    report = Report()
    first, second = read(tmp_path / "a.pubtator", PUBTATOR, report)
    assert first.text == "Aspirin and fever It lowers fever."
    assert entities(first) == [("Aspirin", "Chemical"), ("fever", "Disease")]
    assert first.details == {(0, 7, "Chemical"): ("MESH:D001241", "", None)}
    assert (second.text.strip(), second.spans, second.meta, second.line) == ("Nothing", (), {"id": "99"}, 7)
    assert report.notes["relations of PubTator not read"].line == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1|t|Ada\n1\t0\t3\tXyz\tPER\n", r":1: found the entity 'Xyz'"),
        ("1|t|Ada\nhello\n", r":2: found 'hello', expected a line of PubTator"),
        ("1\t0\t3\tAda\tPER\n", r":1: found .*, expected a line of PubTator: ID\|t\|title"),
        ("1|t|Ada\n2\t0\t3\tAda\tPER\n", r":2: found the id '2' after the text of '1'"),
        ("1|t|Ada\n1|t|Obi\n", r":2: found '1\|t\|Obi' after the text of '1', expected one title"),
        ("1|a|Ada\n1|t|Obi\n", r":2: found '1\|t\|Obi' after the text of '1'"),
    ],
)
def test_pubtator_malformed(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.pubtator", text)


def test_pubtator_without_blank_lines(tmp_path: Path) -> None:
    content = "1|t|First title.\n1|a|About nothing.\n2|t|BRCA1 gene.\n2|a|About BRCA1.\n2\t0\t5\tBRCA1\tGene\t672\n"
    first, second = read(tmp_path / "a.pubtator", content)
    assert (first.text, first.spans, first.line) == ("First title. About nothing.", (), 1)
    assert (second.text, entities(second), second.line) == ("BRCA1 gene. About BRCA1.", [("BRCA1", "Gene")], 3)
