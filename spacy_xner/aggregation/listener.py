"""From the layers of word pieces to one vector per token, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers import TransformerListener
from thinc.api import Model
from thinc.types import Floats2d, Ragged

from ..encoders.transformer import ARCHITECTURE, LISTENER_ARCHITECTURE, gradients_of, layers_of
from ..errors import XnerError
from .types import LAYERS_READ, Aggregator, Layers

Pooling = Model[Ragged, Floats2d]


class AllLayersListener(TransformerListener):
    """The stock listener, with an error that can be understood where a stock listener has gone before it."""

    def receive(self, batch_id: int, outputs: Any, backprop: Callable[[list[TransformerData]], Any]) -> None:
        def checked(d_outputs: list[TransformerData]) -> Any:
            try:
                return backprop(d_outputs)
            except IndexError as error:
                # spacy-transformers keeps as many gradients as the first listener sent: a stock one sends one.
                raise XnerError(
                    f"A component that reads the last layer only (a stock TransformerListener, or LastLayer.v1) is "
                    f"updated before one with {LISTENER_ARCHITECTURE} that reads others, and spacy-transformers "
                    "cannot add gradients for many layers to gradients for one. Put the "
                    "component that aggregates layers before the other one in [nlp] pipeline."
                ) from error

        super().receive(batch_id, outputs, checked)


def aggregate_layers(
    aggregator: Aggregator, pooling: Pooling, grad_factor: float
) -> Model[list[TransformerData], list[Floats2d]]:
    """Combine the layers of each word piece, then pool the word pieces of each token.

    Word pieces that belong to no token (padding, `[CLS]`) are left out before anything is computed; pieces in the
    overlap of two strided spans are there as often as their tokens refer to them.

    aggregator (Aggregator): layers to one vector, (n_pieces, n_layers, width) to (n_pieces, nO).
    pooling (Pooling): pieces to tokens, such as thinc's `reduce_mean.v1`.
    grad_factor (float): factor for the gradients that go to the encoder; 0 leaves it as it is.
    """
    return Model(
        "aggregate_layers",
        forward,
        init=init,
        layers=[aggregator, pooling],
        dims={"nO": None},
        attrs={"grad_factor": grad_factor},
    )


def init(model: Model, X: list[TransformerData] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Set the widths. How many layers there are is known from the first batch that the encoder has seen."""
    aggregator, pooling = model.layers
    pooling.initialize()
    for data in X or []:
        if "last_hidden_state" in data.model_output and aggregator.has_dim("nI") is None:
            aggregator.set_dim("nI", data.width)
    aggregator.initialize()
    if aggregator.has_dim("nO"):
        model.set_dim("nO", aggregator.get_dim("nO"))


def forward(
    model: Model, X: list[TransformerData], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[TransformerData]]]:
    aggregator, pooling = model.layers
    xp = model.ops.xp
    pieces = [_Pieces(data, aggregator.attrs.get(LAYERS_READ)) for data in X]
    live = [p for p in pieces if p.layers]
    if not live:
        width = model.get_dim("nO") if model.has_dim("nO") else 0
        return [model.ops.alloc2f(p.n_tokens, width) for p in pieces], lambda dY: []
    _settle_dimensions(model, live[0])

    stack = _gather(model, live)
    combined, backprop_aggregator = aggregator(stack, is_train)
    width = combined.shape[1]
    lengths = xp.concatenate([model.ops.asarray1i(p.lengths) for p in live])
    if len(combined):
        tokens, backprop_pooling = pooling(Ragged(combined, lengths), is_train)
    else:  # nothing but white space: tokens without word pieces, which poolings cannot take
        tokens, backprop_pooling = model.ops.alloc2f(len(lengths), width), lambda d_tokens: Ragged(combined, lengths)

    outputs, start = [], 0
    for p in pieces:
        if p.layers:
            outputs.append(tokens[start : start + p.n_tokens])
            start += p.n_tokens
        else:
            outputs.append(model.ops.alloc2f(p.n_tokens, width))

    def backprop(d_outputs: list[Floats2d]) -> list[TransformerData]:
        d_tokens = xp.concatenate([d for d, p in zip(d_outputs, pieces, strict=True) if p.layers])
        d_stack = backprop_aggregator(backprop_pooling(d_tokens).dataXd)
        d_stack = d_stack * model.attrs["grad_factor"]
        return _scatter(model, live, d_stack)

    return outputs, backprop


