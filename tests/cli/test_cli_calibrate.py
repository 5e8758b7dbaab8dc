"""`xner calibrate`, and what `xner evaluate` says of a calibrated pipeline."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly

from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs

from ..ner.util import small_pipeline
from .util import failing, ok


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipelines") / "small"
    small_pipeline(100).to_disk(folder)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names that the pipeline knows, in English with the right labels and in German with the wrong ones."""
    room = tmp_path_factory.mktemp("corpora")
    for lang, text in (
        ("en", "[Berlin](LOC)\n[Angela Merkel](PER) visited [Paris](LOC) .\n"),
        ("de", "[Berlin](PER)\n"),
    ):
        (room / f"{lang}.txt").write_text(text, encoding="utf8")
        write_docs(room / f"docs/{lang}.spacy", convert_files([room / f"{lang}.txt"], lang, Counter()))
    return room / "docs"


def test_calibrate_and_evaluate(pipeline: Path, corpus: Path, tmp_path: Path) -> None:
    out = ok("calibrate", pipeline, corpus, "--output", tmp_path / "new", "--json", tmp_path / "fit.json")
    found = re.search(r"Temperature (\d+\.\d+), fitted on 4 entities .* (\d\.\d+) before, (\d\.\d+) after", out)
    assert found
    printed = [float(number) for number in found.groups()]
    assert printed[0] > 1
    old, new = spacy.load(pipeline), spacy.load(tmp_path / "new")
    assert new("Berlin").ents[0]._.confidence < old("Berlin").ents[0]._.confidence

    out = ok("evaluate", tmp_path / "new", corpus, "--output", tmp_path / "scores.json")
    assert "Temperature" in out
    scores = srsly.read_json(tmp_path / "scores.json")
    kept = scores["calibration"]
    assert kept == srsly.read_json(tmp_path / "fit.json")
    assert printed == pytest.approx([kept["temperature"], kept["ece_before"], kept["ece_after"]], abs=0.005)
    german = scores["languages"]["de"]
    assert german["ece"] == pytest.approx(new("Berlin").ents[0]._.confidence, abs=1e-5)  # its one entity is wrong
    assert german["ece_uncalibrated"] == pytest.approx(old("Berlin").ents[0]._.confidence, abs=1e-5)
    assert scores["ece"] == german["ece"]  # over the targets
    row = next(line for line in out.splitlines() if line.startswith("│ de "))
    assert f"{german['ece_uncalibrated']:.3f} │ {german['ece']:.3f}" in row


def test_a_pipeline_without_scores(corpus: Path, tmp_path: Path) -> None:
    nlp = spacy.blank("xx")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "LOC", "pattern": "Berlin"}])
    nlp.to_disk(tmp_path / "rules")
    message = failing("calibrate", tmp_path / "rules", corpus, "--output", tmp_path / "new")
    assert "no component of the factory `xner`; it has entity_ruler" in message
    assert not (tmp_path / "new").exists()
    assert "ECE" not in ok("evaluate", tmp_path / "rules", corpus)


def test_nothing_of_others_is_overwritten(pipeline: Path, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "holds something else than a pipeline" in failing("calibrate", pipeline, corpus, "-o", tmp_path)
    assert (tmp_path / "thesis.txt").exists()
    ok("calibrate", pipeline, corpus, "-o", tmp_path / "new")
    ok("calibrate", pipeline, corpus, "-o", tmp_path / "new")  # its own work may be replaced


def test_no_entities_to_calibrate_on(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("Nothing .\n")
    write_docs(tmp_path / "en.spacy", convert_files([tmp_path / "en.txt"], "en", Counter(), empty=True))
    assert "there is no score to calibrate" in failing("calibrate", pipeline, tmp_path, "-o", tmp_path / "new")
