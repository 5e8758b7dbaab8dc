"""`spacy train` with a recogniser: what is saved, what a saved config can change, the threshold, frozen components."""

from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import load_config

from ..aggregation.util import TEXTS
from .util import entities_of, examples_of

CONFIG = """
[paths]
data = null
log = null

[vars]
learn_rate = 0.02
threshold = 0.0

[system]
seed = 0

[nlp]
lang = "en"
pipeline = ["tok2vec","xner"]

[nlp.after_pipeline_creation]
@callbacks = "spacy_xner.InterpolateOptimizer.v2"

[components]

[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 16
depth = 1
embed_size = 100
window_size = 1
maxout_pieces = 2
subword_features = true

[components.xner]
factory = "xner"
threshold = ${vars.threshold}

[components.xner.model]
@architectures = "spacy_xner.TokenClassifier.v1"

[components.xner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 16
upstream = "*"

[corpora]

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${paths.data}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${paths.data}

[training]
seed = ${system.seed}
max_steps = 12
eval_frequency = 4
patience = 0
gpu_allocator = null
frozen_components = []
annotating_components = []

[training.before_to_disk]
@callbacks = "spacy_xner.FitTemperature.v1"
corpus = ${corpora.dev}

[training.optimizer]
@optimizers = "Adam.v1"

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 2
total_steps = ${training.max_steps}
initial_rate = ${vars.learn_rate}

[training.logger]
@loggers = "spacy.ConsoleLogger.v3"
progress_bar = null
output_file = ${paths.log}
"""

