"""An encoder that computes no padding: the sequences of a batch one after the other, attention by equal length."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear, scaled_dot_product_attention
from transformers import PreTrainedModel

from .. import compat
from .quantised import QuantisedLinear


class Batch(NamedTuple):
    """Word pieces of several sequences: their ids, and their token types or None where all are 0.

    A sequence is a list or an integer array. Sequences of one length must be neighbours.
    """

    ids: Sequence[Sequence[int] | Integers]
    types: Sequence[Sequence[int] | Integers] | None = None


Integers = NDArray[numpy.integer[Any]]
Linear = Callable[[torch.Tensor], torch.Tensor]

# Architectures with BERT's layers and learned positions. Others use their own forward function.
POSITIONS_FROM_ZERO = {"BertModel"}
POSITIONS_AFTER_PADDING = {"RobertaModel", "XLMRobertaModel", "CamembertModel"}


def make_encoder(model: PreTrainedModel, precision: str) -> PackedEncoder | PaddedEncoder:
    """The fastest encoder that computes `model` in "float32", "bfloat16" or "int8".

    It shares the model's weights, except for those of linear layers in another precision than float32. Make a
    new one after the model's weights have changed.
    """
    return PackedEncoder(model, precision) if can_pack(model) else PaddedEncoder(model, precision)


def can_pack(model: PreTrainedModel) -> bool:
    """Whether `PackedEncoder` supports the architecture of this model."""
    config = model.config
    encoder: Any = getattr(model, "encoder", None)
    return (
        type(model).__name__ in POSITIONS_FROM_ZERO | POSITIONS_AFTER_PADDING
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and not getattr(config, "is_decoder", False)
        and not getattr(config, "pruned_heads", None)  # layers then have fewer heads than the config says
        and all(type(module) is torch.nn.Linear for module in encoder.modules() if hasattr(module, "in_features"))
    )


class PackedEncoder:
    """A BERT, RoBERTa or XLM-RoBERTa that computes word pieces only, no padding.

    Sequences follow one another in an array of shape (n_pieces, width). Those of one length are neighbours, so that
    attention reads them in place as (n_sequences, length, ...), without mask or copy.
    """

    def __init__(self, model: Any, precision: str) -> None:
        self.model = model
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        make = functools.partial(make_linear, precision=precision)
        self.layers = [
            (
                make(layer.query, layer.key, layer.value),
                make(layer.attention_output),
                layer.attention_dropout,
                layer.attention_norm,
                make(layer.intermediate),
                layer.activation,
                make(layer.output),
                layer.dropout,
                layer.norm,
            )
            for layer in compat.get_bert_layers(model)
        ]

    def __call__(self, batch: Batch, n_layers: int | None = None) -> list[torch.Tensor]:
        """The first `n_layers` layers, the embeddings included, each (n_pieces, width) of float32; None is all L + 1.

        Those above are not computed.
        """
        layers = self.layers if n_layers is None else self.layers[: n_layers - 1]
        groups = list(equal_lengths(batch.ids))
        heads = self.model.config.num_attention_heads
        X = self._embed(batch)
        outputs = [X]
        for project, attend, drop_attended, attend_norm, widen, activate, narrow, drop, norm in layers:
            # (n_pieces, 3, heads, width / heads): queries, keys and values of each piece side by side
            parts = project(X.to(self.dtype)).reshape(len(X), 3, heads, -1)
            context = []
            # `split`, because the gradient of a slice is an array as large as the whole
            for (n_sequences, length), part in zip(
                groups, parts.split([n * length for n, length in groups]), strict=True
            ):
                queries, keys, values = part.view(n_sequences, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
                attended = scaled_dot_product_attention(queries, keys, values, dropout_p=self._attention_dropout())
                context.append(attended.transpose(1, 2).reshape(n_sequences * length, -1))
            Y = attend_norm(drop_attended(attend(torch.cat(context))).float().add_(X))
            X = norm(drop(narrow(activate(widen(Y.to(self.dtype))))).float().add_(Y))
            outputs.append(X)
        return outputs

    def _attention_dropout(self) -> float:
        return float(self.model.config.attention_probs_dropout_prob) if self.model.training else 0.0

    def _embed(self, batch: Batch) -> torch.Tensor:
        padding = self.model.config.pad_token_id if type(self.model).__name__ in POSITIONS_AFTER_PADDING else None
        positions = flatten([positions_of(sequence, padding) for sequence in batch.ids])
        types = flatten(batch.types) if batch.types else torch.zeros_like(positions)
        return compat.embed_pieces(self.model, flatten(batch.ids), positions, types)[0]


class PaddedEncoder:
    """An encoder of any other architecture: its own forward function, on padded sequences."""

    def __init__(self, model: PreTrainedModel, precision: str) -> None:
        self.precision = precision
        self.model = with_quantised_linears(model).eval() if precision == "int8" else model

    def __call__(self, batch: Batch, n_layers: int | None = None) -> list[torch.Tensor]:
        """The first `n_layers` layers, each (n_pieces, width) of float32; None is all L + 1, which are computed."""
        longest = max(map(len, batch.ids))
        padding = self.model.config.pad_token_id or 0
        inputs = {"input_ids": torch.tensor([[*ids, *[padding] * (longest - len(ids))] for ids in batch.ids])}
        mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in batch.ids])
        if batch.types:
            inputs["token_type_ids"] = torch.tensor([[*row, *[0] * (longest - len(row))] for row in batch.types])
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            output = self.model(**inputs, attention_mask=mask.float(), output_hidden_states=True, return_dict=True)
        layers = [*output.hidden_states[:-1], output.last_hidden_state]
        return [layer[mask.bool()].float() for layer in layers[:n_layers]]


def flatten(sequences: Sequence[Sequence[int] | Integers]) -> torch.Tensor:
    """The sequences one after the other as one row: int64, (1, n_pieces)."""
    parts = [numpy.asarray(sequence, dtype="int64") for sequence in sequences]
    return torch.from_numpy(numpy.concatenate(parts))[None]


def positions_of(sequence: Sequence[int] | Integers, padding: int | None) -> Integers:
    """Position ids of a sequence: from 0, or as in RoBERTa from `padding` + 1, where padding pieces do not count."""
    if padding is None:
        return numpy.arange(len(sequence))
    counted = numpy.asarray(sequence, dtype="int64") != padding  # a text that says "<pad>" has padding pieces
    return numpy.where(counted, counted.cumsum() + padding, padding)


def equal_lengths(sequences: Sequence[Sequence[int] | Integers]) -> Iterator[tuple[int, int]]:
    """For each run of neighbours of one length: their number, and the length."""
    for length, group in groupby(map(len, sequences)):
        yield sum(1 for _ in group), length


def make_linear(*layers: torch.nn.Linear, precision: str) -> Linear:
    """One function for linear layers that read the same input, in a precision; it concatenates their outputs."""
    if precision == "float32":
        return layers[0] if len(layers) == 1 else lambda X: torch.cat([layer(X) for layer in layers], dim=-1)
    weight = torch.cat([layer.weight.detach() for layer in layers])
    bias = torch.cat([layer.bias.detach() for layer in layers])
    if precision == "int8":
        return QuantisedLinear(weight, bias)
    return functools.partial(linear, weight=weight.bfloat16(), bias=bias.bfloat16())


def with_quantised_linears(model: PreTrainedModel) -> PreTrainedModel:
    """A copy of the model with quantised linear layers, which shares all other weights."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    copied: PreTrainedModel = copy.deepcopy(model, shared)
    for module in list(copied.modules()):
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear:
                quantised = QuantisedLinear(child.weight, child.bias)
                quantised.weight = child.weight  # some encoders read its dtype; it is shared
                setattr(module, name, quantised)
    return copied
