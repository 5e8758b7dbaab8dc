"""Trainings that benchmarks compare: an arm of config settings, a set of data, a seed; each leaves a record.

Two sets of data:

- shipped: trained on the corpora that `spacy project run all` makes, English and projected, in corpora/; scored on
  its test sentences;
- conll: trained on CoNLL-2003 English, in $XNER_DATA; scored on the development halves of German, Spanish and Dutch,
  which the training has not seen.

A finished run is not run again, so that a stopped benchmark goes on where it was.
"""

import hashlib
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

import srsly
from measuring_data import data_folder
from rich.table import Table
from spacy.cli.train import train
from spacy.tokens import Doc
from spacy.util import load_config

from spacy_xner.aggregation.weights import find_aggregators, softmax_weights
from spacy_xner.cli.console import make_console
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.files import atomic_path, remove
from spacy_xner.pipelines import load_pipeline
from spacy_xner.scoring.scores import evaluate_pipeline

CONFIG = Path(__file__).parents[1] / "configs/xner.cfg"
Data = Literal["shipped", "conll"]
DATA: tuple[Data, ...] = get_args(Data)
CONLL_TARGETS = ("de", "es", "nl")

NER: dict[str, Any] = {
    "factory": "ner",
    "model": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": False,
    },
}


@dataclass(frozen=True)
class Arm:
    """What is compared.

    name (str): as the tables call it; also the record's file name.
    overrides (dict[str, Any]): settings of configs/xner.cfg, with dots.
    recogniser (str): `xner`, or `ner` for spaCy's on the same listener.
    """

    name: str
    overrides: dict[str, Any] = field(default_factory=dict)
    recogniser: Literal["xner", "ner"] = "xner"

    @property
    def file(self) -> str:
        return re.sub(r"[^a-z0-9.]+", "-", self.name.lower())


@dataclass(frozen=True)
class Experiment:
    """Trainings that differ in arm and seed alone.

    data (Data): see above.
    steps (int), batch_words (int): optimizer steps, and padded words in each.
    folder (Path): for pipelines, which are large.
    records (Path): for records, which are small and can be kept.
    """

    data: Data
    steps: int
    batch_words: int
    folder: Path
    records: Path
    encoder: str = "models/encoder"
    limit: int | None = None

    def setting(self, arm: Arm, seed: int) -> dict[str, Any]:
        """All that a record is of."""
        return {
            "arm": arm.name,
            "recogniser": arm.recogniser,
            "overrides": arm.overrides,
            "config": fingerprint(arm),
            "encoder": self.encoder,
            "data": self.data,
            "seed": seed,
            "steps": self.steps,
            "batch_words": self.batch_words,
            "limit": self.limit,
        }

    def output(self, arm: Arm, seed: int) -> Path:
        """The folder of a pipeline."""
        return self.folder / f"{self.data}-{arm.file}-{seed}"

    def run(self, arm: Arm, seed: int) -> dict[str, Any]:
        """Train and score, or read the record of an earlier run. RETURNS: the record."""
        setting, output = self.setting(arm, seed), self.output(arm, seed)
        record = self.records / f"{output.name}.json"
        if record.exists():
            found = srsly.read_json(record)
            if {key: found.get(key) for key in setting} != setting:
                raise SystemExit(f"{record} is of other settings: rename the arm, or remove the file.")
            return found
        minutes = self.train(arm, seed, output, setting)
        nlp = load_pipeline(str(output / "model-last"))
        scores = evaluate_pipeline(nlp, self.test_docs())
        recogniser: Any = nlp.get_pipe(arm.recogniser)
        weights = [softmax_weights(aggregator).round(4).tolist() for aggregator in find_aggregators(recogniser.model)]
        result = {**setting, "minutes": minutes, "layer_weights": weights, "scores": scores}
        with atomic_path(record) as temporary:
            srsly.write_json(temporary, result)
        remove(output)
        return result

    def train(self, arm: Arm, seed: int, output: Path, setting: dict[str, Any]) -> float:
        """Train into `output`/model-last, unless that was done with the same setting. RETURNS: the minutes it took."""
        done = output / "setting.json"
        if done.is_file() and srsly.read_json(done)["setting"] == setting:
            return float(srsly.read_json(done)["minutes"])
        start = time.perf_counter()
        overrides = {
            **self.train_paths(),
            "paths.encoder": self.encoder,
            "system.seed": seed,
            "training.max_steps": self.steps,
            "training.eval_frequency": self.steps,
            "training.batcher.size": self.batch_words,
            "corpora.dev.limit": 200,
            **arm.overrides,
        }
        with atomic_path(output) as room:  # a stopped training leaves nothing that looks like a finished one
            room.mkdir()
            make_config(arm).to_disk(room / "config.cfg")
            train(room / "config.cfg", room, overrides=overrides)
            remove(room / "model-best")
            minutes = round((time.perf_counter() - start) / 60, 2)
            srsly.write_json(room / done.name, {"setting": setting, "minutes": minutes})
        return minutes

    def train_paths(self) -> dict[str, Any]:
        if self.data == "shipped":
            return {"paths.train": ["corpora/train/en.spacy", "corpora/projected"], "paths.dev": "corpora/dev/en.spacy"}
        paths = {}
        for split in ("train", "dev"):
            path = self.folder / f"conll-en-{split}.spacy"
            if not path.is_file():
                write_docs(path, convert_files([data_folder("conll") / f"en.{split}.iob.gz"], "en", Counter()))
            paths[f"paths.{split}"] = str(path)
        return {**paths, "vars.swap": 0.0}

    def test_docs(self) -> Iterable[Doc]:
        if self.data == "shipped":
            for path in find_docbins("corpora/test"):
                yield from load_docs(path)
        else:
            for lang in CONLL_TARGETS:
                path = data_folder("conll") / f"{lang}.dev.iob.gz"
                yield from islice(convert_files([path], lang, Counter()), self.limit)


