"""The aggregation architectures that a config can name."""

import json
from collections.abc import Callable
from typing import Any

from spacy.tokens import Doc, Span
from thinc.api import Model, chain
from thinc.types import Floats2d, Ragged

from ..compat import make_doc_splitter
from ..encoders.transformer import AllLayersTransformer
from ..errors import XnerError
from ..layer_vectors import BEGIN_WITH_LAYERS
from ..linear_head import PREDICT_LINEAR
from .last_layer import last_layer
from .layer_attention import layer_attention
from .layer_vectors import begin_with_layers
from .listener import AllLayersListener, aggregate_layers, predict_linear
from .scalar_mix import scalar_mix
from .types import Aggregator
from .weighted_concat import weighted_concat

Tok2Vec = Model[list[Doc], list[Floats2d]]

# Former options of LayerAttention.v1, with the only value that is still accepted.
LAYER_ATTENTION_REMOVED: dict[str, Any] = {"scores": "dot", "n_heads": 1, "project_values": False, "fusion": "sum"}


def layer_aggregation_listener_v1(
    aggregator: Aggregator,
    pooling: Model[Ragged, Floats2d],
    grad_factor: float = 1.0,
    upstream: str = "*",
) -> Tok2Vec:
    """`spacy_xner.LayerAggregationListener.v1`: one vector per token out of all layers of a shared transformer.

    aggregator (Aggregator): how layers are combined, for example `spacy_xner.WeightedConcat.v1`.
    pooling (Model[Ragged, Floats2d]): how the word pieces of a token are combined, for example `reduce_mean.v1`.
    grad_factor (float): factor for the gradients that go to the transformer; see `aggregate_layers`.
    upstream (str): name of the transformer component, or "*" for any.
    """
    listener = AllLayersListener(upstream_name=upstream)
    model: Tok2Vec = chain(listener, aggregate_layers(aggregator, pooling, grad_factor))
    model.set_ref("listener", listener)
    model.attrs[PREDICT_LINEAR] = predict_linear
    model.attrs[BEGIN_WITH_LAYERS] = begin_with_layers
    return model


def layer_aggregation_tok2vec_v1(
    name: str,
    get_spans: Callable[[list[Doc]], list[list[Span]]],
    aggregator: Aggregator,
    pooling: Model[Ragged, Floats2d],
    grad_factor: float = 1.0,
    tokenizer_config: dict[str, Any] = {"use_fast": True},  # noqa: B006  (read only; a default that configs can show)
    transformer_config: dict[str, Any] = {},  # noqa: B006
    mixed_precision: bool = False,
    grad_scaler_config: dict[str, Any] = {},  # noqa: B006
    freeze_embeddings: bool = False,
    learn_rate_factor: float = 1.0,
    inference: str = "float32",
    max_layers: int | None = None,
    freeze_layers: int = 0,
) -> Tok2Vec:
    """`spacy_xner.LayerAggregationTok2Vec.v1`: as the listener, but with a transformer of its own.

    `nlp.replace_listeners` writes this architecture into the config, and its layers are nested as that function nests
    them, so that saved weights load. The arguments are those of `spacy_xner.AllLayersTransformer.v1` and
    `spacy_xner.LayerAggregationListener.v1`.
    """
    transformer = AllLayersTransformer(
        name,
        get_spans,
        tokenizer_config,
        transformer_config,
        mixed_precision,
        grad_scaler_config,
        freeze_embeddings,
        learn_rate_factor,
        inference,
        max_layers,
        freeze_layers,
    )
    encoded: Model = chain(transformer, make_doc_splitter())
    model: Tok2Vec = chain(encoded, aggregate_layers(aggregator, pooling, grad_factor))
    model.attrs[PREDICT_LINEAR] = predict_linear
    model.attrs[BEGIN_WITH_LAYERS] = begin_with_layers
    return model


def last_layer_v1(layers: list[int] | None = None) -> Aggregator:
    """`spacy_xner.LastLayer.v1`: one layer alone, the last where no other is named; see `last_layer`."""
    return last_layer(layers)


def scalar_mix_v1(
    start_last: float = 0.0,
    logit_scale: float = 10.0,
    layers: list[int] | None = None,
    layer_dropout: float = 0.0,
    residual: bool = False,
) -> Aggregator:
    """`spacy_xner.ScalarMix.v1`: a learned weighted sum of layers; the arguments are those of `scalar_mix`."""
    return scalar_mix(start_last, logit_scale, layers, layer_dropout, residual)


def weighted_concat_v1(
    nO: int | None = None,
    start_last: float = 0.0,
    logit_scale: float = 10.0,
    layers: list[int] | None = None,
    layer_dropout: float = 0.0,
    residual: bool = False,
) -> Aggregator:
    """`spacy_xner.WeightedConcat.v1`: weighted layers side by side, projected to a width; see `weighted_concat`."""
    return weighted_concat(nO, start_last, logit_scale, layers, layer_dropout, residual)


def layer_attention_v1(
    scores: str = "dot",
    query_width: int = 64,
    n_heads: int = 1,
    project_values: bool = False,
    fusion: str = "sum",
    logit_scale: float = 10.0,
    layers: list[int] | None = None,
    layer_dropout: float = 0.0,
) -> Aggregator:
    """`spacy_xner.LayerAttention.v1`: the last layer attends over the lower ones; see `layer_attention`.

    scores, n_heads, project_values, fusion: former options without a measured gain. Saved configs may name
        them with the values above.
    RAISES: XnerError for another value of these, and for an option out of its range.
    """
    removed = {"scores": scores, "n_heads": n_heads, "project_values": project_values, "fusion": fusion}
    for option, value in removed.items():
        accepted = LAYER_ATTENTION_REMOVED[option]
        if value != accepted:
            raise XnerError(
                f"{option}: {json.dumps(value)} was removed from spacy_xner.LayerAttention.v1, since it had no "
                f"measured gain. Write {option} = {json.dumps(accepted)} or leave {option} out, and train the pipeline "
                "again if it was trained with the removed option."
            )
    return layer_attention(query_width, logit_scale, layers, layer_dropout)
