"""The pipelines whose speed inference.py compares, and their training on CoNLL English.

Both are trained with the same encoder, steps and seed. The stock one is trained with this project's settings (the
encoder's smaller learning rate, word embeddings frozen), with which it scores better than with its own. Its weights are
then put into a pipeline of spaCy and spacy-transformers alone, which is written to a folder and loaded again.
"""

from dataclasses import dataclass, field
from pathlib import Path

import spacy
from common import ROOT, read_labelled
from spacy.cli.train import train
from spacy.language import Language
from spacy.util import load_config
from stock_pipeline import LISTENER, encoder_shim, to_stock

from spacy_xner.corpus.docs import write_docs
from spacy_xner.encoders import resolve_encoder
from spacy_xner.encoders.precision import cpu_computes_bfloat16, cpu_computes_int8
from spacy_xner.files import atomic_path

DEV_SENTENCES = 200
LARGE_BATCHES = (256, 1000)


@dataclass
class System:
    """A pipeline, how it is run, and the words a second of each turn."""

    name: str
    setting: str
    nlp: Language
    batch_size: int
    inference: str | None = None
    speeds: list[float] = field(default_factory=list)
    f1: float = 0.0


def list_systems(stock: Path, ours: Path, ner: Path | None) -> list[System]:
    """All systems, the stock pipelines first."""
    nlp, own = spacy.load(stock), spacy.load(ours)
    systems = [System("stock", f"batch_size {size}", nlp, size) for size in (nlp.batch_size, *LARGE_BATCHES)]
    setting = encoder_shim(own).inference
    systems.append(System("ours", f"as configured: {setting}", own, own.batch_size))
    others = ["float32"] + ["int8"] * cpu_computes_int8() + ["bfloat16"] * cpu_computes_bfloat16()
    systems += [System("ours", other, own, own.batch_size, other) for other in others if other != setting]
    if ner:
        pipeline = spacy.load(ner)
        setting = encoder_shim(pipeline).inference
        systems.append(System("ours with ner", f"as configured: {setting}", pipeline, pipeline.batch_size))
    return systems


def make_pipelines(conll: Path, work: Path, encoder: str, steps: int, seed: int) -> tuple[Path, Path]:
    """Train both, unless they are there already. RETURNS: the folders of stock and ours."""
    corpus, dev = work / "en.spacy", work / "en.dev.spacy"
    if not corpus.exists():
        write_docs(corpus, read_labelled(conll / "en.train.iob.gz", "en"))
    if not dev.exists():
        write_docs(dev, read_labelled(conll / "en.dev.iob.gz", "en", DEV_SENTENCES))
    overrides = {
        "paths.encoder": resolve_encoder(encoder),
        "paths.train": str(corpus),
        "paths.dev": str(dev),
        "system.seed": seed,
        "training.max_steps": steps,
        "training.eval_frequency": steps,
    }
    folders = {}
    for name in ("stock-learner", "ours"):
        folder = work / f"{name}-{steps}-{seed}"
        folders[name] = folder / "model-last"
        if folders[name].exists():
            continue
        config = load_config(ROOT / "configs/xner.cfg")
        if name == "stock-learner":
            config = load_config(ROOT / "configs/studies/training/ner.cfg")
            config["components"]["ner"]["model"]["tok2vec"] = LISTENER
            config["components"]["transformer"]["model"]["max_layers"] = None
            config["nlp"]["pipeline"].remove("doc_cleaner")
            del config["components"]["doc_cleaner"]
        with atomic_path(folder) as temporary:
            temporary.mkdir()
            config.to_disk(temporary / "config.cfg")
            train(temporary / "config.cfg", temporary, overrides=overrides)
    stock = work / f"stock-{steps}-{seed}"
    if not stock.exists():
        with atomic_path(stock) as temporary:
            to_stock(spacy.load(folders["stock-learner"])).to_disk(temporary)
    return stock, folders["ours"]
