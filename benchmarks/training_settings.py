"""Compare settings of the training config: development F1 of the shipped corpora and, with XNER_DATA, of CoNLL.

Every arm is a list of config overrides, trained with each seed on the corpora that `spacy project run all` makes.
A finished run leaves a record in --records and is not run again, so a stopped benchmark goes on where it was.

Example: python benchmarks/training_settings.py --arm "without: --vars.swap 0" --arm "with: --vars.swap 0.3"
"""

import os
import re
import shlex
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from rich.console import Console
from rich.table import Table
from spacy.cli._util import parse_config_overrides
from spacy.cli.train import train
from spacy.tokens import Doc

from spacy_xner.cli.console import make_console
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.files import atomic_path, remove
from spacy_xner.pipelines import load_pipeline
from spacy_xner.scoring.scores import evaluate_pipeline

CORPORA = {
    "paths.train": ["corpora/train/en.spacy", "corpora/projected"],
    "paths.dev": "corpora/dev/en.spacy",
}


def read_sets() -> dict[str, list[Doc]]:
    """The labelled development sets: the shipped ones, and CoNLL's where XNER_DATA is set."""
    sets = {"shipped": [doc for path in find_docbins("corpora/dev") for doc in load_docs(path)]}
    data = os.environ.get("XNER_DATA")
    if data is None:
        Console(stderr=True).print("XNER_DATA is not set: CoNLL is skipped.")
        return sets
    paths = [(lang, Path(data) / "conll" / f"{lang}.dev.iob.gz") for lang in ("en", "de", "es", "nl")]
    sets["conll"] = [doc for lang, path in paths for doc in convert_files([path], lang, Counter())]
    return sets


def run_arm(overrides: str, seed: int, sets: dict[str, list[Doc]], room: Path) -> dict[str, Any]:
    """Train and score one arm with one seed."""
    config = CORPORA | parse_config_overrides(shlex.split(overrides)) | {"system.seed": seed}
    start = time.perf_counter()
    train("configs/xner.cfg", room, overrides=config)
    minutes = (time.perf_counter() - start) / 60
    nlp = load_pipeline(str(room / "model-last"))
    scores = {name: evaluate_pipeline(nlp, docs) for name, docs in sets.items()}
    return {"seed": seed, "minutes": minutes, "scores": scores}


def main(
    arm: Annotated[list[str], typer.Option(help="A name, a colon and config overrides; repeat it.")],
    seeds: Annotated[str, typer.Option(help="Seeds, with commas.")] = "0",
    records: Annotated[Path, typer.Option(help="Folder of finished runs.")] = Path("training/settings"),
    json: Annotated[Path | None, typer.Option(help="Write figures and rows here.")] = None,
) -> None:
    """Train every arm with every seed and print mean and standard deviation of the macro F1 over the targets."""
    sets = read_sets()
    rows = []
    for name, _, overrides in (text.partition(":") for text in arm):
        runs = []
        for seed in (int(seed) for seed in seeds.split(",")):
            record = records / f"{re.sub(r'[^a-z0-9.]+', '-', name.lower())}-{seed}.json"
            if record.exists() and srsly.read_json(record)["overrides"] != overrides:
                raise SystemExit(f"{record} is of other overrides: rename the arm or remove the file.")
            if not record.exists():
                result = run_arm(overrides, seed, sets, records / "pipeline")
                with atomic_path(record) as temporary:
                    srsly.write_json(temporary, {"arm": name, "overrides": overrides, **result})
                remove(records / "pipeline")
            runs.append(srsly.read_json(record))
        minutes = statistics.mean(run["minutes"] for run in runs)
        row: dict[str, Any] = {"arm": name, "overrides": overrides, "minutes": minutes}
        for key in sets:
            values = [100 * run["scores"][key]["macro_f"] for run in runs]
            row[key] = statistics.mean(values)
            row[f"{key}_sd"] = statistics.stdev(values) if len(values) > 1 else None
        rows.append(row)
    table = Table(title=f"macro F1 over the targets, seeds {seeds}", title_justify="left")
    for column in ("arm", *sets, "minutes"):
        table.add_column(column, justify="left" if column == "arm" else "right")
    for row in rows:
        spread = {key: "" if row[f"{key}_sd"] is None else f" ± {row[f'{key}_sd']:.1f}" for key in sets}
        table.add_row(row["arm"], *(f"{row[key]:.1f}{spread[key]}" for key in sets), f"{row['minutes']:.1f}")
    make_console().print(table)
    if json:
        figures = {f"{key}_f1_{row['arm']}": row[key] for row in rows for key in sets}
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    typer.run(main)
