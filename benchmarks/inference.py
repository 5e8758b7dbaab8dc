"""How many words a second does a pipeline read on a CPU: spacy-transformers' own against ours, on the same texts?

- stock: `spacy-transformers.TransformerModel.v3` with spaCy's `ner` on a `TransformerListener`. It runs as `spacy init
  config` sets it (`nlp.batch_size` 128, `max_batch_items` 4096), and at larger batches, which suit it better.
- ours: the pipeline of configs/xner.cfg, with the `inference` that its config says, and with each of the others that
  this processor does well.

Texts are CoNLL development sentences of German, Spanish and Dutch, in $XNER_DATA, with the words of the data, so that
both read the same tokens and no time goes into tokenisers. All arms run in turn, again and again; a speedup is the
median of the ratios within a turn. Macro-F1 is the mean of the three languages, exact entities.

Both pipelines come trained (`--stock DIR --ours DIR`), or are trained here on CoNLL English with the same encoder,
steps and seed (`--train-steps N`), and kept in `--work`. The stock one learns by this project's settings (the
encoder's smaller learning rate, word embeddings frozen), under which it scores better than under its own; then its
weights are put into a wholly stock pipeline, which is written to a folder and read again.

    XNER_DATA=DIR python benchmarks/inference.py --train-steps 400 [--limit 300] [--repeat 3] [--json FILE]
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
import srsly
import torch
from experiment import CONFIG, use_spacy_ner
from measuring_data import data_folder
from rich.table import Table
from spacy.cli.train import train
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config, load_model_from_config
from spacy_transformers.data_classes import HFObjects

from spacy_xner.cli.console import make_console
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs
from spacy_xner.encoders.precision import cpu_computes_bfloat16, cpu_computes_int8
from spacy_xner.files import atomic_path

LANGUAGES = ("de", "es", "nl")
STOCK_BATCH = 128
LARGE_BATCHES = (256, 1000)
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}


@dataclass
class Arm:
    """A pipeline, how it is run, and the words a second of each turn."""

    system: str
    setting: str
    nlp: Language
    batch_size: int
    inference: str | None = None
    speeds: list[float] = field(default_factory=list)
    f1: float = 0.0


def read_docs(limit: int) -> dict[str, list[Doc]]:
    folder = data_folder("conll")
    return {lang: list(islice(convert(folder / f"{lang}.dev.iob.gz", lang), limit)) for lang in LANGUAGES}


def convert(path: Path, lang: str) -> Iterator[Doc]:
    yield from convert_files([path], lang, Counter())


# Making both pipelines


def make_pipelines(work: Path, encoder: str, steps: int, seed: int) -> tuple[Path, Path]:
    """Train both, unless they are there already. RETURNS: the folders of stock and ours."""
    source, corpus = data_folder("conll"), work / "en.spacy"
    if not corpus.exists():
        write_docs(corpus, convert(source / "en.train.iob.gz", "en"))
    dev = work / "en.dev.spacy"
    if not dev.exists():
        write_docs(dev, islice(convert(source / "en.dev.iob.gz", "en"), 200))
    overrides = {
        "paths.encoder": encoder,
        "paths.train": str(corpus),
        "paths.dev": str(dev),
        "system.seed": seed,
        "training.max_steps": steps,
        "training.eval_frequency": steps,
    }
    folders = {}
    for name in ("stock-learner", "ours"):
        folder = work / f"{name}-{steps}-{seed}"
        config = load_config(CONFIG)
        if name == "stock-learner":
            use_spacy_ner(config, LISTENER)
            config["components"]["transformer"]["model"]["max_layers"] = None
            config["nlp"]["pipeline"].remove("doc_cleaner")
            del config["components"]["doc_cleaner"]
        if not (folder / "model-last").exists():
            with atomic_path(folder) as temporary:
                temporary.mkdir()
                config.to_disk(temporary / "config.cfg")
                train(temporary / "config.cfg", temporary, overrides=overrides)
        folders[name] = folder / "model-last"
    stock = work / f"stock-{steps}-{seed}"
    if not stock.exists():
        with atomic_path(stock) as temporary:
            to_stock(spacy.load(folders["stock-learner"])).to_disk(temporary)
    return stock, folders["ours"]


def to_stock(nlp: Language) -> Language:
    """The same weights in a pipeline that has nothing of this package but its tokenizer."""
    config = nlp.config.copy()
    config["nlp"]["batch_size"] = STOCK_BATCH
    settings = config["components"]["transformer"]["model"]
    config["components"]["transformer"]["max_batch_items"] = 4096
    config["components"]["transformer"]["model"] = {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": settings["name"],
        "get_spans": settings["get_spans"],
        "tokenizer_config": {"use_fast": True},
        "transformer_config": {},
        "mixed_precision": False,
        "grad_scaler_config": {},
    }
    stock: Any = load_model_from_config(config, auto_fill=True)
    hf: HFObjects = nlp.get_pipe("transformer").model.layers[0].shims[0]._hfmodel  # type: ignore[attr-defined]
    hf.transformer.config.output_hidden_states = False
    model = stock.get_pipe("transformer").model
    model.attrs["set_transformer"](model, hf)
    stock.get_pipe("ner").from_bytes(nlp.get_pipe("ner").to_bytes())  # type: ignore[attr-defined]
    return stock


# Measuring


@contextmanager
def computing_in(nlp: Language, setting: str | None) -> Iterator[None]:
    """Another `inference` than the one that the pipeline's config says; None leaves it."""
    if setting is None:
        yield
        return
    shim: Any = nlp.get_pipe("transformer").model.layers[0].shims[0]  # type: ignore[attr-defined]
    before, shim.inference = shim.inference, setting
    shim.forget_encoder()
    try:
        yield
    finally:
        shim.inference = before
        shim.forget_encoder()


