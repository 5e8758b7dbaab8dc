"""What does reading all layers cost in training, over reading the last one?

One pipeline reads layers through `spacy_xner.LayerAggregationListener.v1`, the other the last layer through
spacy-transformers' own listener. Both have the same encoder, recogniser, texts, batches and settings
(configs/xner.cfg), so that nothing but aggregation differs. The row `wholly stock` is spacy-transformers' model of the
encoder as it comes: it computes padding, trains word embeddings too and uses torch's fused attention.

- Time: one step of each in turn, in one process, in changing order; median of the ratios of pairs, and the 95%
  interval of that median by bootstrap.
- Memory: a process for each. The highest level while training less the level before the first step, and the highest
  level of the whole process.

Texts are the development sentences of the shipped corpus, in seven languages, put together to the lengths in question.

    python benchmarks/aggregation_cost.py [--pairs 24] [--row-pairs 8] [--batch-words 1200]
        [--processor-time] [--json FILE]
"""

import argparse
import functools
import itertools
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from rich.console import Console
from rich.table import Table
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config, registry
from thinc.api import fix_random_seed

from spacy_xner.corpus.convert import convert_files
from spacy_xner.files import atomic_path

ROOT = Path(__file__).parents[1]
DEFAULT_AGGREGATOR = {"@architectures": "spacy_xner.WeightedConcat.v1"}
STOCK_LISTENER = "spacy-transformers.TransformerListener.v1"
STOCK_MODEL = "spacy-transformers.TransformerModel.v3"
WHOLLY_STOCK = "wholly stock"
STOCK_SETTINGS = ("transformer_config", "grad_scaler_config")


@dataclass(frozen=True)
class Arm:
    """What is trained.

    aggregator (dict | None): its block in the config; None for the stock listener.
    wholly_stock (bool): spacy-transformers' model of the encoder too, with all that it does.
    """

    aggregator: dict[str, Any] | None = field(default_factory=lambda: dict(DEFAULT_AGGREGATOR))
    wholly_stock: bool = False


STOCK = Arm(None)


@dataclass(frozen=True)
class Measurement:
    """A row of the table: an arm on texts of a length, against the stock listener."""

    name: str
    arm: Arm
    words: int | None = None


def rows() -> Iterator[Measurement]:
    """Everything that is measured beside the two figures."""
    for words, layers in itertools.product((16, 64, 256), ([-1], [4, 8, -1], None)):
        n_layers = 13 if layers is None else len(layers)
        arm = Arm({**DEFAULT_AGGREGATOR, "layers": layers})
        yield Measurement(f"WeightedConcat, {n_layers} layers, {words} words", arm, words)
    for name, settings in {
        "LastLayer": {},
        "ScalarMix": {},
        "WeightedConcat, residual": {"residual": True},
        "LayerAttention": {},
        "LayerAttention, gate": {"fusion": "gate"},
        "LayerAttention, additive": {"scores": "additive"},
        "LayerAttention, 6 heads": {"n_heads": 6},
    }.items():
        yield Measurement(name, Arm({"@architectures": f"spacy_xner.{name.split(',')[0]}.v1", **settings}))
    yield Measurement(WHOLLY_STOCK, Arm(None, wholly_stock=True))


