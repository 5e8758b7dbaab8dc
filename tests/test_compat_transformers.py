"""The private parts of transformers and torch that compat.py uses: one test for each function, as in test_compat.py."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    RobertaConfig,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from spacy_xner import compat

from .test_compat import SIZES, changed

BERT_BUILD: dict[str, Callable[[], Any]] = {
    "BERT": lambda: BertModel(BertConfig(**SIZES)),
    "RoBERTa": lambda: RobertaModel(RobertaConfig(**SIZES, pad_token_id=1)),
    "XLM-RoBERTa": lambda: XLMRobertaModel(XLMRobertaConfig(**SIZES, pad_token_id=1)),
}


# transformers


@pytest.mark.parametrize("name", BERT_BUILD)
def test_get_bert_layers(name: str) -> None:
    model = BERT_BUILD[name]()
    try:
        found = compat.get_bert_layers(model)
    except AttributeError as error:
        pytest.fail(changed("transformers", f"a module of {name} ({error})", "get_bert_layers"))
    linears = {module for layer in found for module in layer if isinstance(module, torch.nn.Linear)}
    expected = {module for module in model.encoder.modules() if isinstance(module, torch.nn.Linear)}
    message = changed("transformers", f"the linear layers of {name}", "get_bert_layers")
    assert (len(found), linears) == (2, expected), message


@pytest.mark.parametrize("name", BERT_BUILD)
def test_embed_pieces(name: str) -> None:
    model = BERT_BUILD[name]().eval()
    ids = torch.tensor([[3, 4, 5]])
    first = 0 if name == "BERT" else 2  # RoBERTa counts from its padding id, 1
    positions = torch.arange(first, first + 3)[None]
    found = compat.embed_pieces(model, ids, positions, torch.zeros_like(ids))
    expected = model(ids, output_hidden_states=True).hidden_states[0]
    assert torch.allclose(found, expected), changed("transformers", f"the embeddings of {name}", "embed_pieces")


def test_get_layer_stack() -> None:
    distilbert = DistilBertModel(DistilBertConfig(vocab_size=20, dim=8, n_layers=2, n_heads=2, hidden_dim=12))
    for name, model in (("BERT", BERT_BUILD["BERT"]()), ("DistilBERT", distilbert)):
        found = compat.get_layer_stack(model)
        assert found is not None, changed("transformers", f"the list of layers of {name}", "get_layer_stack")
        assert len(found) == 2, changed("transformers", f"the list of layers of {name}", "get_layer_stack")
    assert compat.get_layer_stack(torch.nn.Linear(1, 1)) is None


def test_get_padding_index() -> None:
    found = {name: compat.get_padding_index(make()) for name, make in BERT_BUILD.items()}
    message = changed("transformers", "embeddings.padding_idx of RoBERTa", "get_padding_index")
    assert found == {"BERT": None, "RoBERTa": 1, "XLM-RoBERTa": 1}, message


def test_make_empty_encoder() -> None:
    configs = {"bert": BertConfig(**SIZES), "electra": ElectraConfig(**SIZES, embedding_size=8)}
    classes = {"bert": BertModel, "electra": ElectraModel}
    for kind, config in configs.items():
        model = compat.make_empty_encoder(config, AutoModel)
        part = "no_init_weights, MODEL_MAPPING or _from_config"
        assert type(model) is classes[kind], changed("transformers", part, "make_empty_encoder")


# torch


def test_get_weights_version() -> None:
    layer = torch.nn.Linear(2, 2)
    before = compat.get_weights_version(layer)
    with torch.no_grad():
        layer.weight.mul_(2)
    message = changed("torch", "Tensor._version", "get_weights_version")
    assert compat.get_weights_version(layer) > before, message


def test_make_quantised_weight() -> None:
    integers, scales = torch.tensor([[1, -2], [3, 63]], dtype=torch.int8), torch.tensor([0.5, 0.25])
    weight = compat.make_quantised_weight(integers, scales)
    message = changed("torch", "torch._make_per_channel_quantized_tensor", "make_quantised_weight")
    assert torch.equal(weight.dequantize(), integers * scales[:, None]), message
    assert torch.equal(weight.int_repr(), integers), message
