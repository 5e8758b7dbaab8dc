"""Files that benchmarks read: measuring data, and records of earlier programs."""

import gzip
from pathlib import Path

import pytest
from alignment import read_gold, score
from common import Tagged, find_data, read_iob, read_pairs
from conll_corpora import main as make_conll_corpora
from old_records import read_records, summarise
from wikineural_corpora import ENCYCLOPAEDIA
from wikineural_corpora import main as make_wikineural_corpora

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import load_docs
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


def test_real_unlabelled_text_for_studies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many sentences as held-back ones were translated; no empty line, no marker, and no development sentence."""
    monkeypatch.setenv("XNER_DATA", str(tmp_path))
    (tmp_path / "conll/deepl").mkdir(parents=True)
    english = "".join(f"Ada\tB-PER\nsings\tO\n{number}\tO\n\n" for number in range(6))
    dev = "Ada\tB-PER\nsingt\tO\nheute\tO\nin\tO\nKiel\tB-LOC\n\n"
    for name, text in (("en.train", english), ("en.dev", english)):
        write(tmp_path / f"conll/{name}.iob.gz", text)
    for lang in ("de", "es", "nl"):
        write(tmp_path / f"conll/{lang}.dev.iob.gz", dev)
        write(tmp_path / f"conll/deepl/{lang}.train.txt.gz", "x y z\n" * 6)
        for peer in ("awesome", "simalign"):
            write(tmp_path / f"conll/deepl/{lang}.train.{peer}.iob.gz", english)
        real = "-DOCSTART- eins zwei .\n\nAda singt heute in Kiel\n" + "".join(f"drei {i}\n" for i in range(4))
        write(tmp_path / f"conll/{lang}.unlabeled.txt.gz", real)
    make_conll_corpora(tmp_path / "out", 1500, None)
    assert "1 of 6 unlabelled sentences are development sentences: left out" in capsys.readouterr().out
    docs = load_docs(tmp_path / "out/unlabelled/nl.spacy")
    assert len(docs) == 3
    assert {meta_of(doc)["lang"] for doc in docs} == {"nl"}
    assert not any(doc.has_annotation("ENT_IOB") for doc in docs)
    make_conll_corpora(tmp_path / "out", 1500, 100)
    assert "5 unlabelled sentences are left, fewer than 100: all are written" in capsys.readouterr().out
    every = {meta_of(doc)["id"]: doc.text for doc in load_docs(tmp_path / "out/unlabelled/nl.spacy")}
    assert every.pop("nl.unlabeled.txt.gz:1") == "eins zwei ."
    assert every == {f"nl.unlabeled.txt.gz:{i + 4}": f"drei {i}" for i in range(4)}
    assert {doc.text for doc in docs} <= {"eins zwei .", *every.values()}


def test_second_test_of_the_shipped_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without data an empty folder, on which the next step of the project can depend; later the first sentences."""
    monkeypatch.setenv("XNER_DATA", str(tmp_path))
    make_wikineural_corpora(tmp_path / "out", 1)
    assert "Skipped: this reads wikineural/" in capsys.readouterr().out
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "wikineural").mkdir()
    for lang in ENCYCLOPAEDIA:
        write(tmp_path / f"wikineural/{lang}.dev.iob.gz", "Ada\tB-PER\n\nParis\tB-LOC\n\n")
    make_wikineural_corpora(tmp_path / "out", 1)
    found = {path.stem: [doc.text for doc in load_docs(path)] for path in (tmp_path / "out").iterdir()}
    assert found == {lang: ["Ada"] for lang in ENCYCLOPAEDIA}


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
