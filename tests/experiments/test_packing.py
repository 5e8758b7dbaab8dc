"""Packed study files: unpacking restores each record exactly."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.experiments.packing import pack, unpack
from spacy_xner.experiments.record_files import read_records, write_study_file

from .records_util import record, simulated

N = 4


@st.composite
def runs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Records with the same reference, and any number of right and wrong entities."""
    to_find = draw(st.lists(st.lists(st.integers(0, 3), min_size=N, max_size=N), min_size=2, max_size=2))
    made = []
    for seed in range(draw(st.integers(1, 3))):
        labels: dict[str, list[list[int]]] = {"LOC": [], "PER": []}
        for label, numbers in zip(labels, to_find, strict=True):
            for i, n in enumerate(numbers):
                right, wrong = draw(st.integers(0, n)), draw(st.integers(0, 2))
                if n or wrong:
                    labels[label].append([i, right, wrong, n - right])
        sentences = {"de": {"n": N, "repeats": [[2, 1]], "labels": labels}, "es": {"n": 0, "labels": {}}}
        made.append(record("a", seed, sentences))
    return made


@given(runs())
def test_unpacking_restores_records(records: list[dict[str, Any]]) -> None:
    shared, packed = pack(records)
    assert all("sentences" not in each for each in packed)
    assert [unpack(each, json.loads(json.dumps(shared)), "x.json") for each in packed] == records


def test_by_hand() -> None:
    labels = {"LOC": [[0, 1, 0, 0], [1, 0, 1, 2], [2, 1, 0, 0], [3, 0, 1, 0]], "PER": [[2, 1, 0, 0]]}
    repeats = [[3, 0]]
    shared, (packed,) = pack([record(sentences={"de": {"n": 4, "repeats": repeats, "labels": labels}})])
    to_find = {
        "LOC": [{"entities": 1, "gaps": [0, 2]}, {"entities": 2, "gaps": [1]}],
        "PER": [{"entities": 1, "gaps": [2]}],
    }
    assert shared == {"de": {"n": 4, "repeats": repeats, "to_find": to_find}}
    assert packed["differences"] == {"de": {"LOC": [{"right": 0, "wrong": 1, "gaps": [1, 2]}], "PER": []}}


def test_a_packed_study_file_is_smaller(tmp_path: Path) -> None:
    records = [simulated(arm, seed, 0.7) for arm in "abc" for seed in range(2)]
    for i, each in enumerate(records):
        (tmp_path / f"{i}.json").write_text(json.dumps(each))
    study = read_records([tmp_path])
    write_study_file(tmp_path / "study/file.json", study)
    content = json.loads((tmp_path / "study/file.json").read_text())
    assert all("differences" in run for run in content["runs"])
    counts = [content["sentences"], *(run["differences"] for run in content["runs"])]
    assert len(json.dumps(counts)) < 0.5 * len(json.dumps([each["sentences"] for each in records]))
    both = read_records([tmp_path / "study/file.json", *sorted(tmp_path.glob("*.json"))])
    assert [run.data for run in both.runs] == [run.data for run in study.runs]


def test_records_that_unpacking_would_change_are_not_packed() -> None:
    """Rows in another order, rows of zeros, or rows of sentences whose reference differs from the first run's."""
    first = record("a", 0)
    others = [
        record("a", 1, {"de": {"n": 2, "labels": {"PER": rows}}})
        for rows in (
            [[1, 0, 1, 0], [0, 1, 0, 1]],
            [[0, 1, 0, 1], [1, 0, 0, 0]],
            [[0, 1, 0, 0]],
            [[0, 1, 0, 1], [2, 0, 1, 0], [1, 0, 1, 0]],
        )
    ]
    _, packed = pack([first, *others])
    assert "differences" in packed[0]
    assert packed[1:] == others


GROUP = {"right": 0, "wrong": 0, "gaps": [0]}


@pytest.mark.parametrize(
    ("differences", "message"),
    [
        ({}, r"x.json: `differences` has the languages of none, expected those .*: de"),
        ({"de": {}}, "`differences.de` lacks PER, expected each label, if"),
        ({"de": {"PER": [{**GROUP, "right": 3}]}}, "`differences.de.PER` has 3 right in sentence 0, .* the 2 that"),
        ({"de": {"PER": [], "LOC": [{**GROUP, "right": 1}]}}, "`differences.de.LOC` has 1 right .* the 0 that"),
        ({"de": {"PER": [{**GROUP, "wrong": -1}]}}, r"`differences.de.PER\[0\].wrong` is -1"),
        ({"de": {"PER": [GROUP, {**GROUP, "right": 1}]}}, "x.json: `differences.de.PER` has a sentence twice"),
        ({"de": {"PER": [{**GROUP, "gaps": [0, 0]}]}}, "x.json: `differences.de.PER` has a sentence twice"),
        ({"de": {"PER": [[0, 1, 0]]}}, r"`differences.de.PER\[0\]` is \[0, 1, 0\]"),
    ],
)
def test_differences_that_do_not_fit(differences: Any, message: str) -> None:
    shared, (packed,) = pack([record()])
    with pytest.raises(XnerError, match=message):
        unpack({**packed, "differences": differences}, shared, "x.json")


def test_to_find_twice() -> None:
    shared, (packed,) = pack([record()])
    shared["de"]["to_find"]["PER"].append({"entities": 1, "gaps": [0]})
    with pytest.raises(XnerError, match=r"x.json: `sentences.de.to_find.PER` has a sentence twice"):
        unpack(packed, shared, "x.json")


def test_a_packed_run_needs_the_files_sentences(tmp_path: Path) -> None:
    _, packed = pack([record()])
    path = tmp_path / "study.json"
    path.write_text(json.dumps({"format": 1, "study": "made-up", "runs": packed}))
    with pytest.raises(XnerError, match=r"study.json, runs\[0\]: `differences` has the languages de, expected .* none"):
        read_records([path])
