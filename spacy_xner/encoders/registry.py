"""The registered encoder architectures."""

from collections.abc import Callable
from typing import Any

from spacy.tokens import Doc, Span
from spacy_transformers.data_classes import FullTransformerBatch
from thinc.api import Model

from .transformer import AllLayersTransformer


def all_layers_transformer_v1(
    name: str,
    get_spans: Callable[[list[Doc]], list[list[Span]]],
    tokenizer_config: dict[str, Any] = {"use_fast": True},  # noqa: B006  (read only; a default that configs can show)
    transformer_config: dict[str, Any] = {},  # noqa: B006
    mixed_precision: bool = False,
    grad_scaler_config: dict[str, Any] = {},  # noqa: B006
    freeze_embeddings: bool = False,
    learn_rate_factor: float = 1.0,
    inference: str = "float32",
    max_layers: int | None = None,
    freeze_layers: int = 0,
) -> Model[list[Doc], FullTransformerBatch]:
    """`spacy_xner.AllLayersTransformer.v1`; the arguments are those of `AllLayersTransformer`."""
    return AllLayersTransformer(
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
