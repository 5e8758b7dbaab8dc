"""Token vectors that only a linear layer reads: in prediction, both can be computed as one product.

An aggregator's projection has as many columns as the encoder is wide, a recogniser's last layer as many as there are
tags. Multiplying the two matrices once leaves a product with a column for each tag: a twentieth of the work.
`ner` and `aggregation` do not import each other; they share the attribute that is named here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from spacy.tokens import Doc
from thinc.api import Model

Rows: TypeAlias = Any
"""float32, (n_tokens, n_out)."""

PREDICT_LINEAR = "predict_linear"
"""Attribute of a Tok2Vec: a `PredictLinear`, for `predict_linear`."""

PredictLinear = Callable[[Model, Sequence[Doc], Rows, Rows], list[Rows] | None]
"""From a Tok2Vec, docs, `W` and `b` to what `predict_linear` returns."""


def predict_linear(tok2vec: Model, docs: Sequence[Doc], W: Rows, b: Rows) -> list[Rows] | None:
    """`vectors @ W.T + b` of the tokens of each doc, (n_tokens, n_out); None where it is no faster than the two steps.

    W (Rows): float32, (n_out, width of the Tok2Vec). b (Rows): float32, (n_out,).
    """
    function: PredictLinear | None = tok2vec.attrs.get(PREDICT_LINEAR)
    return None if function is None else function(tok2vec, docs, W, b)
