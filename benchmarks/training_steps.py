"""Pipelines that take one training step at a time, and batches of texts of a length, for aggregation_cost.py."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import spacy
from common import ROOT, read_labelled
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_config, registry
from stock_pipeline import LISTENER, stock_model
from thinc.api import fix_random_seed

from spacy_xner.annotations.examples import copy_tokens

DEFAULT_AGGREGATOR = {"@architectures": "spacy_xner.WeightedConcat.v1"}


@dataclass(frozen=True)
class Arm:
    """What is trained.

    aggregator (dict | None): its block in the config; None for the listener of spacy-transformers.
    wholly_stock (bool): spacy-transformers' model of the encoder too, with all that it does.
    """

    aggregator: dict[str, Any] | None = field(default_factory=lambda: dict(DEFAULT_AGGREGATOR))
    wholly_stock: bool = False


STOCK = Arm(None)


class Trainer:
    """A pipeline that can do one step at a time."""

    def __init__(self, arm: Arm, encoder: str, docs: list[Doc], seed: int = 0) -> None:
        fix_random_seed(seed)
        config = load_config(ROOT / "configs/xner.cfg", overrides={"paths.encoder": encoder}, interpolate=True)
        config["corpora"], config["training"]["before_to_disk"] = {}, None
        config["components"].pop("doc_cleaner")
        config["nlp"]["pipeline"].remove("doc_cleaner")
        model = config["components"][config["nlp"]["pipeline"][-1]]["model"]
        transformer = config["components"]["transformer"]
        if arm.aggregator is None:
            model["tok2vec"] = LISTENER
        else:
            model["tok2vec"]["aggregator"] = dict(arm.aggregator)
        if arm.wholly_stock:
            settings = {key: transformer["model"][key] for key in ("transformer_config", "grad_scaler_config")}
            transformer["model"] = {**stock_model(encoder, transformer["model"]["get_spans"]), **settings}
        self.nlp: Language = spacy.util.load_model_from_config(config, auto_fill=True)
        self.optimizer: Any = registry.resolve({"optimizer": config["training"]["optimizer"]})["optimizer"]
        self.nlp.initialize(lambda: [Example(self.nlp.make_doc(doc.text), doc) for doc in docs])

    def step(self, docs: list[Doc], clock: Callable[[], float] = time.perf_counter) -> float:
        """Seconds for one update, by a clock."""
        examples = [Example(copy_tokens(doc, self.nlp.vocab), doc) for doc in docs]
        start = clock()
        self.nlp.update(examples, sgd=self.optimizer, drop=0.0)
        return clock() - start


def read_corpus(seed: int = 0) -> list[Doc]:
    """The development sentences of the shipped corpus, languages mixed."""
    files = sorted(ROOT.glob("corpus/*/dev.txt"))
    docs = [doc for path in files for doc in read_labelled(path, path.parent.name)]
    random.Random(seed).shuffle(docs)
    return docs


def join_to_length(docs: list[Doc], n_words: int) -> list[Doc]:
    """Docs of exactly `n_words` words, of sentences joined one after the other."""
    words = [token.text for doc in docs for token in doc]
    tags = [f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for doc in docs for t in doc]
    vocab = docs[0].vocab  # each language was read with its own
    found = []
    for i in range(0, len(words) - n_words, n_words):
        first, *rest = tags[i : i + n_words]
        ents = [first.replace("I-", "B-"), *rest]  # the text may begin inside an entity
        found.append(Doc(vocab, words=words[i : i + n_words], ents=ents))
    return found


def make_batches(docs: list[Doc], words: int | None, batch_words: int, seed: int = 0) -> list[list[Doc]]:
    """Batches of about `batch_words` words, padding counted, in random order.

    words (int | None): length of each text; None for sentences as they are.
    """
    docs = docs if words is None else join_to_length(docs, words)
    batches: list[list[Doc]] = []
    for doc in sorted(docs, key=len):
        if not batches or (len(batches[-1]) + 1) * max(len(doc), 1) > batch_words:
            batches.append([])
        batches[-1].append(doc)
    full = [batch for batch in batches if len(batch) * len(batch[-1]) > 0.7 * batch_words]
    random.Random(seed).shuffle(full)
    return full
