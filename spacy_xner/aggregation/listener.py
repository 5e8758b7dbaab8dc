"""The listener, and the layer that turns all layers of word pieces into one vector per token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers import TransformerListener
from spacy_transformers.layers.listener import forward as stock_forward
from thinc.api import Model
from thinc.types import Floats2d

from .. import compat, compat_spacy
from ..encoders.deferred import DeferredData
from ..encoders.transformer import LISTENER_ARCHITECTURE
from ..errors import XnerError
from ..unread import check_outputs
from .affine import AFFINE_MAP
from .pieces import MEANS, BatchLayers, DocLayers, Pooling, pool_pieces
from .streaming import Head, stream
from .types import AFFINE, ENCODER_LAYERS, LAYERS_READ, Aggregator, Layers, Rows


class AllLayersListener(TransformerListener):
    """The stock listener, with clear errors where it cannot work.

    A copy or a pickle has no batch: where the encoder was updated and this listener's component was not (excluded, or
    frozen), the batch and its callback are still here, and the callback cannot be pickled.

    upstream_name (str): name of the transformer component, or "*" for any.
    """

    def __init__(self, upstream_name: str) -> None:
        super().__init__(upstream_name)
        self.init = remember_sample
        self.sample: list[Doc] | None = None
        """The docs that the model is initialised with, which no transformer has read."""
        compat.replace_forward(self, forward_listener)

    def __reduce_ex__(self, protocol: Any) -> Any:
        reduced: Any = super().__reduce_ex__(protocol)
        make, arguments, (attributes, slots), *rest = reduced
        no_batch = {"_batch_id": None, "_outputs": None, "_backprop": None, "sample": None}
        return make, arguments, ({**attributes, **no_batch}, slots), *rest

    def receive(self, batch_id: int, outputs: Any, backprop: Callable[[list[TransformerData]], Any]) -> None:
        """Take the output for a batch of training, and the callback for its gradients.

        RAISES: XnerError, in the callback, where a listener before this one has sent gradients for one layer only.
        """

        def checked(d_outputs: list[TransformerData]) -> Any:
            earlier = compat_spacy.get_accumulated_gradients(backprop)
            if earlier and d_outputs and len(earlier[0]) < len(d_outputs[0].tensors):
                # spacy-transformers keeps as many gradients as the first listener sent: a stock one sends one.
                raise XnerError(
                    f"A component that reads the last layer only (a stock TransformerListener, or LastLayer.v1) is "
                    f"updated before one with {LISTENER_ARCHITECTURE} that reads others, and spacy-transformers "
                    "cannot add gradients for many layers to gradients for one. Put the "
                    "component that aggregates layers before the other one in [nlp] pipeline."
                )
            return backprop(d_outputs)

        super().receive(batch_id, outputs, checked)


def remember_sample(model: AllLayersListener, X: list[Doc] | None = None, Y: Any = None) -> None:
    model.sample = X


def forward_listener(
    model: AllLayersListener, docs: list[Doc], is_train: bool
) -> tuple[list[TransformerData], Callable[[Any], Any]]:
    """What the transformer left on the docs, or has sent in training.

    RAISES: XnerError in prediction where `doc_cleaner` has deleted it. A doc that no transformer has read gets zeros,
        with a warning unless the model is being initialised.
    """
    if not is_train:
        check_outputs(docs, is_sample=docs is model.sample)
    if docs is not model.sample:
        model.sample = None
    outputs, backprop = stock_forward(model, docs, is_train)
    return outputs, backprop


def aggregate_layers(
    aggregator: Aggregator, pooling: Pooling, grad_factor: float
) -> Model[list[TransformerData], list[Floats2d]]:
    """Combine the layers of each word piece, and pool the word pieces of each token.

    Word pieces that belong to no token (padding, `[CLS]`) are left out before anything is computed. A token in the
    overlap of two strided spans has the pieces of both. Where the result is the same, the pieces of each layer are
    pooled before layers are combined, because there are fewer tokens than pieces.

    aggregator (Aggregator): combines layers, `nL` arrays of (n_rows, nI) to (n_rows, nO).
    pooling (Pooling): combines the pieces of a token, such as thinc's `reduce_mean.v1`.
    grad_factor (float): factor for the gradients of the encoder. With 0 it gets none, but weight decay still changes
        it: to keep the encoder unchanged, name it in `[training] frozen_components`.
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
    """Set the widths. The number of layers is only known with the first batch from the encoder."""
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
    streamed = {} if is_train else _stream(model, X)
    others, backprop = _aggregate([data for i, data in enumerate(X) if i not in streamed], model, is_train)
    if not streamed:
        return others, backprop
    left = iter(others)
    return [streamed[i] if i in streamed else next(left) for i in range(len(X))], lambda dY: []


def predict_linear(model: Model, docs: Sequence[Doc], W: Rows, b: Rows) -> list[Rows] | None:
    """What `linear_head.predict_linear` returns, for a Tok2Vec of a transformer (or a listener) and `aggregate_layers`.

    None where the aggregator is not affine, the pooling no mean, or neither was initialised yet.
    """
    encoder, aggregate = model.layers
    aggregator, pooling = aggregate.layers
    if pooling.name not in MEANS or AFFINE_MAP not in aggregator.attrs or not aggregator.has_dim("nL"):
        return None
    X = encoder.predict(list(docs))
    found = _stream(aggregate, X, Head(W, b))
    others = iter(_aggregate([data for i, data in enumerate(X) if i not in found], aggregate, False)[0])
    return [found[i] if i in found else next(others) @ W.T + b for i in range(len(X))]


