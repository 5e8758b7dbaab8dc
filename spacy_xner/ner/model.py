"""The model of the recogniser: token vectors, an optional hidden layer, a linear layer with an output for each tag."""

from typing import Any

from spacy.tokens import Doc
from thinc.api import Dropout, Linear, Maxout, Model, chain, with_array, zero_init
from thinc.types import Floats2d

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
    per_token: Model[Any, Any] = with_array(head)
    model: TagLogits = chain(tok2vec, per_token)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output)
    model.attrs["resize_output"] = resize_output
    return model


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