def run(arm: Arm, gold: dict[str, list[Doc]]) -> tuple[float, float]:
    """Read all texts once. RETURNS: words a second, macro-F1 in points."""
    docs = [Doc(arm.nlp.vocab, words=[token.text for token in doc]) for of_lang in gold.values() for doc in of_lang]
    with computing_in(arm.nlp, arm.inference):
        list(arm.nlp.pipe([Doc(arm.nlp.vocab, words=["Berlin"])]))  # what is made at the first prediction
        start = time.perf_counter()
        read = list(arm.nlp.pipe(docs, batch_size=arm.batch_size))
        seconds = time.perf_counter() - start
    if [id(doc) for doc in read] != [id(doc) for doc in docs]:
        raise SystemExit(f"{arm.system} ({arm.setting}) gave the docs back in another order.")
    scores, start_doc = [], 0
    for of_lang in gold.values():
        scores.append(f1(read[start_doc : start_doc + len(of_lang)], of_lang))
        start_doc += len(of_lang)
    return sum(map(len, docs)) / seconds, statistics.mean(scores)


def f1(docs: list[Doc], gold: list[Doc]) -> float:
    """Exact entities of a language, in points."""
    right = found = wanted = 0
    for doc, reference in zip(docs, gold, strict=True):
        predicted, expected = ({(e.start, e.end, e.label_) for e in d.ents} for d in (doc, reference))
        right += len(predicted & expected)
        found += len(predicted)
        wanted += len(expected)
    return 200 * right / max(found + wanted, 1)


def make_arms(stock: Language, ours: Language) -> list[Arm]:
    setting = ours.get_pipe("transformer").model.layers[0].shims[0].inference  # type: ignore[attr-defined]
    arms = [Arm("stock", f"batch_size {size}", stock, size) for size in (stock.batch_size, *LARGE_BATCHES)]
    arms.append(Arm("ours", f"as configured: {setting}", ours, ours.batch_size))
    others = ["float32"]
    others += ["int8"] * cpu_computes_int8() + ["bfloat16"] * cpu_computes_bfloat16()
    return arms + [Arm("ours", other, ours, ours.batch_size, other) for other in others if other != setting]


def ratio(one: Arm, *others: Arm) -> float:
    """Median over the turns of one's speed over the best of the others' in that turn."""
    return statistics.median(
        speed / max(other.speeds[turn] for other in others) for turn, speed in enumerate(one.speeds)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stock", type=Path, help="folder of a trained stock pipeline")
    parser.add_argument("--ours", type=Path, help="folder of a trained pipeline of this package")
    parser.add_argument("--train-steps", type=int, help="make both, with this many steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--encoder", default="models/encoder")
    parser.add_argument("--work", type=Path, default=Path("training/inference"))
    parser.add_argument("--limit", type=int, default=300, help="sentences of each language")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    gold = read_docs(args.limit)
    if args.train_steps:
        args.stock, args.ours = make_pipelines(args.work, args.encoder, args.train_steps, args.seed)
    if not (args.stock and args.ours):
        parser.error("give --stock and --ours, or --train-steps")
    arms = make_arms(spacy.load(args.stock), spacy.load(args.ours))
    for _ in range(args.repeat):
        for arm in arms:
            speed, arm.f1 = run(arm, gold)
            arm.speeds.append(speed)

    words = sum(len(doc) for docs in gold.values() for doc in docs)
    title = f"{words} words of {', '.join(LANGUAGES)}, {args.repeat} turns, {torch.get_num_threads()} threads"
    table = Table(title=title, title_justify="left")
    for column in ("system", "setting", "words/s", "min-max", "over stock", "macro-F1"):
        table.add_column(column, justify="left" if column in ("system", "setting") else "right")
    stock, *larger = (arm for arm in arms if arm.system == "stock")
    ours = [arm for arm in arms if arm.system == "ours"]
    rows = []
    for arm in arms:
        speed, low, high = statistics.median(arm.speeds), min(arm.speeds), max(arm.speeds)
        over = ratio(arm, stock)
        table.add_row(arm.system, arm.setting, f"{speed:.0f}", f"{low:.0f}-{high:.0f}", f"{over:.2f}", f"{arm.f1:.2f}")
        row = {"system": arm.system, "setting": arm.setting, "batch_size": arm.batch_size}
        rows.append({**row, "words_per_second": speed, "min": low, "max": high, "over_stock": over, "macro_f1": arm.f1})
    make_console().print(table)
    exact = next(arm for arm in ours if "float32" in arm.setting)
    figures = {
        "speedup": ratio(ours[0], stock),
        "speedup_best_batch": ratio(ours[0], stock, *larger),
        "speedup_float32": ratio(exact, stock),
        "f1_difference": ours[0].f1 - stock.f1,
        "f1_difference_float32": ours[0].f1 - exact.f1,
    }
    make_console().print(", ".join(f"{name} {figure:.2f}" for name, figure in figures.items()))
    if args.json:
        with atomic_path(args.json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    main()
