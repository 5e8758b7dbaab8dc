"""The thinc shim around an encoder: training and prediction."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy
import torch
from numpy.typing import NDArray
from spacy_transformers.data_classes import HFObjects
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import Optimizer, get_torch_default_device, torch2xp, xp2torch
from thinc.types import ArgsKwargs, FloatsXd
from torch.nn.attention import SDPBackend, sdpa_kernel

from .. import compat
from .freezing import freeze
from .memory import UPDATES_PER_RELEASE, release_memory
from .outputs import select_roots
from .packed import Batch, can_pack, make_encoder
from .precision import check_inference, cpu_computes_bfloat16, resolve_inference
from .serialisation import encoder_from_message, encoder_to_bytes, read_message
from .threads import one_at_a_time, run_in_threads, use_one_thread_if_forked

Then = Callable[[int, list[NDArray[numpy.float32]]], Any]


class EncoderShim(HFShim):
    """`HFShim` with half precision on the CPU too, frozen word embeddings, its own learning rate and precisions.

    On a CPU, prediction uses another encoder (see `make_encoder`). It is built from the model on first use, never
    saved, and rebuilt after the model's weights have changed.
    """

    def __init__(
        self,
        model: HFObjects,
        *,
        freeze_embeddings: bool = False,
        freeze_layers: int = 0,
        learn_rate_factor: float = 1.0,
        inference: str = "float32",
        mixed_precision: bool = False,
        grad_scaler_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.freeze_embeddings = freeze_embeddings
        self.freeze_layers = freeze_layers
        self.learn_rate_factor = learn_rate_factor
        self.inference = check_inference(inference)
        self._n_updates = 0
        self._encoder: Any = None
        self._encoder_weights: Any = None  # model and version of the weights that `_encoder` was made from
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

    def weights_version(self) -> tuple[Any, ...]:
        """What changes with each change of the encoder's weights."""
        return weakref.ref(self._model), self._n_updates, compat.get_weights_version(self._model)

    @property
    def n_layers(self) -> int | None:
        """The number of layers, L + 1; None for an encoder that cannot be packed, until it has computed them."""
        return int(self._model.config.num_hidden_layers) + 1 if can_pack(self._model) else None

    def encode(self, batches: list[Batch], then: Then | None = None, n_layers: int | None = None) -> list[Any]:
        """The layers of batches of word pieces on a CPU, each (n_pieces, width) of float32; or what is made of them.

        They are computed in the precision that `inference` names, several batches at the same time.

        batches (list[Batch]): sequences of ids, in which those of one length are neighbours.
        then (Then | None): called with the number of each batch and its layers, which are not kept, in the thread that
            has computed them; the results are returned in place of the layers.
        n_layers (int | None): the number of layers that are needed, the embeddings included; None for all L + 1.
        """
        use_one_thread_if_forked()
        encoder = self._current_encoder()

        def run(number: int) -> Any:
            with torch.inference_mode():  # holds for this thread only
                layers = [layer.numpy() for layer in encoder(batches[number], n_layers)]
            return layers if then is None else then(number, layers)

        self._model.eval()  # until the next update: several threads can predict at once
        return run_in_threads(run, range(len(batches)))

    def _current_encoder(self) -> Any:
        """The encoder for predictions, made from the model's present weights; the first of several threads makes it."""
        with one_at_a_time("encoder"):
            weights = self._model, compat.get_weights_version(self._model)  # new weights go through `forget_encoder`
            if self._encoder is None or self._encoder_weights != weights:
                self._encoder = make_encoder(self._model, resolve_inference(self.inference))
                self._encoder_weights = weights
            return self._encoder

    def forget_encoder(self) -> None:
        """Drop the encoder for predictions, because the model's weights are about to change or have changed."""
        self._encoder = self._encoder_weights = None

    def begin_update(self, inputs: ArgsKwargs) -> tuple[Any, Callable[[ArgsKwargs], Any]]:
        use_one_thread_if_forked()
        self.forget_encoder()
        self._model.train()
        # On a CPU, the backward pass of torch's fused attention takes longer than the rest of the backward pass.
        attention = sdpa_kernel(SDPBackend.MATH) if self.device.type == "cpu" else contextlib.nullcontext()
        with self._autocast(), attention:
            output = self._model(*inputs.args, **inputs.kwargs)

        def backprop(grads: ArgsKwargs) -> Any:
            (roots,), (gradients,) = grads.args, grads.kwargs.values()
            self._backward(roots, list(gradients))
            return inputs

        return output, backprop

    def can_update_packed(self) -> bool:
        """Whether `begin_packed_update` can be used: on a CPU, for an architecture that `PackedEncoder` knows."""
        return self.device.type == "cpu" and can_pack(self._model)

    def begin_packed_update(self, batch: Batch) -> tuple[list[torch.Tensor], Callable[[list[torch.Tensor]], None]]:
        """All L + 1 layers of a batch of word pieces, each (n_pieces, width), and the callback for their gradients.

        The callback takes a gradient for the last layer, or one for each layer: the last layer's first, then the others
        from the lowest on.
        """
        use_one_thread_if_forked()
        self.forget_encoder()
        self._model.train()
        with self._autocast(), sdpa_kernel(SDPBackend.MATH):
            layers = make_encoder(self._model, "float32")(batch)

        def backprop(gradients: list[torch.Tensor]) -> None:
            self._backward(*select_roots([layers[-1], *layers[:-1]], gradients))

        return layers, backprop

    def _backward(self, roots: list[torch.Tensor], gradients: list[torch.Tensor]) -> None:
        """Add to the gradients of the parameters, which are scaled with mixed precision until `finish_update`."""
        torch.autograd.backward(roots, grad_tensors=self._grad_scaler.scale(gradients, inplace=True))

    def finish_update(self, optimizer: Optimizer) -> None:
        self.forget_encoder()
        # Once a step, after all its batches have added to the gradients: each call divides by the scale.
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
            parameter.grad = None  # cheaper than zeros, and frees memory until the next step
        self._grad_scaler.update()
        self._n_updates += 1
        if self._n_updates % UPDATES_PER_RELEASE == 0:
            release_memory()

    @contextlib.contextmanager
    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Inside the block, the encoder has the weights that `params` has of it, such as an optimizer's averages.

        thinc's own method looks for keys that no optimizer makes, so that averages of the encoder would be lost.

        params (dict): weights by the keys of `finish_update`, (id, name); weights that are not there stay as they are.
        """
        own = {name: each for name, each in self._model.named_parameters() if (self.id, name) in params}
        before = {name: parameter.data for name, parameter in own.items()}
        self.forget_encoder()
        try:
            for name, parameter in own.items():
                parameter.data = xp2torch(params[self.id, name], device=parameter.device)
            yield
        finally:
            for name, parameter in own.items():
                parameter.data = before[name]
            self.forget_encoder()

    def to_device(self, device_type: str, device_id: int) -> None:
        self.forget_encoder()
        super().to_device(device_type, device_id)

    def __getstate__(self) -> dict[str, Any]:
        """The state for copies and pickles, without the encoder for predictions."""
        return {**self.__dict__, "_encoder": None, "_encoder_weights": None}

    def freeze(self) -> None:
        """Exclude weights from training: the word embeddings if `freeze_embeddings` is set, and `freeze_layers`."""
        if self._model is not None:
            freeze(self._model, self.freeze_embeddings, self.freeze_layers)

    def to_bytes(self) -> bytes:
        """Tokenizer, config and weights; see `encoder_to_bytes`."""
        return encoder_to_bytes(self, self._model)

    def from_bytes(self, bytes_data: bytes) -> EncoderShim:
        """Load from `to_bytes`. RAISES: XnerError for bytes that `to_bytes` did not write."""
        self.forget_encoder()
        encoder_from_message(read_message(bytes_data), self)
        self.freeze()
        return self
