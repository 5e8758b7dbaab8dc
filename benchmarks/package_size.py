"""How small is the package, what does the smaller vocabulary cost, and how long does it take to load?

Trims a trained pipeline by training text, translations and word lists (never by the sentences that it is tested on),
packages it, and compares it with the untrimmed one: entities of the shipped test sentences and of CoNLL's development
sentences (F1, mean of the target languages), and seconds to load, against a stock pipeline with the untrimmed encoder
(`spacy-transformers.TransformerModel.v3` and `ner`). Each load is a process of its own, in turn; the time of imports is
measured apart, by importing first whatever a load imports.

    [XNER_DATA=FOLDER] python benchmarks/package_size.py [--pipeline DIR] [--json FILE]

Without a trained pipeline there, it trains none: a few steps are enough to measure size and loading, as
`spacy train configs/xner.cfg --training.max_steps 40` makes them.
"""

import os
import statistics
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import spacy
import srsly
import typer
from measuring_data import VARIABLE
from rich.table import Table
from spacy.cli.package import package
from spacy.tokens import Doc
from spacy.training import Example

from spacy_xner.cli.console import make_console
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.formats.docbin import read_docs
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.corpus.texts import read_texts
from spacy_xner.encoders.trimming.needed_pieces import MAX_PIECES, N_WORDS, Wanted
from spacy_xner.encoders.trimming.trim import folder_mb
from spacy_xner.encoders.trimming.trim_pipeline import trim_pipeline
from spacy_xner.files import atomic_path
from spacy_xner.pipelines import load_pipeline
from spacy_xner.scoring.scores import evaluate_pipeline

TEXTS = ["corpus/en/train", "corpus/translations", "corpora/train", "corpora/projected"]
CONLL = ("de", "es", "nl")
STOCK = {
    "model": {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": "",
        "tokenizer_config": {"use_fast": True},
        "get_spans": {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 128, "stride": 96},
    }
}
STOCK_NER = {
    "model": {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "tok2vec": {
            "@architectures": "spacy-transformers.TransformerListener.v1",
            "grad_factor": 1.0,
            "pooling": {"@layers": "reduce_mean.v1"},
        },
    }
}
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


def make_stock(encoder: str, folder: Path) -> Path:
    """A stock pipeline with an encoder: not trained, since loading takes as long either way."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("transformer", config={"model": {**STOCK["model"], "name": encoder}})
    nlp.add_pipe("ner", config=STOCK_NER)
    example = Example.from_dict(nlp.make_doc("Berlin"), {"entities": [(0, 6, "LOC")]})
    nlp.initialize(lambda: [example])
    nlp.to_disk(folder)
    return folder


def installed(pipeline: Path, room: Path) -> Path:
    """The folder of the package as pip installs it."""
    room.mkdir()
    meta = srsly.read_json(pipeline / "meta.json")
    package(pipeline, room, name="xner_agg", version="0.0.0", create_sdist=False, create_wheel=False, silent=True)
    return room / f"{meta['lang']}_xner_agg-0.0.0" / f"{meta['lang']}_xner_agg"


def load_seconds(pipeline: Path, modules: str = "-") -> tuple[float, list[str]]:
    """Seconds that a fresh process takes to load a pipeline, and what it imported for that."""
    command = [sys.executable, "-c", LOAD, str(pipeline), modules]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, encoding="utf8")
    seconds, imported = done.stdout.splitlines()[-2:]
    return float(seconds), srsly.json_loads(imported)


def compare_loading(pipelines: dict[str, Path], repeat: int, room: Path) -> dict[str, dict[str, list[float]]]:
    """Pipeline -> seconds of each load, "with imports" and "alone", taken in turn."""
    seconds: dict[str, dict[str, list[float]]] = {name: {"with imports": [], "alone": []} for name in pipelines}
    for name, path in pipelines.items():  # also brings the files into memory
        srsly.write_json(room / f"{name}.json", load_seconds(path)[1])
    for _ in range(repeat):
        for kind, modules in (("with imports", "-"), ("alone", "{}")):
            for name, path in pipelines.items():
                seconds[name][kind].append(load_seconds(path, modules.format(room / f"{name}.json"))[0])
    return seconds


def conll(limit: int) -> list[Doc]:
    """The first sentences of CoNLL's development halves."""
    return [
        doc
        for lang in CONLL
        for doc in islice(
            convert_files([Path(os.environ[VARIABLE]) / "conll" / f"{lang}.dev.iob.gz"], lang, Counter()), limit
        )
    ]


