"""A spacy-transformers model that hands out every layer and takes gradients for every layer."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch, HFObjects
from spacy_transformers.layers import TransformerModel
from spacy_transformers.layers.hf_shim import HFShim
from spacy_transformers.layers.split_trf import split_trf_batch
from thinc.api import Model, chain
from thinc.shims import Shim
from thinc.types import ArgsKwargs
from transformers import AutoConfig
from transformers.utils import ModelOutput
from transformers.utils import logging as transformers_logging

from ..errors import XnerError
from .fetch import resolve_encoder
from .inference import predict_docs
from .learning import learn_from_docs
from .outputs import LAYERS_KEY, gradients_of, layers_of, with_gradients
from .shim import EncoderShim

__all__ = ["LAYERS_KEY", "AllLayersTransformer", "gradients_of", "layers_of"]

ARCHITECTURE = "spacy_xner.AllLayersTransformer.v1"
TOK2VEC_ARCHITECTURE = "spacy_xner.LayerAggregationTok2Vec.v1"
LISTENER_ARCHITECTURE = "spacy_xner.LayerAggregationListener.v1"

SpanGetter = Callable[[list[Doc]], list[list[Span]]]


class AllLayersTransformer(TransformerModel):
    """`spacy_transformers.TransformerModel` with all hidden states in its output and in its backward pass.

    The stock model gives downstream layers `last_hidden_state` alone, and silently ignores gradients for anything
    else. Here `model_output` is `last_hidden_state` plus, under `LAYERS_KEY`, a list of the L arrays below it, each of
    shape (n_spans, n_word_pieces, width): the embeddings, then the output of each layer but the last. The backward
    pass takes one gradient (stock listeners) or L + 1 (this package's), `last_hidden_state` first, and refuses any
    other number.

    name (str): hub name or folder of the encoder.
    get_spans (SpanGetter): cuts docs into the sequences that the encoder reads.
    tokenizer_config (dict[str, Any]): settings for `AutoTokenizer.from_pretrained`.
    transformer_config (dict[str, Any]): settings for `AutoConfig.from_pretrained`.
    mixed_precision (bool): compute in half precision: float16 with gradient scaling on a GPU, bfloat16 on a CPU that
        has it, float32 elsewhere.
    grad_scaler_config (dict[str, Any]): settings for thinc's `PyTorchGradScaler`; used on a GPU only.
    freeze_embeddings (bool): leave the word embeddings as they are: most of a multilingual encoder's parameters, and
        those of words that the training texts do not have would drift apart from the others.
    learn_rate_factor (float): the encoder's learning rate as a multiple of the optimizer's. Pretrained layers want a
        rate some ten times smaller than the freshly initialised ones above them.
    inference (str): in what a CPU computes when it predicts: "float32"; "bfloat16"; "int8"; or "auto", the fastest of
        these that this processor does well (see `resolve_inference`). A doc's vectors do not depend on what is
        predicted with it, within 1e-4 in float32 and a few steps of rounding in the others. A GPU predicts as it
        learns, by `mixed_precision`.
    max_layers (int | None): leave out the encoder's layers above so many, which are then neither computed nor saved.
        The highest ones are bent to what the encoder was pretrained for. An encoder with fewer is read whole.
    """

    def __init__(
        self,
        name: str,
        get_spans: SpanGetter,
        tokenizer_config: dict[str, Any] | None = None,
        transformer_config: dict[str, Any] | None = None,
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] | None = None,
        freeze_embeddings: bool = False,
        learn_rate_factor: float = 1.0,
        inference: str = "float32",
        max_layers: int | None = None,
    ) -> None:
        if max_layers is not None and max_layers < 1:
            raise XnerError(
                f"The setting `max_layers` of the transformer is {max_layers}, expected a number of layers from 1 on, "
                "or null for all."
            )
        super().__init__(
            name,
            get_spans,
            # Fresh dicts: the stock class writes into the ones it is given, its own defaults included.
            dict(tokenizer_config or {}),
            {**(transformer_config or {}), "output_hidden_states": True},
            mixed_precision,
            dict(grad_scaler_config or {}),
        )
        wrapper = self.layers[0]
        wrapper.attrs["convert_outputs"] = convert_outputs
        wrapper._shims[0] = EncoderShim(
            cast(HFShim, wrapper.shims[0])._hfmodel,
            mixed_precision=mixed_precision,
            grad_scaler_config=grad_scaler_config,
            freeze_embeddings=freeze_embeddings,
            learn_rate_factor=learn_rate_factor,
            inference=inference,
        )
        self._func = functools.partial(forward, self._func)
        self.init = functools.partial(initialize, self.init)
        self.attrs["max_layers"] = max_layers
        self.attrs["set_transformer"] = set_transformer
        self.attrs["replace_listener"] = replace_listener
        self.attrs["replace_listener_cfg"] = replace_listener_config

    def copy(self) -> AllLayersTransformer:
        """A deep copy with an id of its own; `replace_listeners` needs it (the stock copy loses the attributes)."""
        copied = AllLayersTransformer(self.attrs["name"], self.attrs["get_spans"])
        copied.attrs.update(self.attrs)
        copied._dims = copy.deepcopy(self._dims)
        copied.layers[0] = copy.deepcopy(self.layers[0])
        Shim.global_id += 1  # the optimizer keeps its moments by this number
        copied.layers[0].shims[0].id = Shim.global_id
        return copied


def forward(
    stock: Callable[..., Any], model: AllLayersTransformer, docs: list[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """The layers of docs. All on a GPU, and other encoders' learning, goes through spacy-transformers' own function."""
    shim = cast(EncoderShim, model.layers[0].shims[0])
    if shim.device.type == "cpu" and not is_train:
        return predict_docs(docs, model.attrs["get_spans"](docs), model.tokenizer, shim.encode), lambda d_output: docs
    if is_train and shim.can_learn_packed():
        return learn_from_docs(docs, model.attrs["get_spans"](docs), model.tokenizer, shim)
    output, backprop = stock(model, docs, is_train)
    return output, backprop


def initialize(stock: Callable[..., None], model: Model, X: Any = None, Y: Any = None) -> None:
    """Load the encoder: `embedded`, a folder, or a name on the hub.

    RAISES: XnerError where there is no such encoder.
    """
    if model.attrs["has_transformer"]:  # loaded with its weights; the folder that they came from may be gone
        return stock(model, X, Y)
    name = model.attrs["name"]
    try:
        model.attrs["name"] = resolve_encoder(name)
        leave_out_layers(model)
        with no_warnings():  # of the weights of layers that are left out
            stock(model, X, Y)
    except OSError as error:
        raise XnerError(
            f"The encoder {name!r} is no folder here and cannot be had from the hub ({type(error).__name__}). "
            f"`xner encoder fetch embedded {name}` makes such a folder."
        ) from error
    finally:
        model.attrs["name"] = name


def leave_out_layers(model: Any) -> None:
    """Let the encoder be loaded without the layers above `max_layers`."""
    settings = model._init_transformer_config
    config = AutoConfig.from_pretrained(model.attrs["name"], trust_remote_code=False)
    found = int(getattr(config, "num_hidden_layers", 0))
    asked = settings.get("num_hidden_layers")
    if found and asked is not None and asked > found:  # transformers would make up random ones
        raise XnerError(
            f"The encoder {model.attrs['name']} has {found} layers, but transformer_config.num_hidden_layers is "
            f"{asked}. Set it to {found} at most, or use `max_layers`, which leaves an encoder with fewer as it is."
        )
    limit = model.attrs["max_layers"]
    if limit is not None and found > limit and asked is None:
        settings["num_hidden_layers"] = limit


@contextlib.contextmanager
def no_warnings() -> Iterator[None]:
    """Only errors are logged by transformers meanwhile."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)


def set_transformer(model: Model, hf_model: HFObjects) -> None:
    """Put a loaded encoder into the model; the callback that spacy-transformers calls on initialisation."""
    from spacy_transformers.layers.transformer_model import set_pytorch_transformer

    set_pytorch_transformer(model, hf_model)
    shim = cast(EncoderShim, model.layers[0].shims[0])
    shim.forget_encoder()
    shim.freeze()


def convert_outputs(
    model: Model, inputs_outputs: tuple[Any, Any], is_train: bool
) -> tuple[ModelOutput, Callable[[ModelOutput], ArgsKwargs]]:
    """The encoder's output with all its layers, and the callback that turns their gradients into torch's.

    Replaces the function of spacy-transformers, in which `last_hidden_state` is the only root of the backward pass.
    """
    _, output = inputs_outputs
    last: torch.Tensor = output.last_hidden_state.float()
    lower = tuple(layer.float() for layer in output.hidden_states[:-1])
    roots = [last, *lower]

    def backprop(d_output: ModelOutput) -> ArgsKwargs:
        kept, gradients = with_gradients(roots, list(d_output.values()))
        return ArgsKwargs(args=(kept,), kwargs={"grad_tensors": gradients})

    return ModelOutput({"last_hidden_state": last, LAYERS_KEY: lower}), backprop


def replace_listener(model: AllLayersTransformer) -> Model:
    """What stands in a component in place of its listener after `nlp.replace_listeners`."""
    return chain(model, split_trf_batch())


def replace_listener_config(tok2vec_config: dict[str, Any], listener_config: dict[str, Any]) -> dict[str, Any]:
    """The config of that component: the encoder's settings and the listener's, under the Tok2Vec architecture."""
    if listener_config["@architectures"] != LISTENER_ARCHITECTURE:
        raise XnerError(
            f"Listeners of the architecture {listener_config['@architectures']} cannot be replaced by a copy of "
            f"{ARCHITECTURE}: only {LISTENER_ARCHITECTURE} can. Give the component that listener, or use "
            "spacy-transformers.TransformerModel.v3 in the transformer."
        )
    result = {**tok2vec_config, "@architectures": TOK2VEC_ARCHITECTURE}
    result.update(
        {key: value for key, value in listener_config.items() if key in ("aggregator", "pooling", "grad_factor")}
    )
    return result
