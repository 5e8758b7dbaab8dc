"""`xner layers`, `xner evaluate` and `xner predict --examples` on a small trained pipeline."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly

from spacy_xner.aggregation.layer_attention import attention_weights
from spacy_xner.aggregation.weights import find_aggregators
from spacy_xner.annotations.examples import copy_tokens
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.encoders.outputs import layers_of
from spacy_xner.scoring.scores import evaluate_pipeline

from ..aggregation.util import make_config, make_pipeline, train
from ..conftest import TINY_LAYERS
from .util import failing, misused, ok


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
    title, header, *rows, note = ok("layers", tiny_pipeline).strip().splitlines()
    (found,) = json.loads(ok("layers", tiny_pipeline, "--json", "-"))
    assert (found["aggregator"], found["layers"]) == ("weighted_concat", list(range(TINY_LAYERS + 1)))
    assert [f"{weight:.3f}" for weight in found["weights"]] == [row.split()[1] for row in rows]
    assert title.strip().split(": ")[1] == "weighted_concat"
    assert header.split() == ["layer", "weight", "projection"]
    assert note.startswith("projection: the norm of each layer's weighted projection")
    cells = [row.split() for row in rows]
    assert [cell[0] for cell in cells] == [str(i) for i in range(TINY_LAYERS + 1)]  # the embeddings are layer 0
    weights, projections = ([float(cell[i]) for cell in cells] for i in (1, 2))
    assert sum(weights) == pytest.approx(1, abs=0.002)
    assert len(set(weights)) > 1, "the weights did not move in training"
    assert sum(projections) == pytest.approx(1, abs=0.002)
    (aggregator,) = find_aggregators(spacy.load(tiny_pipeline).components[-1][1].model)  # type: ignore[attr-defined]
    matrices = np.asarray(aggregator.get_param("W"))
    norms = [np.linalg.norm(matrices[:, i]) * weight for i, weight in enumerate(weights)]
    assert projections == pytest.approx(list(np.array(norms) / sum(norms)), abs=0.003)
    assert {character for cell in cells for character in cell[3]} == {"█"}
    assert [len(cell[3]) for cell in cells] == pytest.approx(
        [40 * weight / max(weights) for weight in weights], abs=0.7
    )


def make_layers_pipeline(tiny_encoder: Path, folder: Path, aggregator: str, **options: Any) -> Path:
    """A pipeline with another aggregator, trained for some steps."""
    overrides = {f"components.ner.model.tok2vec.aggregator.{key}": value for key, value in options.items()}
    nlp = make_pipeline(make_config(tiny_encoder, f"spacy_xner.{aggregator}.v1", **overrides))
    train(nlp, steps=4)
    nlp.to_disk(folder)
    return folder


def test_layers_of_chosen_ones(tiny_encoder: Path, tmp_path: Path) -> None:
    """Layers have the encoder's own numbers, though two of them were named from the end."""
    options = {"layers": [-1, 0, -2], "residual": True}
    pipeline = make_layers_pipeline(tiny_encoder, tmp_path / "mix", "ScalarMix", **options)
    lines = ok("layers", pipeline).strip().splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["0", "2", "3"]
    assert lines[5] == "Added to layer 3 as it is."
    assert re.fullmatch(r"The sum is multiplied by -?0\.0\d+\.", lines[6])


def test_one_layer(tiny_encoder: Path, tmp_path: Path) -> None:
    pipeline = make_layers_pipeline(tiny_encoder, tmp_path / "one", "LastLayer", layers=[2])
    title, _, row, note, *_ = ok("layers", pipeline, "--plot", tmp_path / "one.svg").strip().splitlines()
    assert (title.strip(), row.split()[:2]) == ("ner: last_layer", ["2", "1.000"])
    assert note == "It reads layer 2 alone: no weights are learned."
    assert "one layer" in (tmp_path / "one.svg").read_text(encoding="utf8")


