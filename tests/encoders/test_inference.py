"""Prediction on a CPU: equal to spacy-transformers' forward pass, independent of the batch, in every precision."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import srsly
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from spacy.language import Language
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers.transformer_model import forward as stock_forward

from spacy_xner.encoders import precision
from spacy_xner.encoders.inference import BATCH_PIECES, make_batches
from spacy_xner.encoders.outputs import layers_of
from spacy_xner.encoders.packed import Batch, PackedEncoder, PaddedEncoder, can_pack, make_encoder, positions_of
from spacy_xner.errors import XnerError

from ..aggregation.util import STOCK_LISTENER, STOCK_TRANSFORMER, make_config, make_pipeline, train

MODEL = "components.transformer.model"
TEXTS = [
    "Angela Merkel visited Paris .",
    "",
    "   ",
    "Berlin",
    "one two  three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "Nairobi-Berlin(Paris)\n\nLondon ",
    "e\u0301 👩‍👩‍👧‍👦 北京",
    "[PAD] and [SEP] in a text",
    "x" * 200,
]

int8 = pytest.param(
    "int8", marks=pytest.mark.skipif(not precision.cpu_computes_int8(), reason="torch has no int8 here")
)
PRECISIONS = ["float32", "bfloat16", int8]


@pytest.fixture(scope="module")
def nlp(tiny_encoder: Path) -> Language:
    return make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1"))


def shim_of(nlp: Language) -> Any:
    return nlp.get_pipe("transformer").model.layers[0].shims[0]  # type: ignore[attr-defined]


def data_of(nlp: Language, docs: list[Doc]) -> list[TransformerData]:
    return nlp.get_pipe("transformer").model.predict(docs).doc_data  # type: ignore[attr-defined]


def stock_data_of(nlp: Language, docs: list[Doc]) -> list[TransformerData]:
    """What spacy-transformers' own forward function gives, all layers included."""
    model = nlp.get_pipe("transformer").model  # type: ignore[attr-defined]
    return stock_forward(model, docs, is_train=False)[0].doc_data


def pieces(data: TransformerData) -> numpy.ndarray:
    """The word pieces that the tokens are aligned to, by number."""
    return numpy.asarray(data.align.dataXd)


def arrays(data: TransformerData) -> list[numpy.ndarray]:
    """All layers' vectors as numpy's arrays, which thinc's types are not."""
    return [numpy.asarray(layer) for layer in layers_of(data) or []]


def token_vectors(data: TransformerData, layer: int) -> list[numpy.ndarray]:
    """The word pieces' vectors of each token, in the order of the alignment."""
    if not (every := arrays(data)):
        return []
    rows = every[layer].reshape(-1, data.width)[pieces(data)]
    return numpy.split(rows, numpy.cumsum(numpy.asarray(data.align.lengths))[:-1])


def test_equals_the_stock_pass(nlp: Language) -> None:
    """Vectors, alignment, strings and lengths, with strided, empty, over-long and white-space docs in one batch."""
    docs = [nlp.make_doc(text) for text in TEXTS]
    for doc, ours, stock in zip(docs, data_of(nlp, docs), stock_data_of(nlp, docs), strict=True):
        assert_array_equal(ours.align.lengths, stock.align.lengths)
        assert ours.align.lengths.dtype == ours.align.dataXd.dtype == "int32"
        assert len(ours.wordpieces) == len(stock.wordpieces)
        if not len(doc):
            continue
        for layer in range(4):
            for one, other in zip(token_vectors(ours, layer), token_vectors(stock, layer), strict=True):
                assert_allclose(one, other, atol=1e-4)
        for i, length in enumerate(ours.wordpieces.lengths):
            assert ours.wordpieces.strings[i][:length] == stock.wordpieces.strings[i][:length]
            assert_array_equal(ours.wordpieces.input_ids[i, :length], stock.wordpieces.input_ids[i, :length])
            assert_array_equal(
                ours.wordpieces.attention_mask[i], [1] * length + [0] * (ours.wordpieces.input_ids.shape[1] - length)
            )
        assert ours.model_output["last_hidden_state"].shape == (*ours.wordpieces.input_ids.shape, ours.width)
        assert TransformerData.empty().from_bytes(ours.to_bytes()).align.lengths.tolist() == ours.align.lengths.tolist()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.text("aBé北\u0301- .[", min_size=1, max_size=5), st.booleans()), max_size=25), max_size=4
    )
)
def test_aligns_as_the_stock_pass(nlp: Language, contents: list[list[tuple[str, bool]]]) -> None:
    """Random words, with and without spaces between them, including tokens that start within a piece."""
    docs = [
        Doc(nlp.vocab, words=[word for word, _ in words], spaces=[space for _, space in words]) for words in contents
    ]
    if not any(len(doc) for doc in docs):
        return
    for ours, stock in zip(data_of(nlp, docs), stock_data_of(nlp, docs), strict=True):
        assert_array_equal(ours.align.lengths, stock.align.lengths)
        ours_strings = [string for row in ours.wordpieces.strings for string in row]
        stock_strings = [string for row in stock.wordpieces.strings for string in row]
        assert [ours_strings[int(i)] for i in pieces(ours)] == [stock_strings[int(i)] for i in pieces(stock)]


