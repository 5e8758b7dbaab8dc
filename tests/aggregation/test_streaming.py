"""Layers are encoded, combined and forgotten batch by batch; other readers of a doc get them all."""

import copy
import gc
import itertools
import pickle
import weakref
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from numpy.testing import assert_allclose
from spacy import registry
from spacy.language import Language
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData

from spacy_xner.aggregation import streaming
from spacy_xner.encoders import deferred, inference
from spacy_xner.encoders.deferred import DeferredData
from spacy_xner.encoders.packed import PackedEncoder
from spacy_xner.errors import XnerError

from .test_gradients import POOLINGS
from .util import (
    AGGREGATORS,
    LAYER_ATTENTION,
    STOCK_LISTENER,
    TOK2VEC,
    WEIGHTED_CONCAT,
    make_config,
    make_pipeline,
    predict,
    tok2vec_of,
    train,
)

TEXTS = [
    "Angela Merkel visited Paris .",
    "",
    "Berlin  \n and Paris",
    "  ",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "ab" * 20 + " Berlin " + "cd" * 20 + " visited " + "ef" * 20,
    "London",
]


def read(nlp: Language, texts: list[str] = TEXTS) -> list[Doc]:
    """Docs that the transformer has read, each component after it has not."""
    return list(nlp.get_pipe("transformer").pipe(map(nlp.make_doc, texts)))  # type: ignore[attr-defined]


def data_of(docs: list[Doc]) -> list[DeferredData]:
    return [doc._.trf_data for doc in docs if isinstance(doc._.trf_data, DeferredData)]


def readers_of(nlp: Language) -> Any:
    return nlp.get_pipe("transformer").model.readers  # type: ignore[attr-defined]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the spans of a doc are in several batches."""
    monkeypatch.setattr(inference, "BATCH_PIECES", 40)


@pytest.fixture(scope="module", params=[(name, None) for name in AGGREGATORS] + [(WEIGHTED_CONCAT, [0, 2])], ids=str)
def randomised(tiny_encoder: Path, request: pytest.FixtureRequest) -> Language:
    """A pipeline of each aggregator, with random parameters: zeros would hide differences."""
    aggregator, layers = request.param
    nlp = make_pipeline(
        make_config(tiny_encoder, aggregator, **({f"{TOK2VEC}.aggregator.layers": layers} if layers else {}))
    )
    predict(nlp)
    for node in tok2vec_of(nlp).walk():
        for name in node.param_names:
            values: Any = numpy.random.default_rng(0).normal(size=node.get_param(name).shape, scale=0.3)
            node.set_param(name, values.astype("f"))
    return nlp


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("pooling", POOLINGS)
def test_vectors_are_those_of_layers_in_memory(randomised: Language, pooling: str) -> None:
    """Overlapping spans, split spans, white space, empty docs."""
    nlp = randomised
    tok2vec_of(nlp).layers[1].layers[1] = registry.resolve({"pooling": {"@layers": pooling}})["pooling"]
    readers_of(nlp).several = False
    docs = read(nlp)
    assert len(data_of(docs)) == 6
    streamed = tok2vec_of(nlp).predict(docs)
    assert not any(data.is_computed for data in data_of(docs))
    for data in data_of(docs):
        assert data.model_output["last_hidden_state"].ndim == 3
    kept = tok2vec_of(nlp).predict(docs)
    assert [len(vectors) for vectors in streamed] == [len(doc) for doc in docs]
    for one, other in zip(streamed, kept, strict=True):
        assert_allclose(one, other, atol=1e-4)


