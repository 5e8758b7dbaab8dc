"""A spacy-transformers model that hands out every layer and takes gradients for every layer."""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import safetensors.torch
import srsly
import torch
from spacy.tokens import Doc, Span
from spacy.util import SimpleFrozenDict
from spacy_transformers.data_classes import HFObjects, TransformerData
from spacy_transformers.layers import TransformerModel
from spacy_transformers.layers.hf_shim import HFShim
from spacy_transformers.layers.split_trf import split_trf_batch
from thinc.api import Model, Optimizer, chain, get_array_module, get_torch_default_device, torch2xp, xp2torch
from thinc.shims import Shim
from thinc.types import ArgsKwargs, FloatsXd
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers.modeling_utils import no_init_weights
from transformers.utils import ModelOutput

from ..errors import XnerError
from .fetch import resolve_encoder
from .threads import use_one_thread_if_forked

LAYERS_KEY = "xner_layers"
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
    ) -> None:
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
        )
        self.init = functools.partial(initialize, self.init)
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


class EncoderShim(HFShim):
    """`HFShim` with half precision on the CPU too, frozen word embeddings and a learning rate of its own."""

    def __init__(
        self,
        model: HFObjects,
        *,
        freeze_embeddings: bool = False,
        learn_rate_factor: float = 1.0,
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.freeze_embeddings = freeze_embeddings
        self.learn_rate_factor = learn_rate_factor
        scaler = dict(grad_scaler_config or {})
        # bfloat16 has the range of float32: nothing overflows on a CPU, so nothing needs scaling there.
        scaler.setdefault("enabled", mixed_precision and get_torch_default_device().type == "cuda")
        super().__init__(model, mixed_precision=mixed_precision, grad_scaler_config=scaler, **kwargs)

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self._mixed_precision and self.device.type == "cuda":
            return torch.autocast("cuda")
        if self._mixed_precision and self.device.type == "cpu" and cpu_computes_bfloat16():
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def predict(self, inputs: ArgsKwargs) -> Any:
        use_one_thread_if_forked()
        self._model.eval()
        with torch.no_grad(), self._autocast():
            outputs = self._model(*inputs.args, **inputs.kwargs)
        self._model.train()
        return outputs

    def begin_update(self, inputs: ArgsKwargs) -> tuple[Any, Callable[[ArgsKwargs], Any]]:
        self._model.train()
        # On a CPU the backward pass of torch's fused attention takes longer than all the rest of it.
        attention = sdpa_kernel(SDPBackend.MATH) if self.device.type == "cpu" else contextlib.nullcontext()
        with self._autocast(), attention:
            output = self._model(*inputs.args, **inputs.kwargs)

        def backprop(grads: ArgsKwargs) -> Any:
            grads.kwargs["grad_tensors"] = self._grad_scaler.scale(grads.kwargs["grad_tensors"], inplace=True)
            torch.autograd.backward(*grads.args, **grads.kwargs)
            found = self._grad_scaler.unscale([p.grad for p in self._model.parameters() if p.grad is not None])
            if found:
                for parameter in self._model.parameters():
                    if parameter.grad is not None:
                        parameter.grad.zero_()
            return inputs

        return output, backprop

    def finish_update(self, optimizer: Optimizer) -> None:
        for name, parameter in self._model.named_parameters():
            if parameter.grad is None:
                continue
            if not self._grad_scaler.found_inf:
                updated, _ = optimizer(
                    (self.id, name),
                    cast(FloatsXd, torch2xp(parameter.data)),
                    cast(FloatsXd, torch2xp(parameter.grad)),
                    lr_scale=self.learn_rate_factor,
                )
                parameter.data = xp2torch(updated, device=parameter.device)
            parameter.grad = None  # cheaper than zeros, and frees the memory until the next step
        self._grad_scaler.update()

    def freeze(self) -> None:
        """Take the word embeddings out of training where that was asked for."""
        if self.freeze_embeddings and self._model is not None:
            self._model.get_input_embeddings().weight.requires_grad_(False)

    def to_bytes(self) -> bytes:
        """The stock message, with the weights as safetensors: no pickle, and nothing copied twice."""
        model, self._model = self._model, torch.nn.Module()  # the parent serialises an empty state
        try:
            message = srsly.msgpack_loads(super().to_bytes())
        finally:
            self._model = model
        if model is not None:
            message["state"] = safetensors.torch.save({k: v.contiguous() for k, v in model.state_dict().items()})
        return srsly.msgpack_dumps(message)

    def from_bytes(self, bytes_data: bytes) -> EncoderShim:
        message = srsly.msgpack_loads(bytes_data)
        if not message["config"]:
            return cast(EncoderShim, super().from_bytes(bytes_data))
        with TemporaryDirectory() as room:
            srsly.write_json(Path(room) / "config.json", message["config"])
            settings = message["tokenizer"].pop("kwargs", {})
            for name, content in message["tokenizer"].items():
                (Path(room) / name).write_bytes(content)
            config = self.config_cls.from_pretrained(room)
            tokenizer = self.tokenizer_cls.from_pretrained(room, **settings)
            vocab_file = Path(room) / tokenizer.vocab_files_names.get("vocab_file", "")
            vocab = vocab_file.read_bytes() if vocab_file.is_file() else None
        with no_init_weights():  # they are about to be replaced
            transformer = self.model_cls.from_config(config)
        transformer.load_state_dict(safetensors.torch.load(message["state"]))
        transformer.to(get_torch_default_device())
        self._hfmodel = HFObjects(tokenizer, transformer, vocab, SimpleFrozenDict(), SimpleFrozenDict())
        self._model = transformer
        self.freeze()
        return self


@functools.cache
def cpu_computes_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 by itself. Where it does not, float32 is faster."""
    if not hasattr(torch.cpu, "get_capabilities"):  # an older torch
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def initialize(stock: Callable[..., None], model: Model, X: Any = None, Y: Any = None) -> None:
    """Load the encoder: `embedded`, a folder, or a name on the hub.

    RAISES: XnerError where there is no such encoder.
    """
    name = model.attrs["name"]
    try:
        model.attrs["name"] = resolve_encoder(name)
        stock(model, X, Y)
    except OSError as error:
        raise XnerError(
            f"The encoder {name!r} is no folder here and cannot be had from the hub ({type(error).__name__}). "
            f"`xner encoder fetch embedded {name}` makes such a folder."
        ) from error
    finally:
        model.attrs["name"] = name


def set_transformer(model: Model, hf_model: HFObjects) -> None:
    """Put a loaded encoder into the model; the callback that spacy-transformers calls on initialisation."""
    from spacy_transformers.layers.transformer_model import set_pytorch_transformer

    set_pytorch_transformer(model, hf_model)
    cast(EncoderShim, model.layers[0].shims[0]).freeze()


def convert_outputs(
    model: Model, inputs_outputs: tuple[Any, Any], is_train: bool
) -> tuple[ModelOutput, Callable[[ModelOutput], ArgsKwargs]]:
    """The encoder's output with all its layers, and the callback that turns their gradients into torch's.

    Replaces the function of spacy-transformers, in which `last_hidden_state` is the only root of the backward pass.
    """
    _, output = inputs_outputs
    last: torch.Tensor = output.last_hidden_state.float()
    lower = tuple(layer.float() for layer in output.hidden_states[:-1])
    roots = (last, *lower)

    def backprop(d_output: ModelOutput) -> ArgsKwargs:
        gradients = list(d_output.values())
        if len(gradients) not in (1, len(roots)):
            raise XnerError(
                f"The encoder got gradients for {len(gradients)} arrays, expected 1 (from a stock listener) or "
                f"{len(roots)} (from {LISTENER_ARCHITECTURE})."
            )
        # A root without gradient (the embeddings, when they are frozen) makes torch raise.
        kept = [(root, gradient) for root, gradient in zip(roots, gradients, strict=False) if root.requires_grad]
        return ArgsKwargs(args=([r for r, _ in kept],), kwargs={"grad_tensors": [g for _, g in kept]})

    return ModelOutput({"last_hidden_state": last, LAYERS_KEY: lower}), backprop


def layers_of(data: TransformerData) -> list[FloatsXd] | None:
    """All L + 1 layers of one doc, lowest first, each of shape (n_spans, n_word_pieces, width).

    None where the encoder that made `data` keeps its last layer only.
    """
    lower = data.model_output.get(LAYERS_KEY)
    return None if lower is None else [*lower, data.model_output["last_hidden_state"]]


def gradients_of(d_layers: dict[int, FloatsXd], n_layers: int) -> ModelOutput:
    """Gradients for what `layers_of` gave, in the flat, positional form that spacy-transformers carries.

    d_layers (dict[int, FloatsXd]): index of a layer -> its gradient; a layer that is left out has none.
    n_layers (int): how many layers there are, L + 1.
    """
    last = n_layers - 1
    sample = next(iter(d_layers.values()))
    zeros = get_array_module(sample).zeros_like
    output = ModelOutput({"last_hidden_state": d_layers[last] if last in d_layers else zeros(sample)})
    if set(d_layers) != {last}:  # the last layer alone needs no more than a stock listener sends
        for i in range(last):
            output[f"layer_{i}"] = d_layers[i] if i in d_layers else zeros(sample)
    return output


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
