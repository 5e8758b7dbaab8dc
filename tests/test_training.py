"""Training by configs/xner.cfg: gold and projected corpora in, a pipeline that loads and can be evaluated out."""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import spacy
import srsly
from safetensors.torch import load_file
from spacy.cli.debug_config import debug_config
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_xner.aggregation.weights import find_aggregators, softmax_weights
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.annotations.entities import set_scored_entities
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs, with_step, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.machine import describe_machine
from spacy_xner.pipelines import name_of
from spacy_xner.scoring.scores import evaluate_pipeline

from .conftest import TINY_LAYERS

ROOT = Path(__file__).parents[1]
AGGREGATOR = "components.xner.model.tok2vec.aggregator.@architectures"
CONFIG = ROOT / "configs/xner.cfg"
WEIGHTED, LAST = AGGREGATORS = ["spacy_xner.WeightedConcat.v1", "spacy_xner.LastLayer.v1"]


class Trained(NamedTuple):
    """A pipeline, loaded from the folder where training left it."""

    folder: Path
    aggregator: str
    nlp: Language


def sentences(lang: str, n: int) -> list[Doc]:
    """The first development sentences of the corpus that the project ships."""
    return list(itertools.islice(convert_files([ROOT / f"corpus/{lang}/dev.txt"], lang, Counter()), n))


def as_projected(doc: Doc) -> Doc:
    """A doc as `xner project` leaves it, with scores; its miscellaneous names have a label of their own."""
    spans = [Span(doc, ent.start, ent.end, "OTHER" if ent.label_ == "MISC" else ent.label_) for ent in doc.ents]
    set_scored_entities(doc, spans, [0.9] * len(spans))
    doc._.xner_meta = with_step(meta_of(doc), {"step": "project", "aligner": {"name": "none"}}, score=0.9)
    return doc


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("corpora")
    write_docs(room / "gold/en.spacy", sentences("en", 24))
    write_docs(room / "projected/de.spacy", map(as_projected, sentences("de", 12)))
    return room


@pytest.fixture(scope="module")
def settings(corpora: Path, tiny_encoder: Path) -> dict[str, Any]:
    """What the command line sets: paths as in project.yml, and few steps."""
    return {
        "paths.encoder": str(tiny_encoder),
        "paths.train": [str(corpora / "gold/en.spacy"), str(corpora / "projected")],
        "paths.dev": str(corpora / "gold/en.spacy"),
        "training.max_steps": 4,
        "training.eval_frequency": 2,
    }