def main(
    pipeline: Annotated[Path, typer.Option(help="A trained pipeline, untrimmed.")] = Path(
        "training/xner_agg/model-last"
    ),
    encoder: Annotated[str, typer.Option(help="Encoder of the stock pipeline.")] = "models/encoder",
    texts: Annotated[str, typer.Option(help="Files and folders to trim by, with commas.")] = ",".join(TEXTS),
    lang: Annotated[str, typer.Option(help="Languages to trim by, with commas.")] = "en,de,es,fr,nl,ru,zh",
    words: Annotated[int, typer.Option(help="As of `xner encoder trim`.")] = N_WORDS,
    max_pieces: Annotated[int, typer.Option(help="As of `xner encoder trim`.")] = MAX_PIECES,
    float16: Annotated[bool, typer.Option(help="As of `xner encoder trim`.")] = True,
    test: Annotated[Path, typer.Option(help="Labelled DocBins to compare on.")] = Path("corpora/test"),
    limit: Annotated[int, typer.Option(help="CoNLL sentences of each language.")] = 500,
    repeat: Annotated[int, typer.Option(help="Times that each pipeline is loaded, of either kind; 0: not at all.")] = 5,
    json: Annotated[Path | None, typer.Option(help="Write figures and rows here.")] = None,
) -> None:
    """Trim, package, compare."""
    if not (pipeline / "meta.json").is_file():
        print(f"Skipped: there is no trained pipeline at {pipeline}. `spacy project run all` makes one.")
        return
    console, figures, rows = make_console(), {}, []
    with TemporaryDirectory() as name:
        room = Path(name)
        found = list(dict.fromkeys(read_texts(map(Path, texts.split(",")))))
        report = trim_pipeline(
            pipeline, room / "trimmed", Wanted(found, lang.split(","), words, max_pieces), float16=float16
        )
        module = installed(room / "trimmed", room / "packages")
        figures["package_mb"] = folder_mb(module)
        figures["untrimmed_mb"] = report.mb_before
        figures["pieces_before"], figures["pieces_after"] = report.pieces_before, report.pieces_after

        before, after = load_pipeline(str(pipeline)), load_pipeline(str(room / "trimmed"))
        sets = {"shipped test": [doc for path in find_docbins(test) for doc in read_docs(path, before.vocab)]}
        if (Path(os.environ.get(VARIABLE, "/nowhere")) / "conll").is_dir():
            sets["CoNLL development"] = conll(limit)
        else:
            print(f"CoNLL is left out: it is read from conll/ in the folder that ${VARIABLE} names.")
        table = Table("set", "language", "F1 untrimmed", "F1 trimmed", "difference", title="Exact entities, F1")
        for set_name, docs in sets.items():
            scores = [evaluate_pipeline(nlp, docs) for nlp in (before, after)]
            for code in (*scores[0]["languages"], "mean of targets"):
                old, new = (
                    100 * (score["languages"][code]["f"] if code in score["languages"] else score["macro_f"])
                    for score in scores
                )
                rows.append({"set": set_name, "lang": code, "untrimmed": old, "trimmed": new})
                table.add_row(set_name, code, f"{old:.2f}", f"{new:.2f}", f"{new - old:+.2f}")
        means = [row["trimmed"] - row["untrimmed"] for row in rows if row["lang"] == "mean of targets"]
        # Of the sets, the one on which it matters most.
        figures["f1_difference"] = max(means, key=abs)
        console.print(table)

        if repeat:
            stock = make_stock(encoder, room / "stock")
            seconds = compare_loading(
                {"stock": stock, "untrimmed": pipeline, "trimmed": room / "trimmed"}, repeat, room
            )
            table = Table("pipeline", "load alone", "with imports", title=f"Seconds, medians of {repeat}")
            for key, of in seconds.items():
                table.add_row(key, *(f"{statistics.median(of[kind]):.2f}" for kind in ("alone", "with imports")))
            console.print(table)
            for figure, kind in (("load_time_ratio", "alone"), ("load_time_ratio_with_imports", "with imports")):
                pairs = zip(seconds["trimmed"][kind], seconds["stock"][kind], strict=True)
                figures[figure] = statistics.median(ours / theirs for ours, theirs in pairs)
            rows += [{"set": "loading", "pipeline": key, **of} for key, of in seconds.items()]
    for key, value in figures.items():
        print(f"{key}: {value:,.3f}" if isinstance(value, float) else f"{key}: {value:,}")
    if json:
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    typer.run(main)