def fingerprint(arm: Arm) -> str:
    """What tells apart the configs that a training may have had: a hash of the parts that it learns by."""
    config = make_config(arm)
    parts = {section: config[section] for section in ("vars", "components", "corpora", "training")}
    return hashlib.sha256(srsly.json_dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def make_config(arm: Arm) -> Any:
    """The project's config, with spaCy's `ner` in place of `xner` where the arm wants it."""
    config = load_config(CONFIG)
    if arm.recogniser == "ner":
        use_spacy_ner(config, config["components"]["xner"]["model"]["tok2vec"])
    return config


def use_spacy_ner(config: Any, tok2vec: dict[str, Any]) -> None:
    """Put spaCy's `ner` on `tok2vec` in place of a config's `xner`."""
    del config["components"]["xner"]
    config["components"]["ner"] = {**NER, "model": {**NER["model"], "tok2vec": tok2vec}}
    config["nlp"]["pipeline"] = ["ner" if name == "xner" else name for name in config["nlp"]["pipeline"]]
    config["training"]["before_to_disk"] = None


def compare(experiments: Sequence[Experiment], arms: Sequence[Arm], seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Run all that is missing, print a table for each set of data, and return a row for each arm and set.

    A row has `data`, `arm`, and for each language and "macro" the mean F1 in percent and its standard deviation over
    the seeds (`<language>_sd`), and the mean `ece` and `ece_uncalibrated` where there are confidences.
    """
    rows = []
    for experiment in experiments:
        for arm in arms:
            rows.append(summarise(experiment.data, arm.name, [experiment.run(arm, seed) for seed in seeds]))
        table = Table(title=f"{experiment.data}: F1, {experiment.steps} steps, seeds {seeds}", title_justify="left")
        of_data = [row for row in rows if row["data"] == experiment.data]
        keys = [key for key in of_data[0] if f"{key}_sd" in of_data[0]]
        table.add_column("arm")
        for column in (*keys, "ECE before", "ECE", "minutes"):
            table.add_column(column, justify="right")
        for row in of_data:
            cells = [f"{row[key]:.1f} ± {row[f'{key}_sd']:.1f}" for key in keys]
            ece = [f"{row[key]:.3f}" if key in row else "-" for key in ("ece_uncalibrated", "ece")]
            table.add_row(row["arm"], *cells, *ece, f"{row['minutes']:.1f}")
        make_console().print(table)
    return rows


def summarise(data: str, arm: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The row of an arm."""
    row: dict[str, Any] = {"data": data, "arm": arm, "minutes": statistics.mean(run["minutes"] for run in runs)}
    values = {
        lang: [100 * run["scores"]["languages"][lang]["f"] for run in runs] for lang in runs[0]["scores"]["targets"]
    }
    values["macro"] = [100 * run["scores"]["macro_f"] for run in runs]
    for key, numbers in values.items():
        row[key] = statistics.mean(numbers)
        row[f"{key}_sd"] = statistics.stdev(numbers) if len(numbers) > 1 else 0.0
    for key in ("ece_uncalibrated", "ece"):
        if key in runs[0]["scores"]:
            row[key] = statistics.mean(run["scores"][key] for run in runs)
    return row