class Trainer:
    """A pipeline that can do one step at a time."""

    def __init__(self, arm: Arm, encoder: str, docs: list[Doc]) -> None:
        fix_random_seed(0)
        config = load_config(ROOT / "configs/xner.cfg", overrides={"paths.encoder": encoder}, interpolate=True)
        config["corpora"], config["training"]["before_to_disk"] = {}, None
        config["components"].pop("doc_cleaner")
        config["nlp"]["pipeline"].remove("doc_cleaner")
        component = config["nlp"]["pipeline"][-1]
        listener = config["components"][component]["model"]["tok2vec"]
        transformer = config["components"]["transformer"]["model"]
        if arm.aggregator is None:
            del listener["aggregator"]
            listener["@architectures"] = STOCK_LISTENER
        else:
            listener["aggregator"] = dict(arm.aggregator)
        if arm.wholly_stock:
            transformer["@architectures"] = STOCK_MODEL
            for own in set(transformer) - {"@architectures", "name", "get_spans", "tokenizer_config", *STOCK_SETTINGS}:
                del transformer[own]
        self.nlp: Language = spacy.util.load_model_from_config(config, auto_fill=True)
        settings = registry.resolve({"optimizer": config["training"]["optimizer"]})
        self.optimizer: Any = settings["optimizer"]
        self.nlp.initialize(lambda: [Example(self.nlp.make_doc(doc.text), doc) for doc in docs])

    def step(self, docs: list[Doc], clock: Callable[[], float] = time.perf_counter) -> float:
        """Seconds for one update, by a clock."""
        examples = [
            Example(Doc(self.nlp.vocab, [t.text for t in d], [bool(t.whitespace_) for t in d]), d) for d in docs
        ]
        start = clock()
        self.nlp.update(examples, sgd=self.optimizer, drop=0.0)
        return clock() - start


def corpus_docs() -> list[Doc]:
    """The development sentences of the shipped corpus, languages mixed."""
    docs = [
        doc
        for path in sorted(ROOT.glob("corpus/*/dev.txt"))
        for doc in convert_files([path], path.parent.name, Counter())
    ]
    random.Random(0).shuffle(docs)
    return docs


def with_length(docs: list[Doc], n_words: int) -> list[Doc]:
    """Docs of exactly so many words, of sentences put one after the other."""
    words = [token.text for doc in docs for token in doc]
    tags = [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for doc in docs for t in doc]
    starts = range(0, len(words) - n_words, n_words)
    vocab = docs[0].vocab  # each language was read with its own
    return [Doc(vocab, words=words[i : i + n_words], ents=closed(tags[i : i + n_words])) for i in starts]


def closed(tags: list[str]) -> list[str]:
    """IOB2 tags of a piece of text, which may begin inside an entity."""
    return [tags[0].replace("I-", "B-"), *tags[1:]]


def batches(docs: list[Doc], words: int | None, batch_words: int) -> list[list[Doc]]:
    """Batches of about `batch_words` words, padding counted, in an order without a trend."""
    docs = docs if words is None else with_length(docs, words)
    found: list[list[Doc]] = []
    for doc in sorted(docs, key=len):
        if not found or (len(found[-1]) + 1) * max(len(doc), 1) > batch_words:
            found.append([])
        found[-1].append(doc)
    full = [batch for batch in found if len(batch) * len(batch[-1]) > 0.7 * batch_words]
    random.Random(0).shuffle(full)
    return full


def compare_times(
    trainers: tuple[Trainer, Trainer], measured: list[list[Doc]], pairs: int, clock: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Seconds of so many steps of each, in turn, on the same batches; the first two pairs do not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for i, batch in zip(range(pairs + 2), itertools.cycle(measured), strict=False):
        for which in (0, 1) if i % 2 else (1, 0):
            taken = trainers[which].step(batch, clock)
            if i >= 2:
                seconds[which].append(taken)
    return seconds


def summarise(ours: list[float], stock: list[float]) -> dict[str, float]:
    """Median ratio of pairs and its 95% interval; median seconds of both."""
    ratios = np.array(ours) / np.array(stock)
    draws = np.random.default_rng(0).choice(ratios, size=(2000, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return {
        "step_time_ratio": float(np.median(ratios)),
        "low": float(low),
        "high": float(high),
        "seconds": statistics.median(ours),
        "stock_seconds": statistics.median(stock),
    }


@functools.cache
def stock_memory(encoder: str, words: int | None, batch_words: int) -> dict[str, float]:
    return measure_memory(STOCK, encoder, words, batch_words)


def measure_memory(arm: Arm, encoder: str, words: int | None, batch_words: int) -> dict[str, float]:
    """MB that six steps add to the level before them, and the highest level, in a process of its own."""
    request = json.dumps({"arm": asdict(arm), "encoder": encoder, "words": words, "batch_words": batch_words})
    command = [sys.executable, "-W", "ignore", __file__, "--measure-memory", request]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(result.stdout.splitlines()[-1]))


def train_and_report(request: dict[str, Any]) -> None:
    docs = corpus_docs()
    trainer = Trainer(Arm(**request["arm"]), request["encoder"], docs)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest level so far, which loading had
    for batch in batches(docs, request["words"], request["batch_words"])[:6]:
        trainer.step(batch)
    peak = _resident("VmHWM")
    process = max(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"training_mb": peak - before, "process_mb": process}))


