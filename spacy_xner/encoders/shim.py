"""The thinc shim around an encoder: how it learns, predicts, and is written and read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy
import safetensors.torch
import srsly
import torch
from numpy.typing import NDArray
from spacy.util import SimpleFrozenDict
from spacy_transformers.data_classes import HFObjects
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import Optimizer, get_torch_default_device, torch2xp, xp2torch
from thinc.types import ArgsKwargs, FloatsXd
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import MODEL_MAPPING
from transformers.modeling_utils import no_init_weights

from .memory import UPDATES, release_memory
from .outputs import with_gradients
from .packed import Batch, can_pack, make_encoder
from .precision import check_inference, cpu_computes_bfloat16, resolve_inference
from .threads import side_by_side, use_one_thread_if_forked


class EncoderShim(HFShim):
    """`HFShim` with half precision on the CPU too, frozen word embeddings, a learning rate and precisions of its own.

    On a CPU it predicts with an encoder made from the model (`encode`): that one is made when it is first needed,
    never written to a file, and made again when the model's weights have changed.
    """

    def __init__(
        self,
        model: HFObjects,
        *,
        freeze_embeddings: bool = False,
        learn_rate_factor: float = 1.0,
        inference: str = "float32",
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.freeze_embeddings = freeze_embeddings
        self.learn_rate_factor = learn_rate_factor
        self.inference = check_inference(inference)
        self._n_updates = 0
        self._encoder: Any = None
        self._encoder_made_of: Any = None
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
            return self._model(*inputs.args, **inputs.kwargs)

    def encode(self, batches: list[Batch]) -> list[list[NDArray[numpy.float32]]]:
        """All L + 1 layers of batches of word pieces on a CPU, each (n_pieces, width) of float32, as `inference` says.

        batches (list[Batch]): sequences of ids, those of one length side by side; they are computed at the same time.
        """
        use_one_thread_if_forked()
        # In-place changes count a tensor's version up; new weights go through `forget_encoder`.
        made_of = (
            self._model,
            sum(0 if weight.is_inference() else weight._version for weight in self._model.parameters()),
        )
        if self._encoder is None or self._encoder_made_of != made_of:
            self._encoder = make_encoder(self._model, resolve_inference(self.inference))
            self._encoder_made_of = made_of

        def run(batch: Batch) -> list[NDArray[numpy.float32]]:
            with torch.inference_mode():  # of this thread alone
                return [layer.numpy() for layer in self._encoder(batch)]

        self._model.eval()  # and so it stays until an update: several threads can predict at once
        return side_by_side(run, batches)

    def forget_encoder(self) -> None:
        """Throw away the encoder for predictions, as the model's weights are about to change or have changed."""
        self._encoder = self._encoder_made_of = None

    def begin_update(self, inputs: ArgsKwargs) -> tuple[Any, Callable[[ArgsKwargs], Any]]:
        self.forget_encoder()
        self._model.train()
        # On a CPU the backward pass of torch's fused attention takes longer than all the rest of it.
        attention = sdpa_kernel(SDPBackend.MATH) if self.device.type == "cpu" else contextlib.nullcontext()
        with self._autocast(), attention:
            output = self._model(*inputs.args, **inputs.kwargs)

        def backprop(grads: ArgsKwargs) -> Any:
            (roots,), (gradients,) = grads.args, grads.kwargs.values()
            self._backward(roots, list(gradients))
            return inputs

        return output, backprop

    def can_learn_packed(self) -> bool:
        """Whether `learn` serves this encoder here: on a CPU, of a build that `PackedEncoder` knows."""
        return self.device.type == "cpu" and can_pack(self._model)

    def learn(self, batch: Batch) -> tuple[list[torch.Tensor], Callable[[list[torch.Tensor]], None]]:
        """All L + 1 layers of a batch of word pieces, each (n_pieces, width), and the callback for their gradients.

        The callback takes a gradient for the last layer, or one for each, the last layer's first and then from the
        lowest on.
        """
        self.forget_encoder()
        self._model.train()
        with self._autocast(), sdpa_kernel(SDPBackend.MATH):
            layers = make_encoder(self._model, "float32")(batch)

        def backprop(gradients: list[torch.Tensor]) -> None:
            self._backward(*with_gradients([layers[-1], *layers[:-1]], gradients))

        return layers, backprop

    def _backward(self, roots: list[torch.Tensor], gradients: list[torch.Tensor]) -> None:
        """Add up the gradients of the parameters; with mixed precision they are scaled meanwhile."""
        torch.autograd.backward(roots, grad_tensors=self._grad_scaler.scale(gradients, inplace=True))

    def finish_update(self, optimizer: Optimizer) -> None:
        self.forget_encoder()
        # Once, when all of a step's batches have added to the gradients: each call divides by the scale.
        self._grad_scaler.unscale([p.grad for p in self._model.parameters() if p.grad is not None])
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
        self._n_updates += 1
        if self._n_updates % UPDATES == 0:
            release_memory()

    @contextlib.contextmanager
    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        self.forget_encoder()
        try:
            with super().use_params(params):
                yield
        finally:
            self.forget_encoder()

    def to_device(self, device_type: str, device_id: int) -> None:
        self.forget_encoder()
        super().to_device(device_type, device_id)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles get: all but the encoder for predictions."""
        return {**self.__dict__, "_encoder": None, "_encoder_made_of": None}

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
        self.forget_encoder()
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
        # By the config's class: `AutoModel` would import the modules of all models there are.
        found: Any = MODEL_MAPPING[type(config)]
        with no_init_weights():
            several = isinstance(found, tuple)  # for a few configs, and `AutoModel` knows which one is meant
            transformer = self.model_cls.from_config(config) if several else found._from_config(config)
        # float16 is a form to keep weights in, not to compute with. Weights of other types are taken as they were read.
        state = safetensors.torch.load(message["state"])
        halves = {name: weight.float() for name, weight in state.items() if weight.dtype == torch.float16}
        transformer.load_state_dict(state | halves, assign=True)
        transformer.to(get_torch_default_device())
        self._hfmodel = HFObjects(tokenizer, transformer, vocab, SimpleFrozenDict(), SimpleFrozenDict())
        self._model = transformer
        self.freeze()
        return self
