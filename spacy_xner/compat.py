"""Every use of private parts of spacy-transformers, thinc, transformers, torch and srsly; for spaCy: compat_spacy.py.

An upgrade of these packages can change such parts without notice. This file is then the one to change, and
tests/test_compat.py has a test for each function, whose message says which part is gone or different. Each docstring
names the part, the versions that it was seen in, and why it is needed.

Packages are imported inside functions: the command line imports this module and must not load torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    import torch
    from spacy.tokens import Doc, Span
    from spacy_transformers.data_classes import FullTransformerBatch, HFObjects, TransformerData
    from spacy_transformers.layers import TransformerModel
    from spacy_transformers.layers.hf_shim import HFShim
    from thinc.api import Model
    from transformers import PretrainedConfig, PreTrainedModel

Codecs = list[tuple[Any, dict[str, Any]]]
"""The registries of srsly's msgpack codecs, and the codecs in each."""


# thinc


def replace_forward(model: Model, forward: Callable[..., Any]) -> None:
    """Let `forward(model, X, is_train)` compute a model's forward pass.

    Uses `Model._func` (thinc 8.3): a model's forward function cannot be changed through thinc's public interface.
    """
    model._func = forward


# spacy-transformers


def get_encoder_shim(model: TransformerModel) -> Any:
    """The shim that holds the torch encoder of a transformer model.

    Uses the position `model.layers[0].shims[0]` (spacy-transformers 1.3, 1.4): the model has no name for it.
    """
    return model.layers[0].shims[0]


def replace_encoder_shim(
    model: TransformerModel, make_shim: Callable[[HFObjects], HFShim], convert_outputs: Callable[..., Any]
) -> None:
    """Put another shim into a transformer model, and another function that converts the encoder's output.

    Uses `HFShim._hfmodel`, the list `Model.shims`, and the attribute `convert_outputs` of thinc's PyTorchWrapper
    (spacy-transformers 1.3, 1.4; thinc 8.3): `TransformerModel` cannot be told which shim and converter to use.

    make_shim (Callable): receives the tokenizer, encoder and settings that the former shim holds.
    """
    wrapper = model.layers[0]
    wrapper.shims[0] = make_shim(cast("HFShim", wrapper.shims[0])._hfmodel)
    wrapper.attrs["convert_outputs"] = convert_outputs


def set_callbacks(
    model: TransformerModel,
    *,
    set_transformer: Callable[..., None],
    replace_listener: Callable[..., Any],
    replace_listener_cfg: Callable[..., dict[str, Any]],
) -> None:
    """Set the functions that spaCy and spacy-transformers look up in the model's attributes.

    Uses `attrs["set_transformer"]` (spacy-transformers 1.3, 1.4: called when the encoder was loaded), and
    `attrs["replace_listener"]` and `attrs["replace_listener_cfg"]` (spaCy 3.8: called by `nlp.replace_listeners`).
    """
    model.attrs["set_transformer"] = set_transformer
    model.attrs["replace_listener"] = replace_listener
    model.attrs["replace_listener_cfg"] = replace_listener_cfg


def get_spans(model: TransformerModel, docs: list[Doc]) -> list[list[Span]]:
    """The spans of each doc that a transformer model reads. Uses `attrs["get_spans"]` (spacy-transformers 1.3, 1.4)."""
    spans: list[list[Span]] = model.attrs["get_spans"](docs)
    return spans


def is_encoder_loaded(model: TransformerModel) -> bool:
    """Whether a transformer model has its weights. Uses `attrs["has_transformer"]` (spacy-transformers 1.3, 1.4)."""
    return bool(model.attrs["has_transformer"])


def get_encoder_name(model: TransformerModel) -> str:
    """Name or folder that the encoder is loaded from. Uses `attrs["name"]` (spacy-transformers 1.3, 1.4)."""
    return str(model.attrs["name"])