class _Pieces:
    """The layers of one doc, and which of its word pieces belong to which token."""

    def __init__(self, data: TransformerData, layers_read: list[int] | None) -> None:
        self.data = data
        self.lengths: Any = data.align.lengths
        self.n_tokens = len(self.lengths)
        self.rows: Any = data.align.dataXd
        every = layers_of(data) or []
        self.n_layers = len(every)
        self.read = [i % len(every) for i in layers_read] if layers_read and every else list(range(len(every)))
        self.layers: list[Any] = [every[i] for i in self.read]
        # An empty doc has no output at all; a doc that no encoder has seen has zeros with empty strings.
        seen = any(any(strings) for strings in data.wordpieces.strings)
        if seen and not self.layers:
            raise XnerError(
                f"{LISTENER_ARCHITECTURE} needs all layers of the encoder, but the transformer component gives the "
                f'last one only. In the config, set [components.transformer.model] @architectures = "{ARCHITECTURE}".'
            )


def _settle_dimensions(model: Model, pieces: _Pieces) -> None:
    """Finish the initialisation that had to wait for a batch with layers in it."""
    aggregator = model.layers[0]
    n_layers, width = len(pieces.layers), pieces.layers[0].shape[-1]
    if aggregator.has_dim("nL") is None:
        aggregator.set_dim("nL", n_layers)
        if aggregator.has_dim("nI") is None:
            aggregator.set_dim("nI", width)
        aggregator.initialize()
        if model.has_dim("nO") is None:
            model.set_dim("nO", aggregator.get_dim("nO"))
    expected = (aggregator.get_dim("nL"), aggregator.get_dim("nI"))
    if (n_layers, width) != expected:
        raise XnerError(
            f"The aggregator {aggregator.name} was made for {expected[0]} layers of width {expected[1]}; the encoder "
            f"gives {n_layers} of width {width}. Train the pipeline again with this encoder, or put the former back."
        )


def _gather(model: Model, pieces: list[_Pieces]) -> Layers:
    """Every layer of every word piece that a token has, (n_pieces, n_layers, width)."""
    n_layers, width = len(pieces[0].layers), pieces[0].layers[0].shape[-1]
    stack = model.ops.alloc3f(sum(len(p.rows) for p in pieces), n_layers, width, zeros=False)
    start = 0
    for p in pieces:
        end = start + len(p.rows)
        for i, layer in enumerate(p.layers):
            stack[start:end, i] = layer.reshape(-1, width)[p.rows]
        start = end
    return stack


def _scatter(model: Model, pieces: list[_Pieces], d_stack: Layers) -> list[TransformerData]:
    """The gradient of `_gather`, as fresh arrays of the shapes that the encoder gave."""
    d_datas, start = [], 0
    for p in pieces:
        end = start + len(p.rows)
        shape = p.layers[0].shape
        distinct = len(set(p.rows.tolist())) == len(p.rows)  # no overlapping spans, no piece of two tokens
        d_layers: dict[int, Any] = {}
        for i, layer in enumerate(p.read):
            d_flat = model.ops.alloc2f(shape[0] * shape[1], shape[2])
            if distinct:
                d_flat[p.rows] = d_stack[start:end, i]
            else:
                model.ops.scatter_add(d_flat, p.rows, d_stack[start:end, i])
            d_layers[layer] = d_flat.reshape(shape)
        d_datas.append(TransformerData(p.data.wordpieces, gradients_of(d_layers, p.n_layers), p.data.align))
        start = end
    return d_datas
