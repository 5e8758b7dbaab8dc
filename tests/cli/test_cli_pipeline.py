"""`xner layers`, `xner evaluate` and `xner show` on a small trained pipeline."""

import re
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly

from spacy_xner.evaluation.scores import evaluate_pipeline

from ..conftest import TINY_LAYERS
from .util import failing, ok


@pytest.fixture(scope="module")
def without_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that looks names up: it has no layers, and finds Nairobi only."""
    path = tmp_path_factory.mktemp("pipelines") / "rules"
    nlp = spacy.blank("xx")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "LOC", "pattern": "Nairobi"}])
    nlp.to_disk(path)
    return path


def test_layers(tiny_pipeline: Path) -> None:
    title, header, *rows = ok("layers", tiny_pipeline).strip().splitlines()
    assert (title.strip(), header.split()) == ("ner: weighted_concat", ["layer", "weight"])
    cells = [row.split() for row in rows]
    assert [layer for layer, _, _ in cells] == [str(i) for i in range(TINY_LAYERS + 1)]  # the embeddings are layer 0
    weights = [float(weight) for _, weight, _ in cells]
    assert sum(weights) == pytest.approx(1, abs=0.002)
    assert len(set(weights)) > 1, "the weights did not move in training"
    assert {character for _, _, bar in cells for character in bar} == {"█"}
    assert [len(bar) for _, _, bar in cells] == pytest.approx(
        [40 * weight / max(weights) for weight in weights], abs=0.7
    )


def test_layers_of_a_pipeline_without_weights(without_weights: Path) -> None:
    message = failing("layers", without_weights)
    assert "no component has layer weights" in message
    assert "spacy_xner.LayerAggregationListener.v1" in message


@pytest.mark.parametrize("command", [["layers"], ["evaluate"], ["show"]], ids=" ".join)
def test_no_such_pipeline(command: list[str], tmp_path: Path, tiny_corpus: Path) -> None:
    files = [] if command == ["layers"] else [tiny_corpus]
    assert "no installed package or folder of that name" in failing(*command, "xx_nowhere", *files)
    assert "this folder holds no pipeline" in failing(*command, tmp_path, *files)


def test_evaluate(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    out = ok("evaluate", tiny_pipeline, tiny_corpus, "--output", tmp_path / "new/scores.json")
    scores = srsly.read_json(tmp_path / "new/scores.json")
    assert scores["pipeline"] == str(tiny_pipeline)
    assert (scores["source"], scores["targets"]) == ("en", ["de"])
    en, de = scores["languages"]["en"], scores["languages"]["de"]
    assert [(row["docs"], row["entities"]) for row in (en, de)] == [(4, 8), (4, 8)]
    assert scores["macro_f"] == de["f"]
    assert 0 < en["f"] < 1  # it knows some of the names
    assert f"{100 * en['f']:.1f}" in out
    assert "mean of targets" in out
    assert "zero-shot" not in out


def test_evaluate_is_what_the_library_says(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """One file in place of the folder, and another source language."""
    from spacy_xner.corpus.docs import load_docs

    path = tmp_path / "scores.json"
    ok("evaluate", tiny_pipeline, tiny_corpus / "de.spacy", "--source", "de", "-o", path)
    scores = evaluate_pipeline(spacy.load(tiny_pipeline), load_docs(tiny_corpus / "de.spacy"), source="de")
    found = srsly.read_json(path)
    assert (found["targets"], found["macro_f"]) == ([], None)
    assert found["languages"]["de"]["f"] == pytest.approx(scores["languages"]["de"]["f"])


def test_compare_with_a_baseline(tiny_pipeline: Path, without_weights: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    ok("evaluate", without_weights, tiny_corpus, "--output", old)
    out = ok("evaluate", tiny_pipeline, tiny_corpus, "--output", new, "--baseline", old)
    before, after = srsly.read_json(old)["macro_f"], srsly.read_json(new)["macro_f"]
    assert before == pytest.approx(2 / (1 + 8))  # one of eight names
    last = next(line for line in out.splitlines() if "mean of targets" in line)
    assert last.split("│")[-3:-1] == [f"{100 * before:.1f}".rjust(13) + " ", f" {100 * (after - before):+.1f} "]


def test_evaluate_stops_before_long_work(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """A baseline that is no JSON, and files that are not there, are found before the pipeline is loaded."""
    (tmp_path / "broken.json").write_text("{")
    for wrong in ("broken.json", "nowhere.json"):
        message = failing("evaluate", "xx_nowhere", tiny_corpus, "--baseline", tmp_path / wrong)
        assert f"{wrong}: no scores to read" in message
    assert "found no .spacy file there" in failing("evaluate", "xx_nowhere", tmp_path)
    assert "no id and language" in failing("evaluate", tiny_pipeline, docs_without_meta(tmp_path / "plain.spacy"))


def docs_without_meta(path: Path) -> Path:
    from spacy.tokens import DocBin

    DocBin(docs=[spacy.blank("xx")("Ada sings.")]).to_disk(path)
    return path


def test_show(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """The scores, then a sentence of each language with the entities that are found."""
    path = tmp_path / "scores.json"
    ok("evaluate", tiny_pipeline, tiny_corpus, "--output", path)
    out = ok("show", tiny_pipeline, tiny_corpus, "--scores", path, "--baseline", path)
    assert out.index("mean of targets") < out.index("\nde  ") < out.index("\nen  ")
    nlp = spacy.load(tiny_pipeline)
    for lang, verb in (("de", "besuchte"), ("en", "visited")):
        line = next(line for line in out.splitlines() if line.startswith(f"{lang}  "))
        found = re.findall(r"\[([^]]+)\]\((\w+)\)", line)
        text = re.sub(r"\[([^]]+)\]\(\w+\)", r"\1", line).removeprefix(f"{lang}  ")
        assert text == f"Angela Merkel {verb} Paris , London and Berlin ."
        assert found == [(ent.text, ent.label_) for ent in nlp(text).ents] != []


def test_show_without_scores(without_weights: Path, tiny_corpus: Path) -> None:
    out = ok("show", without_weights, tiny_corpus / "en.spacy")
    assert out == "en  Angela Merkel visited Paris , London and Berlin .\n"