@pytest.mark.usefixtures("small_batches")
def test_layers_are_forgotten(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the layers of the batches that are computed at this moment are in memory."""
    nlp = make_pipeline(make_config(tiny_encoder))
    alive: list[weakref.ref[numpy.ndarray]] = []
    counts: list[int] = []
    stock = streaming.TokenVectors.add

    def counted(self: Any, number: int, layers: Any) -> None:
        alive.extend(map(weakref.ref, layers))
        counts.append(sum(reference() is not None for reference in alive))
        stock(self, number, layers)

    monkeypatch.setattr(streaming.TokenVectors, "add", counted)
    tok2vec_of(nlp).predict(read(nlp, TEXTS * 20))
    assert len(counts) > 30
    assert max(counts) <= 4 * (torch.get_num_threads() + 1)


@pytest.mark.usefixtures("small_batches")
def test_free_memory_is_released_now_and_then(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setattr(streaming, "release_memory", lambda: calls.append(None))
    monkeypatch.setattr(streaming, "_batches_added", itertools.count(1))
    nlp = make_pipeline(make_config(tiny_encoder))
    docs = read(nlp, TEXTS * 20)
    n_batches = len(inference.make_batches([len(found) for data in data_of(docs) for found in data.pieces], 1))
    tok2vec_of(nlp).predict(docs)
    assert len(calls) >= n_batches // streaming.BATCHES_PER_RELEASE > 1


def test_layers_above_those_that_are_read_are_not_computed(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{TOK2VEC}.aggregator.layers": [0, -3]}))
    computed: list[int] = []
    stock = PackedEncoder.__call__

    def counted(self: Any, batch: Any, n_layers: int | None = None) -> Any:
        layers = stock(self, batch, n_layers)
        computed.append(len(layers))
        return layers

    monkeypatch.setattr(PackedEncoder, "__call__", counted)
    nlp("Angela Merkel visited Paris .")
    assert computed == [2]


def test_a_kept_doc_does_not_keep_its_batch(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder))
    docs = read(nlp, ["Berlin", "Paris", "London"] * 3)
    others = [weakref.ref(doc._.trf_data) for doc in docs[1:]]
    data = docs[0]._.trf_data
    del docs
    gc.collect()
    assert not any(reference() for reference in others)
    assert len(data.source.neighbours(data)) == 1
    docs = [*read(nlp, ["Berlin", "Paris"])]
    output = docs[0]._.trf_data.model_output
    assert docs[1]._.trf_data.is_computed  # docs that were read together are computed together
    for layer in [output["last_hidden_state"], *output["xner_layers"]]:
        assert layer.base is None
        assert layer.size == layer.shape[1] * 32


def test_neighbours_are_limited(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred, "KEPT_PIECES", 12)
    nlp = make_pipeline(make_config(tiny_encoder))
    docs = read(nlp, ["Berlin"] * 6)  # 3 pieces each
    docs[4]._.trf_data.model_output  # noqa: B018  (reading it computes)
    assert [doc._.trf_data.is_computed for doc in docs] == [True, True, False, False, True, True]


def with_two_listeners(encoder: Path, second: dict[str, Any] | None = None) -> Language:
    config = make_config(encoder)
    config["nlp"]["pipeline"] = ["transformer", "ner", "tagger"]
    tok2vec = second or copy.deepcopy(config["components"]["ner"]["model"]["tok2vec"])
    model = {"@architectures": "spacy.Tagger.v2", "tok2vec": tok2vec}
    config["components"]["tagger"] = {"factory": "senter", "model": model}
    return make_pipeline(config)


@pytest.mark.parametrize("second", [None, STOCK_LISTENER], ids=["ours", "stock"])
def test_several_listeners(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch, second: Any) -> None:
    """The first batch is computed for each, later ones once, where they are small; with the same results."""
    nlp = with_two_listeners(tiny_encoder, second)
    runs: list[int] = []
    stock = PackedEncoder.__call__

    def counted(self: Any, batch: Any, n_layers: int | None = None) -> Any:
        runs.append(len(batch.ids))
        return stock(self, batch, n_layers)

    monkeypatch.setattr(PackedEncoder, "__call__", counted)
    vectors = []
    tagger: Any = nlp.get_pipe("tagger")
    for expected in (2, 1, 1):
        runs.clear()
        doc = nlp("Angela Merkel visited Paris .")
        assert len(runs) == expected
        vectors.append([*tok2vec_of(nlp).predict([doc]), *tagger.model.get_ref("tok2vec").predict([doc])])
    for other in vectors[1:]:
        for one, two in zip(vectors[0], other, strict=True):
            assert_allclose(one, two, atol=1e-5)
    monkeypatch.setattr(streaming, "KEPT_PIECES", 3)
    runs.clear()
    assert not nlp("Berlin and London").has_annotation("TAG")
    assert len(runs) == 2


def test_changed_weights_are_refused(tiny_encoder: Path) -> None:
    """Vectors of other weights would be wrong without a sign."""
    nlp = make_pipeline(make_config(tiny_encoder))
    before, computed = read(nlp, ["Berlin", "Paris"]), read(nlp, ["Berlin"])
    expected = numpy.array(computed[0]._.trf_data.model_output["last_hidden_state"])
    train(nlp, steps=1)
    with pytest.raises(XnerError, match="trained or replaced after it had read this doc"):
        before[0]._.trf_data.model_output  # noqa: B018
    with pytest.raises(XnerError, match="Run the transformer on the doc again"):
        tok2vec_of(nlp).predict(before)
    assert (computed[0]._.trf_data.model_output["last_hidden_state"] == expected).all()
    nlp.get_pipe("transformer")(before[0])
    assert tok2vec_of(nlp).predict(before[:1])[0].any()
    with pytest.raises(XnerError, match="Run the transformer on the doc again"):
        tok2vec_of(nlp).predict([*read(nlp, ["London"]), before[1]])


def test_copies(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder))
    (doc,) = read(nlp, ["Angela Merkel visited Paris ."])
    copied = doc.copy()
    deep = copy.deepcopy(doc._.trf_data)
    assert isinstance(deep, DeferredData)
    assert not deep.is_computed
    made = [
        deep,
        copied._.trf_data,
        pickle.loads(pickle.dumps(doc._.trf_data)),
        TransformerData.empty().from_bytes(doc._.trf_data.to_bytes()),
        Doc(nlp.vocab).from_bytes(doc.to_bytes())._.trf_data,
    ]
    assert [type(each) for each in made[2:]] == [TransformerData] * 3
    expected = doc._.trf_data
    for each in made:
        assert_allclose(each.model_output["last_hidden_state"], expected.model_output["last_hidden_state"], atol=1e-6)
        assert each.wordpieces.strings == expected.wordpieces.strings
        assert (each.align.dataXd == expected.align.dataXd).all()
        assert each.width == 32


def test_replaced_listeners_forget_layers_too(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, LAYER_ATTENTION))
    docs = [nlp.make_doc(text) for text in TEXTS]
    predict(nlp)
    expected = tok2vec_of(nlp).predict(read(nlp))
    nlp.replace_listeners("transformer", "ner", ["model.tok2vec"])
    tok2vec: Any = nlp.get_pipe("ner").model.get_ref("tok2vec").layers[0]  # type: ignore[attr-defined]
    for one, other in zip(tok2vec.predict(docs), expected, strict=True):
        assert_allclose(one, other, atol=1e-4)


def test_encoder_of_another_size_is_refused(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder))
    predict(nlp)
    other = make_pipeline(make_config(tiny_encoder, **{"components.transformer.model.max_layers": 2}))
    docs = read(other, ["Berlin"])
    with pytest.raises(XnerError, match="made for 4 layers of width 32; the encoder gives 3"):
        tok2vec_of(nlp).predict(docs)


@pytest.mark.parametrize("aggregator", [WEIGHTED_CONCAT, LAYER_ATTENTION])
def test_a_doc_does_not_depend_on_others(tiny_encoder: Path, aggregator: str) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, aggregator))
    docs = read(nlp, TEXTS * 5)
    together = tok2vec_of(nlp).predict(docs)
    for text, vectors in zip(TEXTS, together, strict=False):
        (alone,) = tok2vec_of(nlp).predict(read(nlp, [text]))
        assert_allclose(alone, vectors, atol=1e-4)