@pytest.fixture(scope="module", params=AGGREGATORS)
def trained(
    request: pytest.FixtureRequest, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    output = tmp_path_factory.mktemp("training")
    train(CONFIG, output, overrides={**settings, AGGREGATOR: request.param})
    return Trained(output / "model-last", request.param, spacy.load(output / "model-last"))


def test_it_scores_as_it_did_in_training(trained: Trained, corpora: Path) -> None:
    """Loaded again, the pipeline finds what the last line of the training log counted."""
    scores = evaluate_pipeline(trained.nlp, load_docs(corpora / "gold/en.spacy"))["languages"]["en"]
    performance = srsly.read_json(trained.folder / "meta.json")["performance"]
    assert [performance[f"ents_{key}"] for key in "prf"] == pytest.approx([scores[key] for key in "prf"])
    for label, row in performance["ents_per_type"].items():
        assert row["f"] == pytest.approx(scores["labels"][label]["f"])
    assert (scores["docs"], (trained.folder.parent / "model-best/meta.json").is_file()) == (24, True)


def test_it_learned_from_gold_and_projected_docs(trained: Trained) -> None:
    recogniser: Any = trained.nlp.get_pipe("xner")
    assert set(recogniser.labels) == {"PER", "ORG", "LOC", "MISC", "OTHER"}


def test_it_records_its_training(trained: Trained) -> None:
    """Steps of the pipeline that was saved, time, machine, versions, and what it learned from."""
    last = srsly.read_json(trained.folder / "meta.json")["xner_training"]
    best = srsly.read_json(trained.folder.parent / "model-best/meta.json")["xner_training"]
    assert last["steps"] == 4
    assert best["steps"] in (0, 2, 4)  # where it is evaluated, and so saved
    assert 0 <= best["seconds"] <= last["seconds"] < 600
    assert last["machine"] == describe_machine()
    assert last["versions"]["spacy"] == spacy.__version__
    assert [(row["lang"], row["labels"], row["docs"]) for row in last["data"]] == [
        ("en", "given", 24),
        ("de", "projected", 12),
    ]
    entities = [sum(len(doc.ents) for doc in sentences(lang, n)) for lang, n in (("en", 24), ("de", 12))]
    assert [row["entities"] for row in last["data"]] == entities
    assert "start" not in last


def test_the_aggregator_is_the_one_that_was_asked_for(trained: Trained) -> None:
    listener = trained.nlp.config.interpolate()["components"]["xner"]["model"]["tok2vec"]
    assert listener["aggregator"]["@architectures"] == trained.aggregator
    recogniser: Any = trained.nlp.get_pipe("xner")
    weights = [softmax_weights(aggregator) for aggregator in find_aggregators(recogniser.model)]
    assert len(weights) == (trained.aggregator == WEIGHTED)
    for found in weights:
        assert found.shape == (TINY_LAYERS + 1,)
        assert np.ptp(found) > 1e-5, "the weights did not move"


def test_the_encoder_learns_and_its_word_embeddings_do_not(trained: Trained, tiny_encoder: Path) -> None:
    transformer: Any = trained.nlp.get_pipe("transformer")
    before, after = load_file(tiny_encoder / "model.safetensors"), transformer.model.transformer.state_dict()
    assert after["embeddings.word_embeddings.weight"].equal(before["embeddings.word_embeddings.weight"])
    for layer in range(TINY_LAYERS):
        name = f"encoder.layer.{layer}.output.dense.weight"
        assert not after[name].equal(before[name]), name


def test_the_same_seed_gives_the_same_pipeline(trained: Trained, settings: dict[str, Any], tmp_path: Path) -> None:
    train(CONFIG, tmp_path, overrides={**settings, AGGREGATOR: trained.aggregator})
    for part in ("xner/model", "transformer/model"):
        assert (tmp_path / "model-last" / part).read_bytes() == (trained.folder / part).read_bytes(), part


@pytest.mark.parametrize("aggregator", AGGREGATORS)
def test_debug_config(aggregator: str, settings: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """`spacy debug config` finds nothing wrong, and would say so if there were."""
    debug_config(CONFIG, overrides={**settings, AGGREGATOR: aggregator})
    assert "Config is valid" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        debug_config(CONFIG, overrides={**settings, AGGREGATOR: aggregator, "training.patience": "much"})
    assert "patience" in capsys.readouterr().out


def encoder_weights(folder: Path) -> dict[str, np.ndarray]:
    """The weights of a pipeline's encoder, by name."""
    model: Any = spacy.load(folder).get_pipe("transformer")
    return {name: value.numpy() for name, value in model.model.transformer.state_dict().items()}


def test_a_student_starts_from_its_teacher(trained: Trained, settings: dict[str, Any], tmp_path: Path) -> None:
    """Without a step, it is the teacher; the corpus that is left out is an empty text."""
    if trained.aggregator != WEIGHTED:
        pytest.skip("once is enough")
    start = {**settings, "paths.start": str(trained.folder), "paths.train": [*settings["paths.train"], ""]}
    still = {"training.optimizer.learn_rate": 0.0, "training.max_steps": 1, "training.eval_frequency": 1}
    train(CONFIG, tmp_path / "same", overrides={**start, **still})
    before, after = encoder_weights(trained.folder), encoder_weights(tmp_path / "same/model-last")
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=1e-6, err_msg=name)
    student, teacher = spacy.load(tmp_path / "same/model-last"), srsly.read_json(trained.folder / "meta.json")
    assert student.config["paths"]["start"] == str(trained.folder)
    record = student.meta["xner_training"]
    assert record["steps"] == 1
    assert record["start"] == {"name": name_of(trained.nlp), "training": teacher["xner_training"]}

    train(CONFIG, tmp_path / "student", overrides=start)
    assert any(
        not np.array_equal(value, before[n]) for n, value in encoder_weights(tmp_path / "student/model-last").items()
    )
    train(CONFIG, tmp_path / "none", overrides={**settings, "paths.start": "", **still})


@pytest.mark.parametrize("n_frozen", [1, 2])
def test_frozen_layers(settings: dict[str, Any], tiny_encoder: Path, tmp_path: Path, n_frozen: int) -> None:
    frozen = {"components.transformer.model.freeze_layers": n_frozen}
    train(CONFIG, tmp_path, overrides={**settings, **frozen})
    before, after = load_file(tiny_encoder / "model.safetensors"), encoder_weights(tmp_path / "model-last")
    changed = {
        name for name, value in after.items() if name in before and not np.array_equal(value, before[name].numpy())
    }
    layers = {int(name.split(".")[2]) for name in changed if name.startswith("encoder.layer")}
    assert layers == set(range(n_frozen, TINY_LAYERS))
    assert not any(name.startswith("embeddings") for name in changed)


def test_too_many_frozen_layers(settings: dict[str, Any], tmp_path: Path) -> None:
    for number, message in ((TINY_LAYERS, "expected fewer"), (-1, "from 0")):
        frozen = {"components.transformer.model.freeze_layers": number}
        with pytest.raises(XnerError, match=message):
            train(CONFIG, tmp_path, overrides={**settings, **frozen})
