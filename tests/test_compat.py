"""The private parts of other packages that compat.py uses: one test for each function.

After an upgrade, a message here names the part that is gone or different, and the function that needs a change.
"""

import ast
import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy
import pytest
import srsly
import torch
from spacy.lang.xx import MultiLanguage
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch, HFObjects
from spacy_transformers.layers import TransformerModel
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import Linear, Model
from transformers import BertConfig, BertModel

from spacy_xner import compat

SIZES: dict[str, Any] = {
    "vocab_size": 20,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 16,
}


def changed(package: str, part: str, function: str) -> str:
    return (
        f"{package} {version(package)}: {part} is not there any more, or works differently. Change "
        f"spacy_xner/compat.py::{function}."
    )


def whole_docs(docs: list[Doc]) -> list[list[Span]]:
    return [[doc[:]] for doc in docs]


def linear() -> Model:
    model: Model = Linear(2, 2)
    return model.initialize()


@pytest.fixture(scope="module")
def docs() -> list[Doc]:
    nlp: Language = MultiLanguage()
    return [nlp.make_doc("Angela Merkel visited Paris ."), nlp.make_doc("Berlin")]


@pytest.fixture
def model(tiny_encoder: Path) -> TransformerModel:
    """A stock transformer model that has loaded its encoder."""
    model = TransformerModel(str(tiny_encoder), whole_docs, {}, {"output_hidden_states": True})
    model.initialize()
    return model


# compat itself


def test_imports_nothing_heavy() -> None:
    """The command line imports it for commands that need no model."""
    code = "import sys, spacy_xner.compat; print({'torch', 'spacy', 'thinc', 'transformers'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()", "spacy_xner/compat.py imports a heavy package at module level."


def test_every_function_has_a_test() -> None:
    public = {node.name for node in read(compat.__file__).body if isinstance(node, ast.FunctionDef)}
    tests = [Path(__file__), Path(__file__).with_name("test_compat_transformers.py")]
    called = {node.attr for path in tests for node in ast.walk(read(path)) if isinstance(node, ast.Attribute)}
    assert public - called == set(), "These functions of spacy_xner/compat.py have no test in tests/test_compat*.py."


def test_no_private_parts_elsewhere() -> None:
    """`other._name` occurs only where `other` is the object itself, or in compat.py and compat_spacy.py."""
    own = {"self", "cls"}
    documented = {"_", "_replace", "_asdict"}  # the latter of any NamedTuple
    allowed = {("translation/fast_translate.py", "_direction")}
    package = Path(compat.__file__).parent
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(read(path)):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                base = node.value
                is_own = isinstance(base, ast.Name) and base.id in own
                is_super = isinstance(base, ast.Call) and getattr(base.func, "id", "") == "super"
                place = path.relative_to(package).as_posix(), node.attr
                if node.attr not in documented and not is_own and not is_super and place not in allowed:
                    found.add(place)
    assert {place for place in found if place[0] not in ("compat.py", "compat_spacy.py")} == set(), (
        "Move this use of a private part to compat.py."
    )


def read(path: str | Path) -> ast.Module:
    return ast.parse(Path(path).read_text(encoding="utf8"))


# thinc


def test_replace_forward() -> None:
    model = linear()

    def add_one(model: Model, X: Any, is_train: bool) -> Any:
        return X + 1, lambda dY: dY

    compat.replace_forward(model, add_one)
    X = numpy.ones((1, 2), dtype="f")
    assert (model.predict(X) == 2).all(), changed("thinc", "Model._func", "replace_forward")


# spacy-transformers


def test_get_encoder_shim(model: TransformerModel) -> None:
    message = changed("spacy-transformers", "the shim in model.layers[0].shims[0]", "get_encoder_shim")
    assert isinstance(compat.get_encoder_shim(model), HFShim), message