def test_stock_listeners_read_it(tiny_encoder: Path) -> None:
    """A stock listener on this transformer predicts what it does on the stock one with the same weights."""
    config = make_config(tiny_encoder)
    config["components"]["ner"]["model"]["tok2vec"] = STOCK_LISTENER
    ours = make_pipeline(config)
    config[MODEL.split(".")[0]]["transformer"]["model"]["@architectures"] = STOCK_TRANSFORMER
    stock = make_pipeline(config)
    docs = [ours.make_doc(text) for text in TEXTS]
    for nlp in (ours, stock):
        for doc in docs:
            doc._.trf_data = None
        docs = list(nlp.get_pipe("transformer").pipe(docs))  # type: ignore[attr-defined]
        vectors = nlp.get_pipe("ner").model.get_ref("tok2vec").predict(docs)  # type: ignore[attr-defined]
        if nlp is ours:
            expected = vectors
    for one, other in zip(vectors, expected, strict=True):
        assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("setting", PRECISIONS)
def test_does_not_depend_on_the_batch(nlp: Language, setting: str) -> None:
    """A doc alone and in a batch: equal within 1e-4 in float32, within a few steps of rounding in the others."""
    shim = shim_of(nlp)
    shim.inference, before = setting, shim.inference
    shim.forget_encoder()
    try:
        docs = [nlp.make_doc(text) for text in TEXTS if text] * 30
        together = data_of(nlp, docs)
        for doc, data in zip(docs[: len(TEXTS)], together, strict=False):
            (alone,) = data_of(nlp, [doc])
            one, other = alone.model_output["last_hidden_state"], data.model_output["last_hidden_state"]
            assert_allclose(one, other, atol=1e-4 if setting == "float32" else 0.05)
    finally:
        shim.inference = before
        shim.forget_encoder()


@pytest.mark.parametrize(
    ("setting", "tolerance"), [("bfloat16", 0.05), ("auto", 0.05), pytest.param("int8", 0.1, marks=int8.marks)]
)
def test_precisions_are_near(tiny_encoder: Path, setting: str, tolerance: float) -> None:
    exact = make_pipeline(make_config(tiny_encoder))
    fast = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.inference": setting}))
    docs = [exact.make_doc(text) for text in TEXTS]
    for one, other in zip(data_of(exact, docs), data_of(fast, docs), strict=True):
        for a, b in zip(arrays(one), arrays(other), strict=True):
            assert numpy.linalg.norm(a - b) < tolerance * numpy.linalg.norm(a)
    assert fast.config["components"]["transformer"]["model"]["inference"] == setting