def set_encoder_name(model: TransformerModel, name: str) -> None:
    """Set the name or folder that the encoder is loaded from. Uses `attrs["name"]` (spacy-transformers 1.3, 1.4)."""
    model.attrs["name"] = name


def get_encoder_settings(model: TransformerModel) -> dict[str, Any]:
    """The settings for `AutoConfig.from_pretrained` that the encoder will be loaded with; changes take effect.

    Uses `TransformerModel._init_transformer_config` (spacy-transformers 1.3, 1.4): they depend on the encoder, whose
    name is resolved after the model was made.
    """
    settings: dict[str, Any] = model._init_transformer_config
    return settings


def set_encoder(model: TransformerModel, encoder: HFObjects) -> None:
    """Put a loaded encoder into a transformer model that has none.

    Uses `set_pytorch_transformer` (spacy-transformers 1.3, 1.4), the stock function for `attrs["set_transformer"]`.
    """
    from spacy_transformers.layers.transformer_model import set_pytorch_transformer

    set_pytorch_transformer(model, encoder)


def replace_encoder(model: TransformerModel, tokenizer: Any, transformer: Any) -> None:
    """Put another tokenizer and encoder into a transformer model that has some.

    Uses `attrs["has_transformer"]`, `attrs["set_transformer"]` and the fields of `HFObjects` (spacy-transformers 1.3,
    1.4): the stock model refuses a second encoder.
    """
    from spacy_transformers.data_classes import HFObjects

    model.attrs["has_transformer"] = False
    model.attrs["set_transformer"](model, HFObjects(tokenizer, transformer, None, {}, {}))


def hold_encoder(shim: HFShim, tokenizer: Any, transformer: Any, vocab_file: bytes | None) -> None:
    """Put a tokenizer and encoder that were read from bytes into a shim.

    Uses `HFShim._hfmodel`, `Shim._model` and the fields of `HFObjects` (spacy-transformers 1.3, 1.4; thinc 8.3), as
    `HFShim.from_bytes` does.

    vocab_file (bytes | None): content of the tokenizer's own vocabulary file, which `HFShim.to_bytes` writes again.
    """
    from spacy.util import SimpleFrozenDict
    from spacy_transformers.data_classes import HFObjects

    shim._hfmodel = HFObjects(tokenizer, transformer, vocab_file, SimpleFrozenDict(), SimpleFrozenDict())
    shim._model = transformer


def hold_settings(shim: HFShim, tokenizer_config: dict[str, Any], transformer_config: dict[str, Any]) -> None:
    """Put the settings that an encoder will be loaded with into a shim that has none.

    Uses `HFShim._hfmodel` and the fields of `HFObjects` (spacy-transformers 1.3, 1.4), as `HFShim.from_bytes` does,
    which is not called since it also reads pickles.
    """
    from spacy_transformers.data_classes import HFObjects

    shim._hfmodel = HFObjects(None, None, None, tokenizer_config, transformer_config)


def serialise_without_weights(shim: HFShim) -> dict[str, Any]:
    """The message that `HFShim.to_bytes` packs, without the weights that it pickles.

    Uses `Shim._model` and the keys of the message: `config`, `state`, and `tokenizer` with file names and `kwargs`
    (spacy-transformers 1.3, 1.4). The stock function copies the weights and pickles them; it gets a copy of the shim
    with an empty module, so that other threads can predict with the shim meanwhile. It writes into the tokenizer: call
    it in one thread at a time.
    """
    import copy

    import srsly
    import torch
    from spacy_transformers.layers.hf_shim import HFShim

    stand_in = copy.copy(shim)
    stand_in._model = torch.nn.Module()
    message: dict[str, Any] = srsly.msgpack_loads(HFShim.to_bytes(stand_in))
    return message


def make_doc_splitter() -> Model[FullTransformerBatch, list[TransformerData]]:
    """The layer from a batch to each doc's data. Uses `layers.split_trf` (spacy-transformers 1.3, 1.4)."""
    from spacy_transformers.layers.split_trf import split_trf_batch

    return split_trf_batch()


