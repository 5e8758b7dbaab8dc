"""The pipelines of spacy-transformers that ours are compared with, and settings of a pipeline's encoder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import load_model_from_config

from spacy_xner.compat import get_encoder_shim, set_encoder

STOCK_BATCH, STOCK_MAX_ITEMS = 128, 4096  # as `spacy init config` sets them
LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}
NER_MODEL = {"@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner", "tok2vec": LISTENER}
WINDOWS = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 128, "stride": 96}


def stock_model(encoder: str, get_spans: dict[str, Any] | None = None) -> dict[str, Any]:
    """The config of spacy-transformers' model of an encoder."""
    return {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": encoder,
        "get_spans": get_spans or WINDOWS,
        "tokenizer_config": {"use_fast": True},
        "transformer_config": {},
        "mixed_precision": False,
        "grad_scaler_config": {},
    }


def make_untrained(encoder: str, folder: Path) -> Path:
    """Write a stock pipeline with an encoder, not trained."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("transformer", config={"model": stock_model(encoder)})
    nlp.add_pipe("ner", config={"model": NER_MODEL})
    example = Example.from_dict(nlp.make_doc("Berlin"), {"entities": [(0, 6, "LOC")]})
    nlp.initialize(lambda: [example])
    nlp.to_disk(folder)
    return folder


def to_stock(nlp: Language) -> Language:
    """The weights of a pipeline with `ner` on a stock listener, in a pipeline of spacy-transformers and spaCy alone.

    Its tokenizer stays that of this package.
    """
    config = nlp.config.copy()
    config["nlp"]["batch_size"] = STOCK_BATCH
    settings = config["components"]["transformer"]
    settings["max_batch_items"] = STOCK_MAX_ITEMS
    settings["model"] = stock_model(settings["model"]["name"], settings["model"]["get_spans"])
    stock = load_model_from_config(config, auto_fill=True)
    replace_encoder(stock, nlp)
    stock.get_pipe("ner").from_bytes(nlp.get_pipe("ner").to_bytes())  # type: ignore[attr-defined]
    return stock


def encoder_shim(nlp: Language) -> Any:
    """The shim of the transformer component: it holds the encoder."""
    return get_encoder_shim(nlp.get_pipe("transformer").model)  # type: ignore[attr-defined]


def replace_encoder(stock: Language, nlp: Language) -> None:
    """Give a stock pipeline the encoder of another one."""
    encoder = encoder_shim(nlp)._hfmodel
    encoder.transformer.config.output_hidden_states = False
    set_encoder(stock.get_pipe("transformer").model, encoder)  # type: ignore[attr-defined]


@contextmanager
def computing_in(nlp: Language, inference: str | None) -> Iterator[None]:
    """Use another `inference` than the one in the config of one of our pipelines; None changes nothing."""
    if inference is None:
        yield
        return
    shim = encoder_shim(nlp)
    before, shim.inference = shim.inference, inference
    shim.forget_encoder()
    try:
        yield
    finally:
        shim.inference = before
        shim.forget_encoder()