def test_follows_the_weights(tiny_encoder: Path) -> None:
    """The encoder for predictions is made again after training, averaging, loading, and changes by hand."""
    if not precision.cpu_computes_int8():
        pytest.skip("torch has no int8 here")
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.inference": "int8"}))
    doc = nlp.make_doc(TEXTS[0])

    def vector() -> numpy.ndarray:
        return numpy.array(data_of(nlp, [doc])[0].model_output["last_hidden_state"])

    first, before = vector(), nlp.to_bytes()
    shim = shim_of(nlp)
    weight = shim._model.encoder.layer[0].output.dense.weight
    with nlp.get_pipe("transformer").model.use_params(  # type: ignore[attr-defined]
        {(shim.id, name): value.numpy() * 1.5 for name, value in shim._model.state_dict().items()}
    ):
        assert numpy.abs(vector() - first).max() > 0.01
    assert_allclose(vector(), first)
    with torch.no_grad():
        weight.mul_(1.5)
    by_hand = vector()
    assert numpy.abs(by_hand - first).max() > 0.01
    train(nlp, steps=3)
    assert numpy.abs(vector() - by_hand).max() > 0.001
    nlp.from_bytes(before)
    assert_allclose(vector(), first, atol=1e-5)


def test_is_not_kept_anywhere(tiny_encoder: Path, tmp_path: Path) -> None:
    """Neither files nor copies have the quantised weights, which share the embeddings."""
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.inference": "auto"}))
    shim = shim_of(nlp)
    before = srsly.msgpack_loads(shim.to_bytes())["state"]
    nlp(TEXTS[0])
    assert shim._encoder is not None
    assert srsly.msgpack_loads(shim.to_bytes())["state"] == before
    for copied in (copy.deepcopy(shim), pickle.loads(pickle.dumps(shim.__getstate__()))):
        assert (copied["_encoder"] if isinstance(copied, dict) else copied._encoder) is None
    if isinstance(shim._encoder, PackedEncoder):
        assert shim._encoder.model is shim._model
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path).config["components"]["transformer"]["model"]["inference"] == "auto"