def test_replace_encoder_shim(tiny_encoder: Path, docs: list[Doc]) -> None:
    class OtherShim(HFShim):
        pass

    calls: list[bool] = []

    def convert(model: Model, inputs_outputs: tuple[Any, Any], is_train: bool) -> tuple[Any, Any]:
        calls.append(is_train)
        return inputs_outputs[1], lambda d_output: d_output

    model = TransformerModel(str(tiny_encoder), whole_docs, {}, {})
    compat.replace_encoder_shim(model, OtherShim, convert)
    model.initialize()
    model.predict(docs)
    part = "HFShim._hfmodel, Model.shims or the attribute convert_outputs of PyTorchWrapper"
    message = changed("spacy-transformers", part, "replace_encoder_shim")
    assert isinstance(compat.get_encoder_shim(model), OtherShim), message
    assert calls, message
    assert set(calls) == {False}, message
    assert model.transformer is not None, message


def test_set_callbacks(tiny_encoder: Path) -> None:
    calls: list[str] = []
    model = TransformerModel(str(tiny_encoder), whole_docs, {}, {})
    stock = model.attrs["set_transformer"]

    def set_transformer(model: Model, encoder: HFObjects) -> None:
        calls.append("set_transformer")
        stock(model, encoder)

    compat.set_callbacks(
        model,
        set_transformer=set_transformer,
        replace_listener=lambda model: model,
        replace_listener_cfg=lambda config, listener: {},
    )
    model.initialize()
    assert calls == ["set_transformer"], changed("spacy-transformers", 'attrs["set_transformer"]', "set_callbacks")

    source = inspect.getsource(Language.replace_listeners)
    for name in ("replace_listener", "replace_listener_cfg"):
        assert f'"{name}"' in source, changed(
            "spacy", f'attrs["{name}"] in Language.replace_listeners', "set_callbacks"
        )


def test_get_spans(model: TransformerModel, docs: list[Doc]) -> None:
    message = changed("spacy-transformers", 'attrs["get_spans"]', "get_spans")
    assert compat.get_spans(model, docs) == whole_docs(docs), message


def test_is_encoder_loaded(tiny_encoder: Path) -> None:
    model = TransformerModel(str(tiny_encoder), whole_docs, {}, {})
    before = compat.is_encoder_loaded(model)
    model.initialize()
    message = changed("spacy-transformers", 'attrs["has_transformer"]', "is_encoder_loaded")
    assert (before, compat.is_encoder_loaded(model)) == (False, True), message


def test_encoder_name(tiny_encoder: Path) -> None:
    model = TransformerModel("elsewhere", whole_docs, {}, {})
    before = compat.get_encoder_name(model)
    compat.set_encoder_name(model, str(tiny_encoder))
    model.initialize()  # from the new folder
    message = changed("spacy-transformers", 'attrs["name"]', "get_encoder_name and set_encoder_name")
    assert (before, compat.get_encoder_name(model)) == ("elsewhere", str(tiny_encoder)), message


def test_get_encoder_settings(tiny_encoder: Path) -> None:
    model = TransformerModel(str(tiny_encoder), whole_docs, {}, {})
    compat.get_encoder_settings(model)["num_hidden_layers"] = 1
    model.initialize()
    message = changed("spacy-transformers", "TransformerModel._init_transformer_config", "get_encoder_settings")
    assert model.transformer.config.num_hidden_layers == 1, message


def test_set_encoder(model: TransformerModel) -> None:
    other = TransformerModel("nowhere", whole_docs, {}, {})
    compat.set_encoder(other, HFObjects(model.tokenizer, model.transformer, None, {}, {}))
    message = changed("spacy-transformers", "set_pytorch_transformer", "set_encoder")
    assert (other.transformer, other.tokenizer) == (model.transformer, model.tokenizer), message
    assert compat.get_encoder_shim(other)._model is model.transformer, message