EARLIER = """
[initialize]

[initialize.before_init]
@callbacks = "spacy_xner.InterpolateOptimizer.v1"
"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("config")
    docs = [example.reference for example in examples_of(spacy.blank("en"))]
    DocBin(docs=docs).to_disk(room / "data.spacy")
    (room / "train.cfg").write_text(CONFIG, encoding="utf8")
    return room


def run(room: Path, name: str, config: Path | None = None, **overrides: Any) -> Path:
    """Train, and return the folder of the last pipeline; the log is beside it."""
    settings = {"paths.data": str(room / "data.spacy"), "paths.log": str(room / f"{name}.jsonl")}
    changed = {key.replace("__", "."): value for key, value in overrides.items()}
    train(config or room / "train.cfg", room / name, overrides={**settings, **changed})
    return room / name / "model-last"


@pytest.fixture(scope="module")
def first(room: Path) -> Path:
    return run(room, "first")


@pytest.fixture(scope="module")
def strict(room: Path) -> Path:
    """The same training with a threshold that few entities reach."""
    return run(room, "strict", vars__threshold=0.9)


def rates(nlp: Language, n: int) -> list[float]:
    """The learning rates of the first steps of a training that resumes."""
    optimizer: Any = nlp.resume_training()
    values = []
    for _ in range(n):
        values.append(float(optimizer.learn_rate))
        optimizer.step_schedules()
    return values


def test_a_saved_config_still_has_its_variables(first: Path) -> None:
    """As it is, and with other values: the schedule is the one of these values."""
    saved = load_config(first / "config.cfg")
    learn_rate = saved["training"]["optimizer"]["learn_rate"]
    assert (learn_rate["total_steps"], learn_rate["initial_rate"]) == ("${training.max_steps}", "${vars.learn_rate}")
    assert rates(spacy.load(first), 3) == pytest.approx([0, 0.01, 0.02])
    longer = spacy.load(first, config={"training.max_steps": 22, "vars.learn_rate": 0.2})
    assert rates(longer, 14)[12] == pytest.approx(0.2 * (22 - 12) / (22 - 2))


def test_training_again_from_a_saved_config(first: Path, room: Path) -> None:
    again = run(room, "again", first / "config.cfg", training__max_steps=20, vars__learn_rate=0.03)
    log = [row["step"] for row in srsly.read_jsonl(room / "again.jsonl")]
    assert log == [0, 4, 8, 12, 16, 20]
    assert rates(spacy.load(again), 12)[11] == pytest.approx(0.03 * (20 - 11) / (20 - 2))
    tagged = spacy.load(again)
    assert [entities_of(tagged(text)) for text, _ in TEXTS] != [[] for _ in TEXTS]


def test_a_config_of_an_earlier_version(room: Path) -> None:
    """With version 1 of the callback in [initialize]: the saved config has version 2."""
    block = '[nlp.after_pipeline_creation]\n@callbacks = "spacy_xner.InterpolateOptimizer.v2"\n'
    assert block in CONFIG
    earlier = CONFIG.replace(block, "") + block.replace("v2", "v1").replace(
        "nlp.after_pipeline_creation", "initialize.before_init"
    )
    (room / "earlier.cfg").write_text(earlier, encoding="utf8")
    trained = run(room, "earlier", room / "earlier.cfg", training__max_steps=4)
    assert rates(spacy.load(trained, config={"training.max_steps": 22}), 13)[12] == pytest.approx(0.02 * 10 / 20)


def test_initialised_without_an_optimizer(first: Path) -> None:
    """As `spacy debug data` does."""
    nlp = spacy.load(first)
    optimizer: Any = nlp.initialize(lambda: examples_of(nlp))
    assert "learn_rate" in optimizer.schedules


def scores_of(room: Path, name: str) -> list[tuple[float, float]]:
    rows = srsly.read_jsonl(room / f"{name}.jsonl")
    return [(row["scores"]["ents_p"], row["scores"]["ents_r"]) for row in rows]


def test_the_threshold_does_not_change_what_training_measures(room: Path, first: Path, strict: Path) -> None:
    """The temperature changes when a pipeline is saved: with it, scores before and after would not be comparable."""
    assert scores_of(room, "strict") == scores_of(room, "first")
    assert (strict / "xner/model").read_bytes() == (first / "xner/model").read_bytes()


def test_the_threshold_is_applied_when_the_pipeline_is_loaded(first: Path, strict: Path) -> None:
    every, sure = spacy.load(first), spacy.load(strict)
    recogniser: Any = sure.get_pipe("xner")
    assert (recogniser.threshold, recogniser.in_training) == (0.9, False)
    scores: list[float] = []
    for text, _ in TEXTS:
        doc = every(text)
        group = doc.spans["xner"]
        scores += group.attrs["scores"]
        expected = [span.text for span, s in zip(group, group.attrs["scores"], strict=True) if s >= 0.9]
        assert [ent.text for ent in sure(text).ents] == expected
    assert min(scores) < 0.9, "the threshold removes nothing"


@pytest.mark.parametrize("config", [{"vars.threshold": 0.25}, {"components": {"xner": {"threshold": 0.25}}}])
def test_the_config_can_change_it_again(strict: Path, config: dict[str, Any]) -> None:
    nlp = spacy.load(strict, config=config)
    assert nlp.get_pipe("xner").threshold == 0.25  # type: ignore[attr-defined]
    assert nlp.config.interpolate()["components"]["xner"]["threshold"] == 0.25


@pytest.mark.parametrize(("frozen", "same"), [("tok2vec", ["tok2vec"]), ("xner", ["tok2vec", "xner"])])
def test_frozen_components(room: Path, first: Path, frozen: str, same: list[str]) -> None:
    """Of a pipeline that was trained before. Nothing else learns from a frozen recogniser."""
    name = f"frozen-{frozen}"
    sourced = {f"components.{part}": {"source": str(first)} for part in ("tok2vec", "xner")}
    config = load_config(room / "train.cfg").copy()
    config["components"] = {key.split(".")[1]: value for key, value in sourced.items()}
    config.to_disk(room / f"{name}.cfg")
    trained = run(
        room,
        name,
        room / f"{name}.cfg",
        training__frozen_components=[frozen],
        training__annotating_components=[frozen] if frozen == "tok2vec" else [],
    )
    for part in ("tok2vec", "xner"):
        unchanged = (trained / part / "model").read_bytes() == (first / part / "model").read_bytes()
        assert unchanged == (part in same), part
    assert entities_of(spacy.load(trained)("Berlin")) == [("Berlin", "LOC")]