def test_replaced_listeners_keep_the_setting(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.inference": "auto"}))
    train(nlp, steps=40)
    docs = [doc.to_array("ENT_IOB").tolist() for doc in nlp.pipe(TEXTS)]
    assert any(any(iob == 3 for iob in doc) for doc in docs)
    nlp.replace_listeners("transformer", "ner", ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    assert nlp.config["components"]["ner"]["model"]["tok2vec"]["inference"] == "auto"
    assert [doc.to_array("ENT_IOB").tolist() for doc in nlp.pipe(TEXTS)] == docs
    loaded = spacy.blank("xx").from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert [doc.to_array("ENT_IOB").tolist() for doc in loaded.pipe(TEXTS)] == docs


@pytest.mark.parametrize("setting", [("max_layers", 2), ("transformer_config", {"num_hidden_layers": 2})])
def test_fewer_layers(
    setting: tuple[str, Any],
    tiny_encoder: Path,
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Only these layers are loaded, computed and saved."""
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.{setting[0]}": setting[1]}))
    assert "not used" not in capfd.readouterr().err
    full = make_pipeline(make_config(tiny_encoder))
    doc = nlp.make_doc(TEXTS[0])
    fewer, all_of_them = arrays(data_of(nlp, [doc])[0]), arrays(data_of(full, [doc])[0])
    assert all_of_them
    assert len(fewer) == 3
    for one, other in zip(fewer, all_of_them, strict=False):
        assert_allclose(one, other, atol=1e-5)
    train(nlp, steps=1)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert shim_of(loaded)._model.config.num_hidden_layers == 2
    assert len(layers_of(data_of(loaded, [doc])[0]) or []) == 3
    assert not [warning for warning in recwarn if "not used" in str(warning.message)]


def test_an_encoder_with_fewer_layers_is_read_whole(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.max_layers": 9}))
    assert shim_of(nlp)._model.config.num_hidden_layers == 3


def test_layers_that_the_encoder_does_not_have(tiny_encoder: Path) -> None:
    """Transformers would add random ones without a warning."""
    with pytest.raises(XnerError, match=r"has 3 layers, but transformer_config.num_hidden_layers is 4.*max_layers"):
        make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.transformer_config": {"num_hidden_layers": 4}}))
    with pytest.raises(XnerError, match="`max_layers` of the transformer is 0, expected a number of layers from 1 on"):
        make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.max_layers": 0}))


def test_unknown_setting(tiny_encoder: Path) -> None:
    with pytest.raises(XnerError, match=r'is \'int4\', expected one of "float32", "bfloat16", "int8", "auto"'):
        make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.inference": "int4"}))


def test_processor_without_integers(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "cpu_computes_int8", lambda: False)
    monkeypatch.setattr(precision, "cpu_computes_bfloat16", lambda: False)
    assert precision.resolve_inference("auto") == "float32"
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{MODEL}.inference": "int8"}))
    with pytest.raises(XnerError, match='Set it to "auto" or "float32"'):
        nlp(TEXTS[0])
    monkeypatch.setattr(precision, "cpu_computes_bfloat16", lambda: True)
    assert precision.resolve_inference("auto") == "bfloat16"


# Encoders of other builds


def make_encoders() -> dict[str, Any]:
    from transformers import (
        BertConfig,
        BertModel,
        DistilBertConfig,
        DistilBertModel,
        ElectraConfig,
        ElectraModel,
        XLMRobertaConfig,
        XLMRobertaModel,
    )

    sizes = {
        "vocab_size": 50,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
    }
    return {
        "bert": BertModel(BertConfig(**sizes)),
        "relative": BertModel(BertConfig(**sizes, position_embedding_type="relative_key")),
        "roberta": XLMRobertaModel(XLMRobertaConfig(**sizes, pad_token_id=1)),
        "electra": ElectraModel(ElectraConfig(**sizes, embedding_size=16)),
        "distilbert": DistilBertModel(DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=4, hidden_dim=48)),
    }


@pytest.mark.parametrize("name", ["bert", "relative", "roberta", "electra", "distilbert"])
@pytest.mark.parametrize("setting", PRECISIONS)
def test_encoders(name: str, setting: str) -> None:
    """Packed or padded, the layers equal those of the model on each sequence alone."""
    torch.manual_seed(0)
    model = make_encoders()[name].eval()
    model.config.output_hidden_states = True
    assert can_pack(model) == (name in ("bert", "roberta"))
    encoder = (PackedEncoder if can_pack(model) else PaddedEncoder)(model, setting)
    random = numpy.random.default_rng(0)
    sequences: list[list[int]] = [random.integers(2, 50, length).tolist() for length in (1, 3, 3, 3, 7, 12)]
    if name == "roberta":
        sequences[4][2] = 1  # a text that says "<pad>"
    batch = Batch(sequences)
    with torch.inference_mode():
        layers = encoder(batch)
        start = 0
        for ids in batch.ids:
            mask = torch.ones(1, len(ids))
            for ours, theirs in zip(layers, model(torch.tensor([ids]), attention_mask=mask).hidden_states, strict=True):
                difference = (ours[start : start + len(ids)] - theirs[0]).norm() / theirs.norm()
                assert difference < (1e-5 if setting == "float32" else 0.03)
            start += len(ids)


def test_pruned_heads() -> None:
    """Layers with fewer heads are computed by the model itself."""
    model = make_encoders()["bert"].eval()
    ids = [3, 4, 5, 6]
    whole = model(torch.tensor([ids])).last_hidden_state
    model.prune_heads({0: [1], 1: [0, 2]})
    assert not can_pack(model)
    with torch.inference_mode():
        expected = model(torch.tensor([ids])).last_hidden_state
        (*_, last) = make_encoder(model, "float32")(Batch([ids]))
    assert_allclose(last, expected[0], atol=1e-5)
    assert (whole - expected).abs().max() > 0.01


@pytest.mark.parametrize(
    ("ids", "padding", "expected"),
    [([5, 6, 7], None, [0, 1, 2]), ([5, 6, 7], 1, [2, 3, 4]), ([5, 1, 7], 1, [2, 1, 3]), ([], 1, [])],
)
def test_positions(ids: list[int], padding: int | None, expected: list[int]) -> None:
    assert list(positions_of(ids, padding)) == expected


@given(st.lists(st.integers(1, 600), max_size=300), st.integers(1, 4))
def test_batches(lengths: list[int], n_threads: int) -> None:
    batches = make_batches(lengths, n_threads)
    order = [i for batch in batches for i in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[i] for i in order] == sorted(lengths)
    assert all(sum(lengths[i] for i in batch) < BATCH_PIECES + 600 for batch in batches)
