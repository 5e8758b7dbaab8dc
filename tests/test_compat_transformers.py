"""The private parts of transformers and torch that compat.py uses: one test for each function, as in test_compat.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    M2M100Config,
    M2M100Model,
    MarianConfig,
    MarianModel,
    MBartConfig,
    MBartModel,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from spacy_xner import compat
from spacy_xner.encoders.quantised import has_onednn

from .test_compat import SIZES, changed
from .translation.tiny_models import tiny_m2m100, tiny_marian

BERT_BUILD: dict[str, Callable[[], Any]] = {
    "BERT": lambda: BertModel(BertConfig(**SIZES)),
    "RoBERTa": lambda: RobertaModel(RobertaConfig(**SIZES, pad_token_id=1)),
    "XLM-RoBERTa": lambda: XLMRobertaModel(XLMRobertaConfig(**SIZES, pad_token_id=1)),
}

SIDES = {f"{side}_{key}": n for side in ("encoder", "decoder") for key, n in (("layers", 3), ("attention_heads", 2))}
SIDES |= {"vocab_size": 20, "d_model": 8, "encoder_ffn_dim": 12, "decoder_ffn_dim": 12, "pad_token_id": 0}
SEQ2SEQ: dict[str, Callable[[], Any]] = {
    "Marian": lambda: MarianModel(MarianConfig(**SIDES, decoder_start_token_id=0)),
    "M2M-100": lambda: M2M100Model(M2M100Config(**SIDES)),
    "mBART": lambda: MBartModel(MBartConfig(**SIDES)),
    "T5": lambda: T5Model(T5Config(vocab_size=20, d_model=8, d_kv=4, d_ff=12, num_layers=3, num_heads=2)),
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


@pytest.mark.parametrize("name", SEQ2SEQ)
def test_with_fewer_layers(name: str) -> None:
    encoder = SEQ2SEQ[name]().eval().get_encoder()
    ids = torch.tensor([[3, 4, 5]])
    message = changed("transformers", f"the encoder of {name}", "with_fewer_layers")
    whole = encoder(ids, output_hidden_states=True).hidden_states
    for n_layers in (0, 2, 3):
        cut = compat.with_fewer_layers(encoder, n_layers)
        found = cut(ids, output_hidden_states=True)
        assert len(found.hidden_states) == n_layers + 1, message
        assert all(map(torch.equal, found.hidden_states, whole)), message
        assert torch.equal(found.last_hidden_state, whole[n_layers]), message
    assert torch.equal(encoder(ids).last_hidden_state, whole[3]), message  # the encoder itself is as before


def test_get_sentencepiece(tmp_path: Path) -> None:
    for make in (tiny_marian, tiny_m2m100):
        tokenizer = AutoTokenizer.from_pretrained(str(make(tmp_path / make.__name__)))
        processor = compat.get_sentencepiece(tokenizer)
        message = changed("transformers", f"the processor of {type(tokenizer).__name__}", "get_sentencepiece")
        assert processor is not None, message
        assert processor.encode("The house", out_type=str) == tokenizer.tokenize("The house"), message
    assert compat.get_sentencepiece(object()) is None


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


def test_onednn() -> None:
    """On processors that have it: oneDNN's product of integers, with inputs that are rounded."""
    if not has_onednn():
        pytest.skip("oneDNN does not multiply integers here")
    integers, scales = torch.tensor([[1, -2], [3, 63]], dtype=torch.int8), torch.tensor([0.5, 0.25])
    X = torch.tensor([[0.4, 255.0], [7.0, 0.6], [254.6, 9.0]])
    message = changed("torch", "torch.ops.onednn.qlinear_prepack", "pack_onednn_weight")
    packed = compat.pack_onednn_weight(integers)
    assert packed.dtype == torch.int8, message
    message = changed("torch", "torch.ops.onednn.qlinear_pointwise, or a storage as uint8", "multiply_onednn")
    assert torch.allclose(compat.multiply_onednn(X, packed, scales), X.round() @ (integers * scales[:, None]).T), (
        message
    )
