"""The listener beside other components and encoders: stock, disabled, frozen, of another size."""

import warnings
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData

from spacy_xner.aggregation.listener import AllLayersListener
from spacy_xner.errors import XnerError

from .util import (
    STOCK_LISTENER,
    STOCK_TRANSFORMER,
    make_config,
    make_examples,
    make_pipeline,
    predict,
    train,
    with_xner,
)


def with_tagger(encoder: Path, pipeline: list[str]) -> Language:
    config = make_config(encoder)
    config["nlp"]["pipeline"] = ["transformer", *pipeline]
    config["components"]["senter"] = {
        "factory": "senter",
        "model": {"@architectures": "spacy.Tagger.v2", "tok2vec": STOCK_LISTENER},
    }
    return make_pipeline(config)


def examples_with_sentences(nlp: Language) -> list[spacy.training.Example]:
    examples = make_examples(nlp)
    for example in examples:
        for token in example.reference:
            token.is_sent_start = token.i == 0
    return examples


def test_stock_listener_after_ours(tiny_encoder: Path) -> None:
    nlp = with_tagger(tiny_encoder, ["ner", "senter"])
    losses: dict[str, float] = {}
    nlp.update(examples_with_sentences(nlp), sgd=nlp.resume_training(), losses=losses)
    assert losses["ner"] > 0
    assert losses["senter"] > 0


def test_stock_listener_before_ours_is_refused(tiny_encoder: Path) -> None:
    nlp = with_tagger(tiny_encoder, ["senter", "ner"])
    with pytest.raises(XnerError, match=r"before the other one in \[nlp\] pipeline"):
        nlp.update(examples_with_sentences(nlp), sgd=nlp.resume_training())


def test_stock_transformer_is_refused(tiny_encoder: Path) -> None:
    config = make_config(tiny_encoder, **{"components.transformer.model.@architectures": STOCK_TRANSFORMER})
    nlp = make_pipeline(config)
    with pytest.raises(XnerError, match=r"@architectures = \"spacy_xner.AllLayersTransformer.v1\""):
        nlp("Berlin")
    with pytest.raises(XnerError, match="AllLayersTransformer"):
        train(nlp, steps=1)


def test_stock_listener_before_ours_in_another_error(tiny_encoder: Path) -> None:
    """An IndexError of other code says what it says."""
    listener = AllLayersListener("*")

    def fail(d_outputs: list[TransformerData]) -> None:
        raise IndexError("of other code")

    listener.receive(0, [], fail)
    with pytest.raises(IndexError, match="of other code"):
        listener.backprop_and_clear([])


def test_disabled_transformer(tiny_encoder: Path) -> None:
    """Zeros in place of vectors, with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none while it is initialised
        nlp = make_pipeline(make_config(tiny_encoder))
    with nlp.select_pipes(disable=["transformer"]), pytest.warns(UserWarning, match="no transformer has read"):
        assert len(nlp("Berlin and Paris")) == 3
    with pytest.warns(UserWarning, match="it predicts from zeros"):
        nlp.get_pipe("ner")(Doc(nlp.vocab, words=["Berlin"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.get_pipe("ner")(Doc(nlp.vocab))
        nlp("")
    nlp("Berlin")  # and its dimensions are still free to be settled


@pytest.mark.parametrize("listener", ["ours", "stock"])
@pytest.mark.parametrize("transformer", ["ours", "stock"])
def test_listener_behind_doc_cleaner_is_refused(tiny_encoder: Path, listener: str, transformer: str) -> None:
    config = make_config(tiny_encoder)
    if listener == "stock":
        config["components"]["ner"]["model"]["tok2vec"] = STOCK_LISTENER
    if transformer == "stock":
        config["components"]["transformer"]["model"]["@architectures"] = STOCK_TRANSFORMER
    nlp = make_pipeline(with_xner(config))
    nlp.add_pipe("doc_cleaner", before="xner")
    for read in (nlp, lambda text: list(nlp.pipe(["", text]))):
        with pytest.raises(XnerError, match=r'nlp\.add_pipe\("xner", before="doc_cleaner"\)'):
            read("Berlin and Paris")
    assert not nlp("").ents
    nlp.remove_pipe("doc_cleaner")
    nlp.add_pipe("doc_cleaner")
    if (listener, transformer) != ("ours", "stock"):  # which is refused, wherever doc_cleaner is
        train(nlp, steps=1)
        assert nlp("Berlin")._.trf_data is None


def test_frozen_transformer(tiny_encoder: Path) -> None:
    """A transformer that annotates but is not updated leaves its output on the docs."""
    nlp = make_pipeline(make_config(tiny_encoder))
    optimizer = nlp.resume_training()
    losses: dict[str, float] = {}
    nlp.update(make_examples(nlp), sgd=optimizer, losses=losses, exclude=["transformer"], annotates=["transformer"])
    assert losses["ner"] > 0


def test_encoder_of_another_size_is_refused(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder))
    predict(nlp)
    doc = nlp.make_doc("Berlin")
    nlp.get_pipe("transformer")(doc)
    doc._.trf_data.model_output["xner_layers"].pop()
    with pytest.raises(XnerError, match="made for 4 layers of width 32; the encoder gives 3"):
        nlp.get_pipe("ner")(doc)


def test_replacing_a_stock_listener_is_refused(tiny_encoder: Path) -> None:
    nlp = with_tagger(tiny_encoder, ["ner", "senter"])
    with pytest.raises(XnerError, match=r"only spacy_xner\.LayerAggregationListener\.v1 can"):
        nlp.replace_listeners("transformer", "senter", ["model.tok2vec"])
