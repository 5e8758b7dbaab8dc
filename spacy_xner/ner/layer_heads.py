"""Layers by supervision: in training, lower layers of the encoder have classifiers of their own.

Ma et al. 2022, "Wider & Closer: Mixture of Short-channel Distillers for Zero-shot Cross-lingual Named Entity
Recognition" (https://aclanthology.org/2022.emnlp-main.345): what the recogniser needs is learned by the layers
themselves, so that it need not read several of them. In prediction these classifiers are not computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc
from thinc.api import Dropout, Linear, Model, chain, zero_init
from thinc.types import Floats2d

from ..errors import XnerError
from ..layer_vectors import BEGIN_WITH_LAYERS, BeginWithLayers
from .model import TagLogits, per_token, resize_output, token_classifier

LAYERS, WEIGHT = "supervised_layers", "layer_weight"

Loss = Callable[[list[Floats2d]], tuple[float, list[Floats2d]]]
"""From logits of each doc to the loss and its gradients."""


@dataclass
class LayerLogits:
    """Logits in training, or their gradients: (n_tokens, n_tags) for each doc.

    output (list[Floats2d]): those of the recogniser.
    layers (list[list[Floats2d]]): those of the classifier of each layer, lowest first.
    weight (float): of the loss of each classifier of a layer, relative to that of the recogniser.
    """

    output: list[Floats2d]
    layers: list[list[Floats2d]]
    weight: float


def supervised_classifier(
    tok2vec: Model[list[Doc], list[Floats2d]],
    layers: Sequence[int],
    weight: float = 0.1,
    hidden_width: int | None = None,
    nO: int | None = None,
) -> TagLogits:
    """A token classifier, and for training a linear classifier on the tokens of each of some layers.

    The loss is that of the recogniser plus `weight` times that of each layer's classifier, all for the same targets.
    These classifiers are saved with the pipeline, so that it can be trained on (17 outputs on a width of 384 are 26 KB
    each); in prediction nothing of them is computed. The other arguments are those of `token_classifier`.

    tok2vec (Model): `spacy_xner.LayerAggregationListener.v1` or `spacy_xner.LayerAggregationTok2Vec.v1`.
    layers (Sequence[int]): layers of the encoder, whether or not the Tok2Vec reads them: 0 is the embeddings, -1 the
        last.
    weight (float): of each layer's loss, more than 0. Ma et al. use 0.1.
    RAISES: XnerError for another Tok2Vec, an empty list, a layer that is no whole number or named twice, and a weight
        that is not positive. In training, for a layer that the encoder does not have.
    """
    if BEGIN_WITH_LAYERS not in tok2vec.attrs:
        raise XnerError(
            f"SupervisedLayers: the Tok2Vec {tok2vec.name} gives no layers of an encoder. Expected tok2vec = "
            "spacy_xner.LayerAggregationListener.v1 (or LayerAggregationTok2Vec.v1), or the model TokenClassifier.v1."
        )
    if not layers or any(isinstance(layer, bool) or not isinstance(layer, int) for layer in layers):
        raise XnerError(
            f"SupervisedLayers: layers is {list(layers)}, expected whole numbers of layers, such as [3, 6]."
        )
    if len(set(layers)) < len(layers):
        raise XnerError(f"SupervisedLayers: layers is {list(layers)}, where a layer is named twice: name each once.")
    if not weight > 0:
        raise XnerError(
            f"SupervisedLayers: weight is {weight}, expected a number above 0, such as 0.1. Without the classifiers of "
            "layers, use the model TokenClassifier.v1."
        )
    classifier = token_classifier(tok2vec, hidden_width, nO)
    return Model(
        "supervised_layers",
        forward,
        init=init,
        layers=[classifier, *(layer_classifier(nO) for _ in layers)],
        refs={name: classifier.get_ref(name) for name in ("tok2vec", "output_layer")},
        attrs={LAYERS: list(layers), WEIGHT: float(weight), "resize_output": resize},
    )


def layer_classifier(nO: int | None) -> Model[list[Floats2d], list[Floats2d]]:
    """Logits of tags from the vectors of a layer. As that of the recogniser, its linear layer starts with zeros."""
    dropout: Model[Floats2d, Floats2d] = Dropout()
    output = Linear(nO=nO, init_W=zero_init)
    head = per_token(chain(dropout, output))
    head.set_ref("output_layer", output)
    return head


def init(model: TagLogits, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Initialise the recogniser. The classifiers of layers are initialised with the first batch of training."""
    model.layers[0].initialize(X=X, Y=Y)


def forward(model: TagLogits, docs: list[Doc], is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    """In prediction what the recogniser gives, list[Floats2d]; in training `LayerLogits`."""
    classifier, *heads = model.layers
    if not is_train:
        return classifier(docs, False)
    tok2vec, output = classifier.layers
    begin: BeginWithLayers = tok2vec.attrs[BEGIN_WITH_LAYERS]
    vectors, of_layers, backprop_tok2vec = begin(tok2vec, docs, model.attrs[LAYERS])
    logits, backprop_output = output(vectors, True)
    n_tags = model.get_ref("output_layer").get_dim("nO")
    for head, rows in zip(heads, of_layers, strict=True):
        settle(head, rows[0].shape[1], n_tags)
    results = [head(rows, True) for head, rows in zip(heads, of_layers, strict=True)]

    def backprop(d_logits: LayerLogits) -> Any:
        d_layers = [each(d_rows) for (_, each), d_rows in zip(results, d_logits.layers, strict=True)]
        return backprop_tok2vec(backprop_output(d_logits.output), d_layers)

    return LayerLogits(logits, [rows for rows, _ in results], model.attrs[WEIGHT]), backprop


def settle(head: Model, width: int, n_tags: int) -> None:
    """Set the sizes of the classifier of a layer, once they are known. width: 0 where no doc has tokens."""
    for node in head.walk():
        if node.has_dim("nO") is None:
            node.set_dim("nO", n_tags)
    output = head.get_ref("output_layer")
    if width and not output.has_param("W"):
        output.set_dim("nI", width)
        output.initialize()


def resize(model: TagLogits, nO: int) -> TagLogits:
    """Add tags, see `resize_output`: to the recogniser and to the classifiers of layers."""
    classifier, *heads = model.layers
    resize_output(classifier, nO)
    model.set_ref("output_layer", classifier.get_ref("output_layer"))
    for head in heads:
        if head.get_ref("output_layer").has_param("W"):
            resize_output(head, nO)
    return model


def total_loss(scores: Any, loss_of: Loss) -> tuple[float, Any]:
    """The loss of logits and its gradients; for `LayerLogits` with the weighted losses of the layers' classifiers.

    scores (list[Floats2d] | LayerLogits): the result of the model in training.
    RETURNS: the loss, and gradients in the form of the scores.
    """
    if not isinstance(scores, LayerLogits):
        return loss_of(scores)
    loss, gradients = loss_of(scores.output)
    d_layers = []
    for logits in scores.layers:
        of_layer, d_logits = loss_of(logits)
        loss += scores.weight * of_layer
        d_layers.append([rows * scores.weight for rows in d_logits])
    return loss, LayerLogits(gradients, d_layers, scores.weight)