def _stream(model: Model, X: list[TransformerData], head: Head | None = None) -> dict[int, Rows]:
    """The token vectors of docs whose layers are not in memory, by the doc's index; or what `head` makes of them."""
    by_source: dict[int, list[int]] = {}
    for i, data in enumerate(X):
        if isinstance(data, DeferredData) and not data.is_computed:
            by_source.setdefault(id(data.source.shim), []).append(i)
    found: dict[int, Rows] = {}
    for indices in by_source.values():
        settle = partial(_finish_initialisation, model)
        vectors = stream(model, [X[i] for i in indices], settle, head)  # type: ignore[misc]
        found.update(zip(indices, vectors or (), strict=bool(vectors)))
    return found


def _aggregate(
    X: list[TransformerData], model: Model, is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[TransformerData]]]:
    """The token vectors of docs whose layers are in memory."""
    aggregator = model.layers[0]
    docs = [DocLayers(data, aggregator.attrs.get(LAYERS_READ)) for data in X]
    with_layers = [doc for doc in docs if doc.layers]
    if not with_layers:
        width = model.get_dim("nO") if model.has_dim("nO") else 0
        return [model.ops.alloc2f(doc.n_tokens, width) for doc in docs], lambda dY: []
    first = with_layers[0]
    _finish_initialisation(model, len(first.layers), first.layers[0].shape[-1], first.n_encoder_layers)
    batch = BatchLayers(model.ops, with_layers)
    tokens, backprop_tokens = _token_vectors(model, batch, is_train)

    outputs, start = [], 0
    for doc in docs:
        if doc.layers:
            outputs.append(tokens[start : start + doc.n_tokens])
            start += doc.n_tokens
        else:
            outputs.append(model.ops.alloc2f(doc.n_tokens, tokens.shape[1]))

    def backprop(d_outputs: list[Floats2d]) -> list[TransformerData]:
        d_tokens = model.ops.xp.concatenate([d for d, doc in zip(d_outputs, docs, strict=True) if doc.layers])
        return batch.scatter(backprop_tokens(d_tokens))

    return outputs, backprop


def _token_vectors(model: Model, batch: BatchLayers, is_train: bool) -> tuple[Rows, Callable[[Rows], Layers]]:
    """One vector for each token, (n_tokens, nO), and the callback to the gradients of the layers of word pieces."""
    aggregator, pooling = model.layers
    factor = model.attrs["grad_factor"]
    n_layers = range(len(batch.docs[0].layers))

    def pool(pieces: Rows) -> tuple[Rows, Callable[[Rows], Rows]]:
        return pool_pieces(pooling, pieces, batch.lengths, is_train)

    def scaled(d_layers: Layers) -> Layers:
        return d_layers if factor == 1 else [d_layer * factor for d_layer in d_layers]

    if not (aggregator.attrs.get(AFFINE) and pooling.name in MEANS):
        combined, backprop_aggregator = aggregator([batch.gather(i) for i in n_layers], is_train)
        tokens, backprop_pool = pool(combined)
        return tokens, lambda d_tokens: scaled(backprop_aggregator(backprop_pool(d_tokens)))

    pooled = [pool(batch.gather(i)) for i in n_layers]
    backprops = [backprop_pool for _, backprop_pool in pooled]
    tokens, backprop_aggregator = aggregator([layer for layer, _ in pooled], is_train)
    has_pieces = batch.lengths > 0
    if not has_pieces.all():  # a token without word pieces, such as white space, gets zeros, without the bias
        tokens = tokens * has_pieces[:, None]

    def backprop(d_tokens: Rows) -> Layers:
        if not has_pieces.all():
            d_tokens = d_tokens * has_pieces[:, None]
        d_layers = scaled(backprop_aggregator(d_tokens))
        for i, backprop_pool in enumerate(backprops):
            d_layers[i] = backprop_pool(d_layers[i])
        return d_layers

    return tokens, backprop


def _finish_initialisation(model: Model, n_layers: int, width: int, n_encoder_layers: int) -> None:
    """Set the dimensions that depend on the encoder's output, at the first batch; check them at later ones.

    n_layers (int): number of layers that are read. n_encoder_layers (int): of all layers of the encoder.
    RAISES: XnerError where the encoder is not the one that the aggregator was trained with.
    """
    aggregator = model.layers[0]
    if aggregator.has_dim("nL") is None:
        aggregator.set_dim("nL", n_layers)
        if aggregator.has_dim("nI") is None:
            aggregator.set_dim("nI", width)
        aggregator.initialize()
        if model.has_dim("nO") is None:
            model.set_dim("nO", aggregator.get_dim("nO"))
    if aggregator.attrs.get(ENCODER_LAYERS) is None:
        aggregator.attrs[ENCODER_LAYERS] = n_encoder_layers
    expected = (aggregator.get_dim("nL"), aggregator.get_dim("nI"), aggregator.attrs[ENCODER_LAYERS])
    if (n_layers, width, n_encoder_layers) != expected:
        of = "" if n_layers == n_encoder_layers else " an encoder with"
        raise XnerError(
            f"The aggregator {aggregator.name} was made for{of} {expected[0] if not of else expected[2]} layers of "
            f"width {expected[1]}; the encoder gives {n_encoder_layers} of width {width}. Train the pipeline again "
            "with this encoder, or use the former one."
        )
