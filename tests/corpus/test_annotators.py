"""Texts that several people annotated, overlaps, and white space at the edges of entities."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.corpus.formats.report import Report
from spacy_xner.errors import XnerError

from .util import ADA, LAGOS, TEXT, entities, read

PER, LOC = [0, 7, "PER"], [17, 22, "LOC"]


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def label_studio(*annotations: tuple[Any, list[list[Any]]], **more: Any) -> str:
    found = [
        {
            "completed_by": who,
            "result": [{"type": "labels", "value": {"start": s, "end": e, "labels": [lab]}} for s, e, lab in spans],
            **more,
        }
        for who, spans in annotations
    ]
    return json.dumps([{"id": 1, "data": {"text": TEXT}, "annotations": found}])


def doccano(*marks: tuple[int, list[Any]]) -> str:
    found = [{"label": m[2], "start_offset": m[0], "end_offset": m[1], "user": user} for user, m in marks]
    return lines({"id": 1, "text": TEXT, "annotations": found})


def prodigy(*annotations: tuple[str, list[list[Any]]]) -> str:
    return lines(
        *({"text": TEXT, "_input_hash": 5, "_annotator_id": who, "spans": spans} for who, spans in annotations)
    )


@pytest.mark.parametrize(
    ("equal", "other"),
    [
        (label_studio((1, [PER, LOC]), (2, [LOC, PER])), label_studio((1, [PER, LOC]), (2, [PER]))),
        (doccano((1, PER), (2, PER), (1, LOC), (2, LOC)), doccano((1, PER), (1, LOC), (2, PER))),
        (prodigy(("1", [PER, LOC]), ("2", [PER, LOC])), prodigy(("1", [PER, LOC]), ("2", [PER]))),
    ],
    ids=["label-studio", "doccano", "prodigy"],
)
def test_two_annotators(tmp_path: Path, equal: str, other: str) -> None:
    report = Report()
    assert [entities(s) for s in read(tmp_path / "a.json", equal, report)] == [[ADA, LAGOS]]
    assert report.notes["annotations that are equal to one before for the same text left out"].count == 1
    assert "annotators: 1, 2" in "".join(report.lines())
    with pytest.raises(XnerError, match=r"a\.json:\d.*annotated by 1 and 2.*--annotator 1, or remove"):
        read(tmp_path / "a.json", other)
    assert [entities(s) for s in read(tmp_path / "a.json", other, annotator="2")] == [[ADA]]
    with pytest.raises(XnerError, match="no annotation of '3', expected one of: 1, 2"):
        read(tmp_path / "a.json", other, annotator="3")


def test_ground_truth_counts(tmp_path: Path) -> None:
    tasks = json.loads(label_studio((1, [PER]), (2, [LOC])))
    tasks[0]["annotations"][1]["ground_truth"] = True
    assert [entities(s) for s in read(tmp_path / "a.json", tasks)] == [[LAGOS]]


def test_equal_texts_without_annotators_stay(tmp_path: Path) -> None:
    """They are different sentences with the same words."""
    content = lines({"text": "Yes.", "label": []}, {"text": "Yes.", "label": [[0, 3, "X"]]})
    assert len(read(tmp_path / "a.jsonl", content)) == 2


def test_authors_are_no_annotators(tmp_path: Path) -> None:
    content = lines(*({"text": "Hi Ada", "user": who, "username": who, "label": [[3, 6, "PER"]]} for who in "ab"))
    assert len(read(tmp_path / "a.jsonl", content)) == 2


def test_overlaps(tmp_path: Path) -> None:
    report = Report()
    record = {"text": TEXT, "label": [[0, 3, "PER"], PER, [4, 13, "X"], LOC, LOC]}
    with pytest.raises(XnerError, match=r"a\.jsonl:1: found the overlapping entities .*--overlaps longest"):
        read(tmp_path / "a.jsonl", record)
    (sentence,) = read(tmp_path / "a.jsonl", record, report, overlaps="longest")
    assert entities(sentence) == [("Ada", "PER"), ("Obi lives", "X"), LAGOS]
    assert {what: note.count for what, note in report.notes.items()} == {
        "entities that overlap a longer one left out": 1,
        "entities that occur twice at the same place left out": 1,
    }


def test_two_labels_at_one_place_overlap(tmp_path: Path) -> None:
    record = {"text": TEXT, "label": [PER, [0, 7, "ORG"]]}
    with pytest.raises(XnerError, match="overlapping"):
        read(tmp_path / "a.jsonl", record)
    assert entities(read(tmp_path / "a.jsonl", record, overlaps="longest")[0]) == [("Ada Obi", "ORG")]


def test_white_space_at_edges(tmp_path: Path) -> None:
    report = Report()
    (sentence,) = read(tmp_path / "a.jsonl", {"text": TEXT, "label": [[0, 8, "PER"], [16, 22, "LOC"]]}, report)
    assert entities(sentence) == [ADA, LAGOS]
    assert report.notes["entities with white space at their edges trimmed"].count == 2


@pytest.mark.parametrize("option", [{"overlaps": "first"}, {"offsets": "words"}])
def test_unknown_option(tmp_path: Path, option: dict[str, Any]) -> None:
    with pytest.raises(XnerError, match="expected"):
        read(tmp_path / "a.jsonl", {"text": TEXT}, **option)