@pytest.fixture(scope="module")
def attentive(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipelines") / "attention"
    return make_layers_pipeline(tiny_encoder, folder, "LayerAttention", layers=[1, 2, 3])


def test_layers_of_attention(attentive: Path, tmp_path: Path) -> None:
    """The mean over the word pieces of the texts that are given, and what the texts are."""
    path = tmp_path / "texts.txt"
    path.write_text("Angela Merkel visited [Paris](LOC) .\n\nBerlin\n", encoding="utf8")
    read, empty, title, header, *rows, note, logits, texts = ok("layers", attentive, "--texts", path).splitlines()
    assert read == f"{path}: marked-up text: 2 lines, 1 entities (LOC)"
    assert empty == f"1 empty lines left out (first: {path}:2)"
    assert (title.strip(), header.split()) == ("ner: layer_attention", ["layer", "weight", "±"])
    assert [row.split()[0] for row in rows] == ["1", "2"]  # layer 3 asks
    assert texts.replace("\n", "") == f"Texts: {path}."
    assert logits.startswith("By the logits alone, for all texts: 0.")

    nlp = spacy.load(attentive)
    (aggregator,) = find_aggregators(nlp.get_pipe("ner").model)  # type: ignore[attr-defined]
    found = []
    for text in ("Angela Merkel visited Paris .", "Berlin"):
        data = nlp(text)._.trf_data
        every: Any = layers_of(data)  # thinc's array types are not numpy's
        assert every is not None
        found.append(attention_weights(aggregator, [x.reshape(-1, x.shape[-1])[data.align.dataXd] for x in every[1:]]))
    weights = np.concatenate(found)
    assert f"layer 3 over {len(weights)} word pieces" in note
    assert [float(row.split()[1]) for row in rows] == pytest.approx(list(weights.mean(axis=0)), abs=0.001)
    assert [float(row.split()[2]) for row in rows] == pytest.approx(list(weights.std(axis=0)), abs=0.001)


def test_layers_of_attention_over_examples(attentive: Path, tiny_corpus: Path) -> None:
    assert "Texts: 8 example sentences in as many languages." in ok("layers", attentive)
    assert "Texts: the first 2 of " in ok("layers", attentive, "--texts", tiny_corpus, "--limit", "2")


def test_texts_without_text(attentive: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    assert "found no text, expected a corpus" in failing("layers", attentive, "--texts", tmp_path / "empty.txt")


@pytest.mark.parametrize("ending", ["png", "SVG", "pdf"])
def test_layers_plot(tiny_pipeline: Path, attentive: Path, tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    for name, pipeline in (("concat", tiny_pipeline), ("attention", attentive)):
        path = tmp_path / f"new/{name}.{ending}"
        assert "Wrote" in ok("layers", pipeline, "--plot", path)
        start = {"png": b"\x89PNG", "SVG": b"<?xml", "pdf": b"%PDF"}[ending]
        content = path.read_bytes()
        assert content.startswith(start)
        if ending == "SVG":  # texts stay texts
            assert (b"share of projection" in content) == (name == "concat")
            assert (b"mean attention" in content) == (b"query" in content) == (name == "attention")


def test_layers_plot_of_another_kind(tmp_path: Path) -> None:
    """Found before the pipeline is loaded."""
    message = misused("layers", "xx_nowhere", "--plot", tmp_path / "layers.xyz")
    assert "layers.xyz has no picture format, expected a name that ends in one of .png, .svg, .pdf" in message


def test_layers_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = failing("layers", "xx_nowhere", "--plot", tmp_path / "layers.png")
    assert "matplotlib, which is not installed. Install it with: pip install 'spacy-xner[plot]'" in message


def test_layers_of_a_pipeline_without_weights(without_weights: Path) -> None:
    message = failing("layers", without_weights)
    assert "no component has an aggregator of layers" in message
    assert "spacy_xner.LayerAggregationListener.v1" in message


@pytest.mark.parametrize("command", [["layers"], ["evaluate"], ["predict"]], ids=" ".join)
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
    printed = json.loads(ok("evaluate", tiny_pipeline, tiny_corpus, "--output", "-", "--batch-size", "2"))
    assert printed["macro_f"] == pytest.approx(scores["macro_f"])


def test_evaluate_is_what_the_library_says(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """One file in place of the folder, and another source language."""
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


def test_evaluate_without_unlabelled_texts(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """They are an error, or left out and counted: the scores are those of the others."""
    docs = load_docs(tiny_corpus / "de.spacy")
    unlabelled = [copy_tokens(doc, doc.vocab) for doc in docs[:2]]
    for number, doc in enumerate(unlabelled):
        doc._.xner_meta = {"id": f"new-{number}", "lang": "de"}
    write_docs(tmp_path / "mixed.spacy", [docs[0], *unlabelled, *docs[1:]])
    assert "`xner evaluate --skip-unlabelled`" in failing("evaluate", tiny_pipeline, tmp_path / "mixed.spacy")
    out = ok("evaluate", tiny_pipeline, tmp_path / "mixed.spacy", "--skip-unlabelled", "-o", tmp_path / "scores.json")
    assert f"2 texts without labels left out (first: {tmp_path / 'mixed.spacy'}:2)" in out.replace("\n", "")
    (expected,) = evaluate_pipeline(spacy.load(tiny_pipeline), docs)["languages"].values()
    (found,) = json.loads((tmp_path / "scores.json").read_text())["languages"].values()
    assert (found["docs"], found["f"]) == (4, pytest.approx(expected["f"]))
    write_docs(tmp_path / "none.spacy", unlabelled)
    command = ["evaluate", tiny_pipeline, tmp_path / "none.spacy", "--skip-unlabelled", "--quiet"]
    assert "no docs to evaluate on" in failing(*command)


def docs_without_meta(path: Path) -> Path:
    from spacy.tokens import DocBin

    DocBin(docs=[spacy.blank("xx")("Ada sings.")]).to_disk(path)
    return path


def test_scores_that_are_there_are_printed_as_evaluate_prints_them(
    tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    scores, baseline = tmp_path / "scores.json", tmp_path / "baseline.json"
    ok("evaluate", tiny_pipeline, tiny_corpus / "de.spacy", "--output", baseline)
    printed = ok("evaluate", tiny_pipeline, tiny_corpus, "--output", scores, "--baseline", baseline)
    assert "mean of targets" in printed
    assert ok("evaluate", "--scores", scores, "--baseline", baseline) == printed
    fitted = {"temperature": 1.25, "entities": 9, "ece_before": 0.2, "ece_after": 0.1}
    srsly.write_json(scores, srsly.read_json(scores) | {"calibration": fitted})
    assert "Temperature 1.25, fitted on 9 entities" in ok("evaluate", "--scores", scores)
    assert "expected --scores, and --baseline, alone" in misused("evaluate", tiny_pipeline, "--scores", scores)
    assert "Expected a pipeline and labelled files" in misused("evaluate", tiny_pipeline)
    assert "no scores to read" in failing("evaluate", "--scores", tmp_path / "nowhere.json")


def test_examples(tiny_pipeline: Path, tiny_corpus: Path) -> None:
    """A sentence of each language with the entities that are found, and nothing else."""
    out = ok("predict", tiny_pipeline, tiny_corpus, "--examples")
    assert [line[:4] for line in out.splitlines()] == ["de  ", "en  "]
    nlp = spacy.load(tiny_pipeline)
    for line, verb in zip(out.splitlines(), ("besuchte", "visited"), strict=True):
        found = re.findall(r"\[([^]]+)\]\((\w+)\)", line)
        text = re.sub(r"\[([^]]+)\]\(\w+\)", r"\1", line)[4:]
        assert text == f"Angela Merkel {verb} Paris , London and Berlin ."
        assert found == [(ent.text, ent.label_) for ent in nlp(text).ents] != []


def test_examples_without_entities(without_weights: Path, tiny_corpus: Path) -> None:
    out = ok("predict", without_weights, tiny_corpus / "en.spacy", "--examples")
    assert out == "en  Angela Merkel visited Paris , London and Berlin .\n"


def test_names_with_brackets_are_printed_as_they_are(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """Paths such as scores[de].json look like rich's markup."""
    pipeline, corpus = tmp_path / "model[de]", tmp_path / "test[de].spacy"
    pipeline.symlink_to(tiny_pipeline)
    corpus.symlink_to(tiny_corpus / "de.spacy")
    scores, plot = tmp_path / "scores[/red].json", tmp_path / "plot[de].svg"
    assert "model[de]" in "".join(ok("evaluate", pipeline, corpus, "--output", scores).split())
    assert "model[de]" in "".join(ok("evaluate", "--scores", scores).split())
    (tmp_path / "text[de].txt").write_text("Paris\n")
    out = ok("layers", pipeline, "--plot", plot, "--texts", tmp_path / "text[de].txt")
    assert f"Wrote {plot}" in "".join(out.split("\n"))
    assert "none[de].json" in failing("evaluate", "--scores", tmp_path / "none[de].json")
