"""The model of the recogniser: token vectors, an optional hidden layer, a linear layer with an output for each tag."""

from collections.abc import Callable
from typing import Any

from spacy.tokens import Doc
from thinc.api import Dropout, Linear, Maxout, Model, chain, zero_init
from thinc.layers.chain import forward as chain_forward
from thinc.types import Floats2d

from .. import compat
from ..linear_head import predict_linear

TagLogits = Model[list[Doc], list[Floats2d]]


def token_classifier(
    tok2vec: Model[list[Doc], list[Floats2d]], hidden_width: int | None = None, nO: int | None = None
) -> TagLogits:
    """Unnormalised log-probabilities of tags, float32 (n_tokens, n_tags) for each doc.

    The last linear layer starts with zeros: all tags are equally likely before training.

    tok2vec (Model): a vector for each token, (n_tokens, width), such as `spacy_xner.LayerAggregationListener.v1` or any
        Tok2Vec of spaCy.
    hidden_width (int | None): width of a normalised maxout layer with two pieces before the last one; None: no such
        layer. It helps where vectors differ little from each other, as in the last layer of a sentence encoder.
    nO (int | None): number of tags; None: the number for the component's labels.
    """
    output = Linear(nO=nO, init_W=zero_init)
    # spaCy sets the rate of all dropout layers by [training] dropout
    dropout: Model[Floats2d, Floats2d] = Dropout()
    head: Model[Floats2d, Floats2d] = chain(dropout, output)
    if hidden_width is not None:
        head = chain(dropout, Maxout(nO=hidden_width, nP=2, normalize=True), output)
    model: TagLogits = chain(tok2vec, per_token(head))
    compat.replace_forward(model, forward_classifier)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output)
    model.attrs["resize_output"] = resize_output
    return model


def forward_classifier(model: TagLogits, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Any]:
    """As thinc's `chain`; in prediction, a Tok2Vec may compute its vectors and a linear layer above in one product."""
    output = model.get_ref("output_layer")
    (head,) = model.layers[1].layers
    if not is_train and len(head.layers) == 2:  # dropout and the output layer
        W, b = output.get_param("W"), output.get_param("b")
        logits = predict_linear(model.get_ref("tok2vec"), docs, W, b)
        if logits is not None:
            return logits, lambda d_logits: docs
    return chain_forward(model, docs, is_train)


def per_token(layer: Model[Floats2d, Floats2d]) -> Model[list[Floats2d], list[Floats2d]]:
    """Apply a layer to the rows of all docs at once, as thinc's `with_array`; but the rows of a single doc, which may
    be the longest there is, are not copied.
    """
    return Model(f"per_token({layer.name})", forward, init=init, layers=[layer], dims={"nO": None})


def init(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Initialise the layer with the rows of a sample."""
    (layer,) = model.layers
    layer.initialize(*(None if rows is None else model.ops.flatten(rows) for rows in (X, Y)))
    if layer.has_dim("nO"):
        model.set_dim("nO", layer.get_dim("nO"))


def forward(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    (layer,) = model.layers
    if not any(len(rows) for rows in X):  # thinc's layers fail for no rows at all
        empty: Any = model.ops.alloc2f(0, layer.get_dim("nO"))
        return [empty for _ in X], lambda d_rows: list(X)
    if len(X) == 1:
        rows, backprop_rows = layer(X[0], is_train)
        return [rows], lambda d_rows: [backprop_rows(d_rows[0])]
    lengths = model.ops.asarray1i([len(rows) for rows in X])
    flat, backprop = layer(model.ops.flatten(X), is_train)
    return (
        model.ops.unflatten(flat, lengths),
        lambda d_rows: model.ops.unflatten(backprop(model.ops.flatten(d_rows)), lengths),
    )


def resize_output(model: TagLogits, nO: int) -> TagLogits:
    """Add tags: the weights of the former ones are kept, those of the new ones are zeros."""
    old = model.get_ref("output_layer")
    old_W: Any = old.get_param("W")
    n_old, width = old_W.shape
    output = Linear(nO=nO, nI=width, init_W=zero_init)
    W: Any = output.ops.alloc2f(nO, width)
    b: Any = output.ops.alloc1f(nO)
    W[:n_old], b[:n_old] = old_W, old.get_param("b")
    output.set_param("W", W)
    output.set_param("b", b)
    for node in list(model.walk()):
        if node is not old and old in node.walk() and node.has_dim("nO"):
            node.set_dim("nO", nO, force=True)  # containers have the size of their last layer
        node.replace_node(old, output)
    model.set_ref("output_layer", output)
    return model
