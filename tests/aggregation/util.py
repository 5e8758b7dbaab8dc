"""The pipeline config of the aggregation tests, and helpers."""

from pathlib import Path
from typing import Any

import numpy
import spacy
import torch
from spacy.language import Language
from spacy.training import Example
from thinc.api import Config, Model, fix_random_seed

LAST_LAYER, SCALAR_MIX, WEIGHTED_CONCAT, LAYER_ATTENTION = AGGREGATORS = [
    "spacy_xner.LastLayer.v1",
    "spacy_xner.ScalarMix.v1",
    "spacy_xner.WeightedConcat.v1",
    "spacy_xner.LayerAttention.v1",
]
WEIGHTED = [SCALAR_MIX, WEIGHTED_CONCAT]  # with one weight for each layer, the same for all texts
TOK2VEC = "components.ner.model.tok2vec"

CONFIG = """
[nlp]
lang = "xx"
pipeline = ["transformer","ner"]

[components]

[components.transformer]
factory = "transformer"

[components.transformer.model]
@architectures = "spacy_xner.AllLayersTransformer.v1"

[components.transformer.model.get_spans]
@span_getters = "spacy-transformers.strided_spans.v1"
window = 8
stride = 6

[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"
state_type = "ner"
extra_state_tokens = false
hidden_width = 16
maxout_pieces = 2
use_upper = false

[components.ner.model.tok2vec]
@architectures = "spacy_xner.LayerAggregationListener.v1"

[components.ner.model.tok2vec.aggregator]

[components.ner.model.tok2vec.pooling]
@layers = "reduce_mean.v1"
"""

STOCK_LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}
STOCK_TRANSFORMER = "spacy-transformers.TransformerModel.v3"

TEXTS = [
    ("Angela Merkel visited Paris .", [(0, 13, "PER"), (22, 27, "LOC")]),
    ("", []),
    ("Berlin", [(0, 6, "LOC")]),
    ("Nothing was there on that day in the house near the old river bank and so on .", []),
    ("London and Paris", [(0, 6, "LOC"), (11, 16, "LOC")]),
]


def make_config(encoder: Path, aggregator: str = WEIGHTED_CONCAT, /, **overrides: Any) -> Config:
    """The config above with an encoder, an aggregator and dotted overrides."""
    changes = {
        "components.transformer.model.name": str(encoder),
        "components.ner.model.tok2vec.aggregator.@architectures": aggregator,
    }
    config = Config().from_str(CONFIG)
    for key, value in {**changes, **overrides}.items():
        *path, last = key.split(".")
        section = config
        for part in path:
            section = section[part]
        section[last] = value
    return config


def with_xner(config: Config) -> Config:
    """The same config with this package's recogniser on the listener instead of spaCy's."""
    tok2vec = config["components"].pop("ner")["model"]["tok2vec"]
    model = {"@architectures": "spacy_xner.TokenClassifier.v1", "tok2vec": tok2vec}
    config["components"]["xner"] = {"factory": "xner", "model": model}
    config["nlp"]["pipeline"] = ["transformer", "xner"]
    return config


def make_examples(nlp: Language) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(text), {"entities": entities}) for text, entities in TEXTS]


def make_pipeline(config: Config) -> Language:
    """A pipeline of the config, initialised but not trained."""
    fix_random_seed(0)
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    nlp.initialize(lambda: make_examples(nlp))
    return nlp


def train(nlp: Language, steps: int = 8, learn_rate: float = 0.01) -> None:
    optimizer = nlp.resume_training()
    optimizer.learn_rate = learn_rate
    for _ in range(steps):
        nlp.update(make_examples(nlp), sgd=optimizer)


def predict(nlp: Language) -> list[list[tuple[int, int, str]]]:
    docs = nlp.pipe([text for text, _ in TEXTS])
    return [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in docs]


def torch_encoder(nlp: Language) -> torch.nn.Module:
    return nlp.get_pipe("transformer").model.transformer  # type: ignore[attr-defined]


def tok2vec_of(nlp: Language) -> Model:
    return nlp.get_pipe("ner").model.get_ref("tok2vec").layers[0]  # type: ignore[attr-defined]


def run_backward(nlp: Language, texts: list[str]) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    """One forward and backward pass of transformer and listener; the outputs and the gradients put on them."""
    docs = [nlp.make_doc(text) for text in texts]
    transformer = nlp.get_pipe("transformer")
    examples = [spacy.training.Example(doc, doc) for doc in docs]
    transformer.update(examples, drop=0.0)  # type: ignore[attr-defined]
    vectors, backprop = tok2vec_of(nlp)(docs, is_train=True)
    random = numpy.random.default_rng(0)
    gradients = [random.normal(size=v.shape).astype("f") for v in vectors]
    backprop([g.copy() for g in gradients])
    return vectors, gradients
