"""What does reading all layers cost in training, over reading the last one?

One pipeline reads layers through `spacy_xner.LayerAggregationListener.v1`, the other the last layer through
spacy-transformers' own listener. Both have the same encoder, recogniser, texts, batches and settings
(configs/xner.cfg), so that they differ in aggregation alone. The row `wholly stock` is spacy-transformers' model of the
encoder as it comes: it computes padding, trains word embeddings too and uses torch's fused attention.

- Time: one step of each in turn, in one process, in changing order; median of the ratios of pairs, and the 95%
  interval of that median by bootstrap.
- Memory (Linux): a process for each. The peak while training less the level before the first step, and the peak of the
  whole process.

Texts are the development sentences of the shipped corpus, in seven languages, joined to the lengths in question.

    python benchmarks/aggregation_cost.py --repeat 24 --row-repeat 8
"""

import functools
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from common import EncoderOption, JsonOption, RepeatOption, SeedOption, make_table, report, run, show
from spacy.tokens import Doc
from training_memory import measure_memory
from training_steps import DEFAULT_AGGREGATOR, STOCK, Arm, Trainer, make_batches, read_corpus

from spacy_xner.encoders import resolve_encoder

WHOLLY_STOCK = "wholly stock"


@dataclass(frozen=True)
class Measurement:
    """A row of the table: an arm on texts of a length, against the stock listener."""

    name: str
    arm: Arm
    words: int | None = None


def list_rows() -> Iterator[Measurement]:
    """Everything that is measured after the default."""
    for words, layers in itertools.product((16, 64, 256), ([-1], [4, 8, -1], None)):
        n_layers = 13 if layers is None else len(layers)
        arm = Arm({**DEFAULT_AGGREGATOR, "layers": layers})
        yield Measurement(f"WeightedConcat, {n_layers} layers, {words} words", arm, words)
    for name in ("LastLayer", "ScalarMix", "WeightedConcat, residual", "LayerAttention"):
        settings = {"residual": True} if "residual" in name else {}
        yield Measurement(name, Arm({"@architectures": f"spacy_xner.{name.split(',')[0]}.v1", **settings}))
    yield Measurement(WHOLLY_STOCK, Arm(None, wholly_stock=True))


def compare_times(
    ours: Trainer, stock: Trainer, batches: list[list[Doc]], repeat: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Steps of each in turn on the same batches; the first two pairs do not count.

    RETURNS: median ratio of pairs and its 95% interval; median seconds of both.
    """
    trainers, seconds = (ours, stock), ([], [])  # type: tuple[Trainer, Trainer], tuple[list[float], list[float]]
    for i, batch in zip(range(repeat + 2), itertools.cycle(batches), strict=False):
        for which in (0, 1) if i % 2 else (1, 0):
            taken = trainers[which].step(batch, clock)
            if i >= 2:
                seconds[which].append(taken)
    ratios = np.array(seconds[0]) / np.array(seconds[1])
    draws = np.random.default_rng(0).choice(ratios, size=(2000, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return {
        "step_time_ratio": float(np.median(ratios)),
        "low": float(low),
        "high": float(high),
        "seconds": statistics.median(seconds[0]),
        "stock_seconds": statistics.median(seconds[1]),
    }


def main(
    encoder: EncoderOption = "embedded",
    repeat: RepeatOption = 24,
    row_repeat: Annotated[int, typer.Option(help="As --repeat, for each further row; 0: no further rows.")] = 8,
    batch_words: Annotated[int, typer.Option(help="Words in a batch, padding included.")] = 1200,
    processor_time: Annotated[
        bool,
        typer.Option("--processor-time", help="Measure processor time: for busy machines, with OMP_NUM_THREADS=1."),
    ] = False,
    only: Annotated[str, typer.Option(help="Only further rows with this text in their name.")] = "",
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Measure times, then memory, and print a row for each."""
    encoder = resolve_encoder(encoder)
    clock = time.process_time if processor_time else time.perf_counter
    docs = read_corpus(seed)
    stock = Trainer(STOCK, encoder, docs, seed)
    measurements = [Measurement("WeightedConcat, the default", Arm())]
    measurements += [row for row in list_rows() if only in row.name] if row_repeat else []
    rows: list[dict[str, Any]] = []
    for number, each in enumerate(measurements):
        batches = make_batches(docs, each.words, batch_words, seed)
        ours = Trainer(each.arm, encoder, docs, seed)
        times = compare_times(ours, stock, batches, row_repeat if number else repeat, clock)
        rows.append({"name": each.name, **times})
        del ours
        print(f"{each.name}: {times['step_time_ratio']:.3f}", file=sys.stderr)
    del stock

    stock_memory = functools.cache(functools.partial(measure_memory, STOCK, encoder))
    for row, each in zip(rows, measurements, strict=True):
        memory, base = (measure(each.words, batch_words) for measure in
                        (functools.partial(measure_memory, each.arm, encoder), stock_memory))  # fmt: skip
        row |= {**memory, "memory_ratio": memory["training_mb"] / base["training_mb"]}
        row["process_memory_ratio"] = memory["process_mb"] / base["process_mb"]
    figures = {key: rows[0][key] for key in ("step_time_ratio", "memory_ratio", "process_memory_ratio")}
    for row in rows:
        if row["name"] == WHOLLY_STOCK:
            for key in ("step_time_ratio", "memory_ratio"):
                figures[f"{key}_over_wholly_stock"] = rows[0][key] / row[key]

    columns = ("", "time", "95%", "s", "stock s", "memory", "MB", "whole process")
    table = make_table("One training step, over the stock listener on the last layer", *columns)
    for row in rows:
        cells = (f"{row['step_time_ratio']:.3f}", f"{row['low']:.3f}-{row['high']:.3f}", f"{row['seconds']:.2f}",
                 f"{row['stock_seconds']:.2f}", f"{row['memory_ratio']:.3f}", f"{row['training_mb']:.0f}",
                 f"{row['process_memory_ratio']:.3f}")  # fmt: skip
        table.add_row(row["name"], *cells)
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)