# transformers


class BertLayer(NamedTuple):
    """The modules of one layer of BERT, RoBERTa or XLM-RoBERTa, in the order in which they compute."""

    query: torch.nn.Linear
    key: torch.nn.Linear
    value: torch.nn.Linear
    attention_output: torch.nn.Linear
    attention_dropout: torch.nn.Module
    attention_norm: torch.nn.LayerNorm
    intermediate: torch.nn.Linear
    activation: Callable[[torch.Tensor], torch.Tensor]
    output: torch.nn.Linear
    dropout: torch.nn.Module
    norm: torch.nn.LayerNorm


def get_bert_layers(model: Any) -> list[BertLayer]:
    """The modules of each layer of a BERT, RoBERTa or XLM-RoBERTa.

    Uses the module names of `BertLayer` (transformers 4.45 to 4.53), to compute the layers without padding.
    """
    return [
        BertLayer(
            layer.attention.self.query,
            layer.attention.self.key,
            layer.attention.self.value,
            layer.attention.output.dense,
            layer.attention.output.dropout,
            layer.attention.output.LayerNorm,
            layer.intermediate.dense,
            layer.intermediate.intermediate_act_fn,
            layer.output.dense,
            layer.output.dropout,
            layer.output.LayerNorm,
        )
        for layer in model.encoder.layer
    ]


