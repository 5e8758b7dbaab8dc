"""How long does a pipeline take to load?

The pipeline of the main job, whose encoder is trimmed, and with --untrimmed one that was trained with models/encoder,
against a stock pipeline with the untrimmed encoder (`spacy-transformers.TransformerModel.v3` and `ner`, not trained, as
that takes as long to load). Each load is a process of its own, pipelines in turn. "Alone" leaves out the time of
imports: whatever a load imports is imported before.

    python benchmarks/load_time.py --trimmed training/xner_agg/model-last
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import srsly
import typer
from common import EncoderOption, JsonOption, RepeatOption, make_table, report, run, show
from stock_pipeline import make_untrained

from spacy_xner.encoders import resolve_encoder

KINDS = ("alone", "with imports")
# Arguments: a pipeline, and a file of modules to import first, or "-". Prints seconds and, last, what was imported.
LOAD = """
import importlib, json, sys, time
import spacy
if sys.argv[2] != "-":
    for name in json.load(open(sys.argv[2])):
        try:
            importlib.import_module(name)
        except ImportError:
            pass
before = set(sys.modules)
start = time.perf_counter()
spacy.load(sys.argv[1])
print(time.perf_counter() - start)
print(json.dumps([name for name in list(sys.modules) if name not in before]))
"""


def load_seconds(pipeline: Path, modules: str = "-") -> tuple[float, list[str]]:
    """Seconds that a fresh process takes to load a pipeline, and what it imported for that."""
    command = [sys.executable, "-c", LOAD, str(pipeline), modules]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, encoding="utf8")
    seconds, imported = done.stdout.splitlines()[-2:]
    return float(seconds), srsly.json_loads(imported)


def measure(pipelines: dict[str, Path], repeat: int, room: Path) -> dict[str, dict[str, list[float]]]:
    """Seconds of each load, by pipeline and kind."""
    seconds: dict[str, dict[str, list[float]]] = {name: {kind: [] for kind in KINDS} for name in pipelines}
    for name, path in pipelines.items():  # also brings the files into memory
        srsly.write_json(room / f"{name}.json", load_seconds(path)[1])
    for _ in range(repeat):
        for kind, modules in (("with imports", "-"), ("alone", "{}")):
            for name, path in pipelines.items():
                seconds[name][kind].append(load_seconds(path, modules.format(room / f"{name}.json"))[0])
    return seconds


def main(
    trimmed: Annotated[Path, typer.Option(help="A trained pipeline, with a trimmed encoder.")] = Path(
        "training/xner_agg/model-last"
    ),
    untrimmed: Annotated[Path | None, typer.Option(help="One with the whole encoder.")] = None,
    encoder: EncoderOption = "embedded",
    repeat: RepeatOption = 5,
    json: JsonOption = None,
) -> None:
    """Load each pipeline again and again and print the medians."""
    paths = {"untrimmed": untrimmed, "trimmed": trimmed} if untrimmed else {"trimmed": trimmed}
    for path in paths.values():
        if not (path / "meta.json").is_file():
            print(f"Skipped: there is no trained pipeline at {path}. `spacy project run all` makes one.")
            return
    with TemporaryDirectory() as name:
        room = Path(name)
        stock = make_untrained(resolve_encoder(encoder), room / "stock")
        seconds = measure({"stock": stock, **paths}, repeat, room)
    table = make_table(f"Seconds, medians of {repeat}", "pipeline", *KINDS)
    for key, of in seconds.items():
        table.add_row(key, *(f"{statistics.median(of[kind]):.2f}" for kind in KINDS))
    show(table)
    figures = {}
    for figure, kind in (("load_time_ratio", "alone"), ("load_time_ratio_with_imports", "with imports")):
        pairs = zip(seconds["trimmed"][kind], seconds["stock"][kind], strict=True)
        figures[figure] = statistics.median(ours / theirs for ours, theirs in pairs)
    report(figures, [{"pipeline": key, **of} for key, of in seconds.items()], json)


if __name__ == "__main__":
    run(main)
