"""Offsets in other units than characters, found by the entities' own texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.corpus.formats.annotated import Mark
from spacy_xner.corpus.formats.offsets import UNITS, Offsets, Unit, place
from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.settle import OTHER_UNIT
from spacy_xner.errors import XnerError

from .util import entities, read

TEXT = "😀 Zoë Kröger\r\nund 🎉 Ada\nin Łódź"
NAMES = [("Zoë Kröger", "PER"), ("Ada", "PER"), ("Łódź", "LOC")]
ENCODINGS = {"characters": ("utf-32-le", 4), "utf16": ("utf-16-le", 2), "bytes": ("utf-8", 1)}


def in_unit(text: str, unit: Unit) -> list[dict[str, Any]]:
    """The names with offsets as a tool counts them that uses a unit."""
    codec, size = ENCODINGS[unit.width]

    def count(before: str) -> int:
        if unit.breaks == "CR LF as one":
            before = before.replace("\r\n", "\n")
        elif unit.breaks == "LF as two":
            before = before.replace("\r\n", "\n").replace("\n", "\r\n")
        return len(before.encode(codec)) // size

    marks = []
    for name, label in NAMES:
        start, end = text.index(name), text.index(name) + len(name)
        bounds = {"end after": (0, 0), "end inside": (0, -1), "from one": (1, 0)}[unit.bounds]
        marks.append(
            {
                "start": count(text[:start]) + bounds[0],
                "end": count(text[:end]) + bounds[1],
                "text": name,
                "label": label,
            }
        )
    return marks


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_units(tmp_path: Path, unit: Unit) -> None:
    report = Report()
    records: list[dict[str, Any]] = [
        {"text": "Ada is here", "entities": in_unit_of("Ada is here", "Ada", unit)},
        {"text": TEXT, "entities": in_unit(TEXT, unit)},
    ]
    first, second = read(tmp_path / "a.json", records, report)
    assert (entities(first), entities(second)) == ([("Ada", "PER")], NAMES)
    if unit != UNITS[0]:
        changed = sum(
            mark["start"] != record["text"].index(mark["text"]) or mark["end"] - mark["start"] != len(mark["text"])
            for record in records
            for mark in record["entities"]
        )
        assert changed
        assert report.notes[OTHER_UNIT].count == changed
        assert f"offsets in {unit}" in "".join(report.lines())


def in_unit_of(text: str, name: str, unit: Unit) -> list[dict[str, Any]]:
    start, end = text.index(name), text.index(name) + len(name)
    bounds = {"end after": (0, 0), "end inside": (0, -1), "from one": (1, 0)}[unit.bounds]
    return [{"start": start + bounds[0], "end": end + bounds[1], "text": name, "label": "PER"}]


def test_another_text_is_refused(tmp_path: Path) -> None:
    """The text was edited after it was annotated."""
    records = [
        {"text": "😀 Ada", "label": [{"start": 2, "end": 5, "text": "Ada", "label": "PER"}]},
        {"text": "So Ada left", "label": [{"start": 4, "end": 7, "text": "Ada", "label": "PER"}]},
    ]
    message = r"a\.jsonl:2: found the entity 'Ada' \(PER\) at 4 to 7, where the text has 'da '.*as those before it"
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.jsonl", "\n".join(map(json.dumps, records)))


def test_units_do_not_mix(tmp_path: Path) -> None:
    """One file has one unit: an entity that fits another one shows a mistake."""
    records = [
        {"text": "😀 Ada", "label": [{"start": start, "end": start + 3, "text": "Ada", "label": "PER"}]}
        for start in (2, 3)
    ]
    with pytest.raises(XnerError, match=r"a\.json:1: record 2: found the entity 'Ada'"):
        read(tmp_path / "a.json", records)


def test_unit_without_texts(tmp_path: Path) -> None:
    """The user says it. The message says how, where the offsets are outside of the text."""
    record = {"text": "😀 Ada", "label": [[3, 6, "PER"]]}
    with pytest.raises(XnerError, match=r"in a text of 5 characters.*\(If they count utf16: --offsets utf16\)"):
        read(tmp_path / "a.json", [record])
    assert entities(read(tmp_path / "a.json", [record], offsets="utf16")[0]) == [("Ada", "PER")]


@pytest.mark.parametrize(
    ("text", "span", "unit"),
    [
        ("😀 Ada left", [3, 6, "PER"], "utf16"),
        ("Ö. Ada left", [4, 7, "PER"], "bytes"),
        ("Ada left", [0, 2, "PER"], "inclusive"),
        ("So Ada left", [4, 6, "PER"], "from-one"),
    ],
)
def test_units_that_cut_words_are_refused(tmp_path: Path, text: str, span: list[Any], unit: str) -> None:
    record = {"text": text, "label": [span]}
    with pytest.raises(XnerError, match=rf"which is '.*' in characters and 'Ada' in .*: --offsets {unit}, or"):
        read(tmp_path / "a.json", [record, record])
    assert entities(read(tmp_path / "a.json", [record], offsets=unit)[0]) == [("Ada", "PER")]
    assert entities(read(tmp_path / "a.json", [record], offsets="characters")[0]) != [("Ada", "PER")]


def test_words_that_are_cut_on_purpose(tmp_path: Path) -> None:
    """The entities before show that offsets count characters."""
    records = [
        {"text": "😀 Ada und Öl", "label": [[2, 5, "PER"]]},
        {"text": "😀 x Adas Éire", "label": [[4, 7, "PER"], [9, 13, "LOC"]]},
    ]
    found = read(tmp_path / "a.json", records)
    assert [entities(s) for s in found] == [[("Ada", "PER")], [("Ada", "PER"), ("Éire", "LOC")]]


def test_unit_that_shows_late(tmp_path: Path) -> None:
    """Entities without text were placed before; nobody knows whether they are right."""
    records = [
        {"text": "😀。你好吗", "label": [[3, 5, "PER"]]},
        {"text": "😀 Ada", "label": [{"start": 3, "end": 6, "text": "Ada", "label": "PER"}]},
    ]
    with pytest.raises(XnerError, match="after entities without text"):
        read(tmp_path / "a.json", records)
    found = read(tmp_path / "a.json", records, offsets="utf16")
    assert [entities(s) for s in found] == [[("你好", "PER")], [("Ada", "PER")]]


@pytest.mark.parametrize("covered", ["Ada Obi", "Ada\\nObi", "Ada  Obi", "Ada\nObi"])
def test_tools_change_white_space_in_texts_of_entities(tmp_path: Path, covered: str) -> None:
    """Label Studio's issue 3078, and its line breaks as two characters."""
    record = {"text": "So Ada\n Obi left", "label": [{"start": 3, "end": 11, "text": covered, "label": "PER"}]}
    (sentence,) = read(tmp_path / "a.json", [record])
    assert sentence.spans == ((3, 11, "PER"),)


@given(st.text(min_size=1), st.sampled_from(UNITS), st.data())
def test_offsets_of_any_text(text: str, unit: Unit, data: st.DataObject) -> None:
    """Within characters or outside of the text there is no place; else it is in the text."""
    start, end = data.draw(st.integers(-1, 9)), data.draw(st.integers(-1, 40))
    found = place(text, Mark(start, end, "X"), unit)
    assert found is None or 0 <= found[0] < found[1] <= len(text)
    if unit == UNITS[0]:
        assert found == ((start, end) if 0 <= start < end <= len(text) else None)
        assert found is None or Offsets().settle(text, [Mark(start, end, "X", text[start:end])]) == [found]