def test_replace_encoder(model: TransformerModel, docs: list[Doc]) -> None:
    same = {"vocab_size": len(model.tokenizer), "hidden_size": 32, "max_position_embeddings": 64}
    other = BertModel(BertConfig(**{**SIZES, **same}))
    compat.replace_encoder(model, model.tokenizer, other)
    part = 'attrs["has_transformer"], attrs["set_transformer"] or HFObjects'
    message = changed("spacy-transformers", part, "replace_encoder")
    assert model.transformer is other, message
    before = model.predict(docs).model_output.last_hidden_state
    with torch.no_grad():
        other.embeddings.LayerNorm.weight.mul_(2)
    assert not torch.equal(model.predict(docs).model_output.last_hidden_state, before), message


def test_hold_encoder(model: TransformerModel, docs: list[Doc]) -> None:
    shim = HFShim(HFObjects(None, None, None, {}, {}))
    compat.hold_encoder(shim, model.tokenizer, model.transformer, b"vocabulary")
    copied = TransformerModel("nowhere", whole_docs, {}, {})
    copied.layers[0].shims[0] = shim
    copied.attrs["has_transformer"] = True
    message = changed("spacy-transformers", "HFShim._hfmodel, Shim._model or HFObjects", "hold_encoder")
    assert (copied.tokenizer, copied.transformer) == (model.tokenizer, model.transformer), message
    expected = model.predict(docs).model_output.last_hidden_state
    assert torch.equal(copied.predict(docs).model_output.last_hidden_state, expected), message


def test_serialise_without_weights(model: TransformerModel) -> None:
    shim = compat.get_encoder_shim(model)
    before = shim._model
    found = compat.serialise_without_weights(shim)
    message = changed("spacy-transformers", "the message of HFShim.to_bytes", "serialise_without_weights")
    assert {"config", "state", "tokenizer"} <= found.keys(), message
    assert found["config"]["model_type"] == "bert", message
    assert {"kwargs", "tokenizer.json"} <= found["tokenizer"].keys(), message
    assert len(found["state"]) < 2000, message  # no weights in it
    assert shim._model is before, message


def test_hold_settings() -> None:
    shim = compat.get_encoder_shim(TransformerModel("nowhere", whole_docs, {}, {}))
    compat.hold_settings(shim, {"use_fast": True}, {"output_hidden_states": True})
    stored = srsly.msgpack_loads(shim.to_bytes())
    found = stored["_init_tokenizer_config"], stored["_init_transformer_config"]
    message = changed("spacy-transformers", "the settings in HFObjects", "hold_settings")
    assert found == ({"use_fast": True}, {"output_hidden_states": True}), message


def test_make_doc_splitter(docs: list[Doc]) -> None:
    batch = FullTransformerBatch.empty(len(docs))
    message = changed("spacy-transformers", "layers.split_trf.split_trf_batch", "make_doc_splitter")
    assert compat.make_doc_splitter().predict(batch) is batch.doc_data, message


def test_parts_that_the_shim_inherits(model: TransformerModel) -> None:
    """`EncoderShim` is a subclass, so these cannot be in compat.py."""
    parts = ("_hfmodel", "_model", "_grad_scaler", "_mixed_precision", "config_cls", "model_cls", "tokenizer_cls", "id")
    missing = [part for part in parts if not hasattr(compat.get_encoder_shim(model), part)]
    assert missing == [], (
        f"spacy-transformers {version('spacy-transformers')}, thinc {version('thinc')}: HFShim has no {missing} any "
        "more. Change spacy_xner/encoders/shim.py."
    )


# srsly


def test_known_codecs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the block, srsly uses the given codecs and does not search for others; afterwards it does again."""
    from catalogue import Registry

    searches: list[str] = []
    stock = Registry.get_all
    monkeypatch.setattr(Registry, "get_all", lambda self: searches.append("") or stock(self))  # type: ignore[func-returns-value]
    codecs = compat.find_codecs()
    searches.clear()
    with compat.known_codecs(codecs):
        array = srsly.msgpack_loads(srsly.msgpack_dumps({"x": numpy.arange(3)}))["x"]
    message = changed("srsly", "the call of get_all() of two registries", "known_codecs")
    assert array.tolist() == [0, 1, 2], message
    assert searches == [], message
    srsly.msgpack_dumps({})
    assert searches, message
