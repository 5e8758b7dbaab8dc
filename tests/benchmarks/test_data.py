"""Files that benchmarks read: measuring data, and records of earlier programs."""

import gzip
from pathlib import Path

import pytest
from alignment import read_gold, score
from common import Tagged, find_data, read_iob, read_pairs
from old_records import read_records, summarise

from spacy_xner.errors import XnerError
from spacy_xner.projection import SourceSpan

from .conftest import BENCHMARKS


def write(path: Path, text: str) -> Path:
    with gzip.open(path, "wt", encoding="utf8") as file:
        file.write(text)
    return path


def test_tagged_sentences(tmp_path: Path) -> None:
    text = "Ada\tB-PER\nLovelace\tI-PER\nParis\tB-LOC\nParis\tB-LOC\n\nno\tO\n"
    first, second = read_iob(write(tmp_path / "x.iob.gz", text))
    assert first.words == ["Ada", "Lovelace", "Paris", "Paris"]
    assert first.spans == [SourceSpan(0, 2, "PER"), SourceSpan(2, 3, "LOC"), SourceSpan(3, 4, "LOC")]
    assert second == Tagged(["no"], ["O"])
    assert second.spans == []


def test_pairs_and_gold_links(tmp_path: Path) -> None:
    assert list(read_pairs(write(tmp_path / "pairs.gz", "a b ||| c\n"))) == [(["a", "b"], ["c"])]
    gold = read_gold(write(tmp_path / "gold.gz", "1-1 2p1\n1-2\n"))
    assert gold == [({(0, 0)}, {(0, 0), (1, 0)}), ({(0, 1)}, {(0, 1)})]
    # Of 2 links, both are possible and 1 of the 2 sure ones is found: AER 1 - (1 + 2) / (2 + 2)
    assert score([[(0, 0), (1, 0)], []], gold) == {"aer": 25.0, "precision": 100.0, "recall": 50.0}


def test_absent_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XNER_DATA", str(tmp_path))
    assert find_data("conll") is None
    assert f"which is {tmp_path}" in capsys.readouterr().out
    (tmp_path / "conll").mkdir()
    assert find_data("conll") == tmp_path / "conll"


def test_old_records() -> None:
    """The figures that benchmarks/README.md gives for them."""
    found = read_records(BENCHMARKS / "records/recogniser")
    row = summarise("conll", "xner", found["conll", "xner"])
    assert row["seeds"] == [0, 1, 2]
    assert (f"{row['de']:.1f}", f"{row['de_sd']:.1f}") == ("58.0", "1.4")
    assert (f"{row['macro']:.1f}", f"{row['macro_sd']:.1f}") == ("63.6", "0.9")
    assert (f"{row['ece_uncalibrated']:.3f}", f"{row['ece']:.3f}") == ("0.175", "0.149")
    assert set(found) == {(data, arm) for data in ("conll", "shipped") for arm in ("ner", "xner")}
    alone = read_records(BENCHMARKS / "records/aggregation")["conll", "attention of 9"]
    assert summarise("conll", "attention of 9", alone)["macro_sd"] is None


def test_other_records_are_refused(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"`xner report` reads those of studies"):
        read_records(BENCHMARKS / "records/study/conll")
    with pytest.raises(XnerError, match=r"found no \.json files, expected records"):
        read_records(tmp_path)