def _resident(field_name: str) -> float:
    """A level of memory in MB, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field_name}:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default=str(ROOT / "models/encoder"), help="folder or name of the encoder")
    parser.add_argument("--pairs", type=int, default=24, help="pairs of steps for the figure")
    parser.add_argument("--row-pairs", type=int, default=8, help="pairs of steps for each further row; 0: no rows")
    parser.add_argument("--batch-words", type=int, default=1200, help="words in a batch, padding included")
    parser.add_argument(
        "--processor-time", action="store_true", help="on a busy machine, with OMP_NUM_THREADS=1: not the clock's time"
    )
    parser.add_argument("--only", default="", help="further rows whose name has this text")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--measure-memory", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure_memory:
        return train_and_report(json.loads(arguments.measure_memory))

    clock = time.process_time if arguments.processor_time else time.perf_counter
    docs = corpus_docs()
    stock = Trainer(STOCK, arguments.encoder, docs)
    main_row = Measurement("WeightedConcat, the default", Arm())
    found: list[dict[str, Any]] = []
    wanted = [row for row in rows() if arguments.only in row.name] if arguments.row_pairs else []
    for measurement in [main_row, *wanted]:
        pairs = arguments.pairs if measurement is main_row else arguments.row_pairs
        measured = batches(docs, measurement.words, arguments.batch_words)
        ours = Trainer(measurement.arm, arguments.encoder, docs)
        found.append({"name": measurement.name, **summarise(*compare_times((ours, stock), measured, pairs, clock))})
        del ours
        print(f"{measurement.name}: {found[-1]['step_time_ratio']:.3f}", file=sys.stderr)
    del stock

    figures = {"step_time_ratio": found[0]["step_time_ratio"]}
    for row, measurement in zip(found, [main_row, *wanted], strict=True):
        setting = (arguments.encoder, measurement.words, arguments.batch_words)
        memory = measure_memory(measurement.arm, *setting)
        base = stock_memory(*setting)
        row |= memory
        row["memory_ratio"] = memory["training_mb"] / base["training_mb"]
        row["process_memory_ratio"] = memory["process_mb"] / base["process_mb"]
    figures["memory_ratio"] = found[0]["memory_ratio"]
    for row in found:
        if row["name"] == WHOLLY_STOCK:
            for key in ("step_time_ratio", "memory_ratio"):
                figures[f"{key}_over_wholly_stock"] = found[0][key] / row[key]
    figures["process_memory_ratio"] = found[0]["process_memory_ratio"]

    table = Table(title="One training step, over the stock listener on the last layer")
    for column in ("", "time", "95%", "s", "stock s", "memory", "MB", "whole process"):
        table.add_column(column, justify="left" if not column else "right")
    for row in found:
        table.add_row(
            row["name"],
            f"{row['step_time_ratio']:.3f}",
            f"{row['low']:.3f}-{row['high']:.3f}",
            f"{row['seconds']:.2f}",
            f"{row['stock_seconds']:.2f}",
            f"{row['memory_ratio']:.3f}",
            f"{row['training_mb']:.0f}",
            f"{row['process_memory_ratio']:.3f}",
        )
    Console(width=120).print(table)
    if arguments.json:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps({"figures": figures, "rows": found}, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
