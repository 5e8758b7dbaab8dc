"""Which recogniser should be the default: spaCy's `ner` or `xner`?

Both read the same listener on the same encoder and see the same data for as many steps, with each seed; see
`experiment.py` for the data. Speed is measured at the end in one process: the pipelines of the first seed in turn on
the same texts, the test texts of the data.

    XNER_DATA=FOLDER python benchmarks/recogniser.py [--data shipped,conll] [--seeds 0,1,2] [--json FILE]
"""

import statistics
import time
from pathlib import Path
from typing import Annotated, Any, cast

import srsly
import typer
from experiment import DATA, Arm, Data, Experiment, compare
from rich.table import Table

from spacy_xner.cli.console import make_console
from spacy_xner.files import atomic_path
from spacy_xner.pipelines import load_pipeline

ARMS = [Arm("ner", recogniser="ner"), Arm("xner")]


def words_per_second(experiment: Experiment, seed: int, repeat: int, limit: int) -> dict[str, list[float]]:
    """Speeds of both pipelines, in turn, on the same texts."""
    texts = [doc.text for doc in experiment.test_docs()][:limit]
    pipelines = {}
    for arm in ARMS:
        output = experiment.output(arm, seed)
        experiment.train(arm, seed, output, experiment.setting(arm, seed))
        pipelines[arm.name] = load_pipeline(str(output / "model-last"))
    speeds: dict[str, list[float]] = {name: [] for name in pipelines}
    for turn in range(repeat + 1):
        for name, nlp in pipelines.items():
            start = time.perf_counter()
            n_words = sum(len(doc) for doc in nlp.pipe(texts))
            if turn:  # the first one warms up
                speeds[name].append(n_words / (time.perf_counter() - start))
    return speeds


def main(
    data: Annotated[str, typer.Option(help="With commas.")] = ",".join(DATA),
    seeds: Annotated[str, typer.Option(help="With commas.")] = "0,1,2",
    steps: Annotated[int, typer.Option(help="Optimizer steps of each training.")] = 150,
    batch_words: Annotated[int, typer.Option(help="Padded words in a step.")] = 800,
    limit: Annotated[int, typer.Option(help="CoNLL development sentences of each language.")] = 700,
    speed_texts: Annotated[int, typer.Option(help="Texts that speed is measured on; 0: not at all.")] = 600,
    repeat: Annotated[int, typer.Option(help="Times that speed is measured.")] = 3,
    folder: Annotated[Path, typer.Option(help="For the pipelines.")] = Path("training/benchmarks"),
    records: Annotated[Path, typer.Option(help="For the records of finished runs.")] = Path(
        "benchmarks/records/recogniser"
    ),
    json: Annotated[Path | None, typer.Option(help="Write figures and rows here.")] = None,
) -> None:
    """Train both with each seed, print F1 by language, then words per second."""
    chosen_seeds = [int(seed) for seed in seeds.split(",")]
    experiments = [
        Experiment(cast(Data, name.strip()), steps, batch_words, folder, records, limit=limit)
        for name in data.split(",")
    ]
    speeds: dict[str, list[float]] = {}
    if speed_texts:  # first, while the pipelines are there
        speeds = words_per_second(experiments[-1], chosen_seeds[0], repeat, speed_texts)
    rows = compare(experiments, ARMS, chosen_seeds)
    figures: dict[str, Any] = {f"macro_f1_{row['arm']}_{row['data']}": row["macro"] for row in rows}
    if speeds:
        table = Table(title=f"words per second, {repeat} times in turn", title_justify="left")
        for column in ("recogniser", "median", "min", "max"):
            table.add_column(column)
        for name, found in speeds.items():
            figures[f"words_per_second_{name}"] = statistics.median(found)
            table.add_row(name, *(f"{value:.0f}" for value in (statistics.median(found), min(found), max(found))))
        make_console().print(table)
        pairs = zip(speeds["xner"], speeds["ner"], strict=True)
        figures["speed_ratio"] = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"xner is {figures['speed_ratio']:.2f} times as fast as ner (median of pairs).")
    if json:
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    typer.run(main)