def embed_pieces(model: Any, ids: torch.Tensor, positions: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
    """The embedding layer of a BERT, RoBERTa or XLM-RoBERTa: (n_sequences, length) of int64 to (..., width).

    Uses the module `embeddings` and its arguments (transformers 4.45 to 4.53), to give each piece its own position.
    """
    embedded: torch.Tensor = model.embeddings(input_ids=ids, position_ids=positions, token_type_ids=types)
    return embedded


def get_layer_stack(model: Any) -> torch.nn.ModuleList | None:
    """The list of layers of an encoder built like BERT or DistilBERT, which can be shortened; None for other builds.

    Uses the module names `encoder.layer` and `transformer.layer` (transformers 4.45 to 4.53).
    """
    import torch

    stack = getattr(model, "encoder", None) or getattr(model, "transformer", None)
    layers = getattr(stack, "layer", None)
    return layers if isinstance(layers, torch.nn.ModuleList) else None


def with_fewer_layers(encoder: Any, n_layers: int) -> Any:
    """A copy of a translation model's encoder that ends after `n_layers`; it shares all weights with the whole one.

    Its hidden states are those of the whole encoder: a normalisation after the last layer is left out with that layer.

    Uses the module names `layers` (Marian, M2M-100, mBART), `block` (T5), `layer_norm` and `final_layer_norm`, and
    torch's `Module._modules` (transformers 4.45 to 4.53; torch 2.4 to 2.13): no public function drops layers.
    """
    import copy

    import torch

    name = "block" if hasattr(encoder, "block") else "layers"
    layers = getattr(encoder, name, None)
    if not isinstance(layers, torch.nn.ModuleList) or n_layers >= len(layers):
        return encoder
    copied = copy.copy(encoder)
    copied._modules = dict(encoder._modules)
    setattr(copied, name, layers[:n_layers])
    for norm in ("layer_norm", "final_layer_norm"):
        if hasattr(copied, norm):
            setattr(copied, norm, torch.nn.Identity())
    return copied


def get_sentencepiece(tokenizer: Any) -> Any:
    """The SentencePiece processor that a slow tokenizer splits source text with; None for other tokenizers.

    Uses the attributes `spm_source` (Marian) and `sp_model` (M2M-100 and others; transformers 4.45 to 4.53): slow
    tokenizers give no offsets.
    """
    return getattr(tokenizer, "spm_source", None) or getattr(tokenizer, "sp_model", None)


def get_padding_index(model: Any) -> int | None:
    """The padding id that positions are counted from, in RoBERTa and encoders derived from it; None for others.

    Uses `embeddings.padding_idx` (transformers 4.45 to 4.53): the config has the id, but not that positions use it.
    """
    return getattr(getattr(model, "embeddings", None), "padding_idx", None)


def make_empty_encoder(config: PretrainedConfig, model_cls: Any) -> PreTrainedModel:
    """An encoder of a config, whose weights are not initialised: they will be loaded.

    Uses `no_init_weights`, `MODEL_MAPPING` and `_from_config` (transformers 4.45 to 4.53): random weights take longer
    to draw than the real ones to read, and `AutoModel.from_config` imports the modules of all models there are.

    model_cls (type): `AutoModel`, for the few configs that belong to several models.
    """
    from transformers import MODEL_MAPPING
    from transformers.modeling_utils import no_init_weights

    found: Any = MODEL_MAPPING[type(config)]
    with no_init_weights():
        model: PreTrainedModel = (
            model_cls.from_config(config) if isinstance(found, tuple) else found._from_config(config)
        )
    return model


# torch


def get_weights_version(module: torch.nn.Module) -> int:
    """A number that changes when a weight of the module is changed in place.

    Uses `Tensor._version` (torch 2.4 to 2.13), which autograd counts up, except for tensors of inference mode.
    """
    return sum(0 if weight.is_inference() else weight._version for weight in module.parameters())


def make_quantised_weight(integers: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The quantised tensor `integers * scales[:, None]`: int8 (n_out, n_in), with a scale for each row, (n_out,).

    Uses `torch._make_per_channel_quantized_tensor` (torch 2.4 to 2.13): the public function rounds floats again.
    """
    import torch

    zeros = torch.zeros(len(scales), dtype=torch.long)
    return torch._make_per_channel_quantized_tensor(integers, scales.double(), zeros, 0)


def pack_onednn_weight(integers: torch.Tensor) -> torch.Tensor:
    """Weights for `multiply_onednn`, from int8 (n_out, n_in). Uses `torch.ops.onednn.qlinear_prepack`, as that does."""
    import torch

    packed: torch.Tensor = torch.ops.onednn.qlinear_prepack(integers, None)
    return packed


def multiply_onednn(X: torch.Tensor, packed: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """`X.round() @ (integers * scales[:, None]).T` in float32, where X has numbers from 0 to 255.

    Uses `torch.ops.onednn.qlinear_pointwise` (torch 2.4 to 2.13), and reads a quantised tensor's storage as uint8:
    torch converts float32 to uint8, or a quantised tensor to one of uint8, in five times the time.
    """
    import torch

    quantised = torch.quantize_per_tensor(X, 1.0, 0, torch.quint8)
    integers = torch.empty(0, dtype=torch.uint8).set_(quantised.untyped_storage(), 0, quantised.shape)  # type: ignore[call-overload]
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    product: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
        integers, 1.0, 0, packed, scales, zeros, None, 1.0, 0, torch.float32, "none", [], "none"
    )
    return product


# srsly


def find_codecs() -> Codecs:
    """The functions that pack types of other packages into msgpack, and unpack them, for `known_codecs`."""
    from srsly.msgpack import msgpack_decoders, msgpack_encoders

    return [(registry, registry.get_all()) for registry in (msgpack_encoders, msgpack_decoders)]


@contextmanager
def known_codecs(codecs: Codecs) -> Iterator[None]:
    """Keep srsly from searching the entry points of all packages for codecs, inside the block.

    It searches for each object, several times a doc, which takes nine tenths of a DocBin's time. If another thread
    enters or leaves such a block at the same time, packing only becomes slower.

    Uses that srsly calls `get_all()` of two catalogue registries, which an attribute of the object can hide (srsly 2.4,
    2.5; catalogue 2.0): the codecs cannot be passed to `msgpack_dumps`.
    """
    for registry, found in codecs:
        registry.get_all = partial(dict, found)
    try:
        yield
    finally:
        for registry, _ in codecs:
            registry.__dict__.pop("get_all", None)
