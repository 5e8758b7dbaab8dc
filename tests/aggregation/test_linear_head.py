"""A recogniser's last layer multiplied into the aggregator in prediction: the same logits as in two steps."""

from pathlib import Path
from typing import Any

import numpy
import pytest
from numpy.testing import assert_allclose
from spacy import registry
from spacy.language import Language

from spacy_xner.aggregation import streaming
from spacy_xner.aggregation.affine import affine_map
from spacy_xner.encoders import inference
from spacy_xner.linear_head import predict_linear

from .test_gradients import POOLINGS
from .util import (
    LAST_LAYER,
    LAYER_ATTENTION,
    SCALAR_MIX,
    TOK2VEC,
    WEIGHTED_CONCAT,
    make_config,
    make_pipeline,
    predict,
    with_xner,
)

TEXTS = [
    "Angela Merkel visited Paris .",
    "",
    "  ",
    "Berlin  \n and Paris",
    "😀 👍🏽 Merkel",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "ab" * 20 + " Berlin " + "cd" * 20 + " visited " + "ef" * 20,
    "London",
]
AFFINE = [
    (LAST_LAYER, {}),
    (LAST_LAYER, {"layers": [1]}),
    (SCALAR_MIX, {"layers": [0, 2]}),
    (SCALAR_MIX, {"residual": True}),
    (WEIGHTED_CONCAT, {}),
    (WEIGHTED_CONCAT, {"residual": True, "layers": [0, -1]}),
]


def make(encoder: Path, aggregator: str, options: dict[str, Any], pooling: str = "reduce_mean.v1") -> Language:
    """A pipeline with random parameters: zeros would hide differences."""
    overrides = {f"{TOK2VEC}.aggregator.{name}": value for name, value in options.items()}
    nlp = make_pipeline(with_xner(make_config(encoder, aggregator, **overrides)))
    recogniser: Any = nlp.get_pipe("xner")
    tok2vec = recogniser.model.get_ref("tok2vec")
    tok2vec.layers[1].layers[1] = registry.resolve({"pooling": {"@layers": pooling}})["pooling"]
    predict(nlp)
    for node in recogniser.model.walk():
        for name in node.param_names:
            values: Any = numpy.random.default_rng(0).normal(size=node.get_param(name).shape, scale=0.3)
            node.set_param(name, values.astype("f"))
    return nlp


def read(nlp: Language, texts: list[str] = TEXTS) -> list[Any]:
    return list(nlp.get_pipe("transformer").pipe(map(nlp.make_doc, texts)))  # type: ignore[attr-defined]


def in_two_steps(recogniser: Any, docs: list[Any]) -> list[Any]:
    output = recogniser.model.get_ref("output_layer")
    vectors = recogniser.model.get_ref("tok2vec").predict(docs)
    return [rows @ output.get_param("W").T + output.get_param("b") for rows in vectors]


@pytest.mark.parametrize(("aggregator", "options"), AFFINE, ids=str)
def test_logits_are_the_same(
    tiny_encoder: Path, aggregator: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overlapping spans, split spans, spans in several batches, tokens without pieces, empty docs."""
    monkeypatch.setattr(inference, "BATCH_PIECES", 40)
    nlp = make(tiny_encoder, aggregator, options)
    recogniser: Any = nlp.get_pipe("xner")
    expected = in_two_steps(recogniser, read(nlp))
    assert sum(float(abs(rows).sum()) for rows in expected) > 1
    seen: list[bool] = []
    stock = streaming.TokenVectors.finish

    def noted(self: Any) -> Any:
        seen.append(self.map is not None)
        return stock(self)

    monkeypatch.setattr(streaming.TokenVectors, "finish", noted)
    nlp.get_pipe("transformer").model.readers.several = False  # type: ignore[attr-defined]
    found = recogniser.model.predict(read(nlp))
    assert seen == [True]
    assert [rows.shape for rows in found] == [rows.shape for rows in expected]
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_every_pooling(tiny_encoder: Path, pooling: str) -> None:
    """Of means the product is used; of others the two steps."""
    nlp = make(tiny_encoder, WEIGHTED_CONCAT, {}, pooling)
    recogniser: Any = nlp.get_pipe("xner")
    for one, other in zip(recogniser.model.predict(read(nlp)), in_two_steps(recogniser, read(nlp)), strict=True):
        assert_allclose(one, other, atol=1e-4)


def test_layers_in_memory(tiny_encoder: Path) -> None:
    """Docs whose layers another component has computed, beside others whose layers are not in memory."""
    nlp = make(tiny_encoder, WEIGHTED_CONCAT, {})
    recogniser: Any = nlp.get_pipe("xner")
    expected = in_two_steps(recogniser, read(nlp))
    nlp.get_pipe("transformer").model.readers.several = False  # type: ignore[attr-defined]
    computed, deferred = read(nlp), read(nlp)
    for doc in computed:
        doc._.trf_data.model_output  # noqa: B018  (reading it computes)
    mixed = [one for pair in zip(computed, deferred, strict=True) for one in pair]
    found = recogniser.model.predict(mixed)
    for i, rows in enumerate(found):
        assert_allclose(rows, expected[i // 2], atol=1e-4)


def test_attention_and_hidden_layers_take_two_steps(tiny_encoder: Path) -> None:
    nlp = make(tiny_encoder, LAYER_ATTENTION, {})
    tok2vec: Any = nlp.get_pipe("xner").model.get_ref("tok2vec")  # type: ignore[attr-defined]
    assert affine_map(tok2vec.layers[1].layers[0]) is None
    width = tok2vec.get_dim("nO")
    W, b = numpy.ones((3, width), dtype="f"), numpy.zeros(3, dtype="f")
    assert predict_linear(tok2vec, read(nlp), W, b) is None
    config = with_xner(make_config(tiny_encoder))
    config["components"]["xner"]["model"]["hidden_width"] = 5
    assert make_pipeline(config)("Angela Merkel visited Paris .").has_annotation("ENT_IOB")


def test_replaced_listener(tiny_encoder: Path) -> None:
    """A component with its own transformer uses the product as well."""
    nlp = make(tiny_encoder, WEIGHTED_CONCAT, {})
    recogniser: Any = nlp.get_pipe("xner")
    expected = recogniser.model.predict(read(nlp))
    nlp.replace_listeners("transformer", "xner", ["model.tok2vec"])
    docs = [nlp.make_doc(text) for text in TEXTS]
    tok2vec = recogniser.model.get_ref("tok2vec")
    output = recogniser.model.get_ref("output_layer")
    assert predict_linear(tok2vec, docs, output.get_param("W"), output.get_param("b")) is not None
    for one, other in zip(recogniser.model.predict(docs), expected, strict=True):
        assert_allclose(one, other, atol=1e-4)
