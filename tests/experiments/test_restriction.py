"""Records of a part of the test sentences or labels: counts by hand, and the options of `xner report`."""

import json
from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.experiments.restriction import sentences_from, without_labels
from spacy_xner.reporting.report import make_report

from ..cli.util import misused, ok
from .records_util import counted, record, simulated, study_of

FEW = ("--resamples", "100", "--permutations", "100")


def test_by_hand() -> None:
    """Sentence 3 has the text of sentence 0; 5 has that of 4."""
    sentences = {
        "de": {"n": 6, "repeats": [[3, 0], [5, 4]], "labels": {"PER": [[i, 1, i % 2, 0] for i in range(6)], "ORG": []}}
    }
    study = sentences_from(study_of(record("a", 0, sentences, examples=[])), 2)
    assert study.runs[0].sentences == {
        "de": {"n": 3, "repeats": [[2, 1]], "labels": {"PER": [[0, 1, 0, 0], [1, 1, 0, 0], [2, 1, 1, 0]], "ORG": []}}
    }
    assert "examples" not in study.runs[0].data
    sizes = make_report(study, resamples=100, permutations=100).sizes
    assert sizes == (
        "Scored on de 3 sentences (2 different ones) with 3 entities, those from number 2 on whose text does not occur "
        "before."
    )


def test_languages_without_entities_are_named() -> None:
    sentences = counted({"de": {"PER": [[0, 1, 0, 0]]}, "es": {"PER": [[0, 0, 1, 0]]}}, 2)
    assert make_report(study_of(record("a", 0, sentences)), resamples=100, permutations=100).sizes == (
        "Scored on de 2 sentences with 1 entities and es 2 sentences with 0 entities. Without entities, and so not in "
        "the mean: es."
    )


def test_all_sentences() -> None:
    study = study_of(simulated("a", 0, 0.5, n=10))
    found, whole = (each.runs[0].sentences for each in (sentences_from(study, 0), study))
    assert found == {lang: {**whole[lang], "repeats": []} for lang in whole}


def test_no_sentence_is_left() -> None:
    study = study_of(record("a", 0, counted({"de": {"PER": [[0, 1, 0, 0]]}}, 3)))
    with pytest.raises(XnerError, match="There is no test sentence 3 in de, expected a number from 0 to 2"):
        sentences_from(study, 3)


def test_option(tmp_path: Path) -> None:
    for arm, quality in {"a": 0.5, "b": 0.8}.items():
        (tmp_path / f"{arm}-0.json").write_text(json.dumps(simulated(arm, 0, quality, n=20)))
    page, figures = tmp_path / "out/report.html", tmp_path / "out/figures.json"
    ok("report", tmp_path, "-o", page, "--json", figures, "--from-sentence", "12", *FEW)
    assert "de 8 sentences with" in page.read_text(encoding="utf8")
    study = study_of(*(simulated(arm, 0, q, n=20) for arm, q in {"a": 0.5, "b": 0.8}.items()))
    expected = make_report(sentences_from(study, 12), resamples=100, permutations=100).figures()
    assert json.loads(figures.read_text())["figures"] == expected
    message = misused("report", tmp_path, "-o", page, "--study", tmp_path / "s.json", "--from-sentence", "12", *FEW)
    assert "--study writes whole records" in message


def test_without_labels_by_hand() -> None:
    """F1 of PER alone: 1 right, 1 wrong. MISC has 3 that are not found."""
    sentences = counted({"de": {"PER": [[0, 1, 1, 0]], "MISC": [[0, 0, 0, 3]]}}, 2)
    study = study_of(record("a", 0, sentences, examples=[]))
    found = without_labels(study, ["MISC"])
    assert found.runs[0].sentences["de"]["labels"] == {"PER": [[0, 1, 1, 0]]}
    assert "examples" not in found.runs[0].data
    made = make_report(found, resamples=100, permutations=100)
    assert made.sizes == "Scored on de 2 sentences with 1 entities, without entities of MISC."
    assert made.figures()["f1_a"] == pytest.approx(100 * 2 / 3, abs=1e-3)
    assert make_report(study, resamples=100, permutations=100).figures()["f1_a"] == pytest.approx(100 * 2 / 6, abs=1e-3)


def test_labels_that_are_not_there() -> None:
    study = study_of(record("a", 0, counted({"de": {"PER": [[0, 1, 0, 0]]}}, 2)))
    with pytest.raises(XnerError, match="There are no entities of MISK, expected labels of PER"):
        without_labels(study, ["MISK"])
    with pytest.raises(XnerError, match="No label is left without PER"):
        without_labels(study, ["PER"])


def test_option_without_label(tmp_path: Path) -> None:
    runs = [simulated(arm, 0, quality, n=20) for arm, quality in {"a": 0.5, "b": 0.8}.items()]
    for run in runs:
        (tmp_path / f"{run['arm']}-0.json").write_text(json.dumps(run))
    label = next(iter(runs[0]["sentences"]["de"]["labels"]))
    figures = tmp_path / "out/figures.json"
    ok("report", tmp_path, "-o", tmp_path / "out/r.html", "--json", figures, "--without-label", label, *FEW)
    expected = make_report(without_labels(study_of(*runs), [label]), resamples=100, permutations=100).figures()
    assert json.loads(figures.read_text())["figures"] == expected
