"""The learned layer weights of a pipeline: reading them, and a bar chart for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from spacy.language import Language
from thinc.api import Model

from ..aggregation.learned import (
    LearnedLayers,
    has_attention,
    learned_layers,
    recorded_attention,
    shown_aggregators,
)

EXAMPLES = (
    "Wangari Maathai was born in Nyeri and founded the Green Belt Movement in Kenya.",
    "Angela Merkel besuchte im Mai die Universität Wien.",
    "Gabriela Mistral nació en Vicuña y recibió el Premio Nobel en Estocolmo.",
    "Marie Curie a travaillé à Paris avec l'Institut du radium.",
    "Johan Cruijff speelde voor Ajax en Barcelona.",
    "Анна Ахматова жила в Санкт-Петербурге.",
    "鲁迅在北京大学教书。",
    "Wisława Szymborska mieszkała w Krakowie.",
)
"""Sentences with names in eight languages, for weights that depend on the text."""
BAR_WIDTH = 40  # characters, of the largest weight


def pipeline_layers(
    nlp: Language, texts: Sequence[str], batch_size: int | None = None
) -> list[tuple[str, LearnedLayers]]:
    """The name and learned layers of each component that aggregates layers, in the order of the pipeline.

    texts (Sequence[str]): texts to average attention weights over; read only if an aggregator has attention.
    batch_size (int | None): texts in a batch; None for the pipeline's own.
    """
    aggregators: list[tuple[str, Model]] = []
    for name, component in nlp.components:
        model = getattr(component, "model", None)
        aggregators += [(name, found) for found in shown_aggregators(model)] if isinstance(model, Model) else []
    attentive = [aggregator for _, aggregator in aggregators if has_attention(aggregator)]
    with recorded_attention(attentive) as records:
        if attentive:
            for _ in nlp.pipe(texts, batch_size=batch_size):
                pass
    record_of = {id(aggregator): record for aggregator, record in zip(attentive, records, strict=True)}
    return [(name, learned_layers(aggregator, record_of.get(id(aggregator)))) for name, aggregator in aggregators]


def layers_table(component: str, learned: LearnedLayers) -> Table:
    """A bar chart of layer weights, one row per layer."""
    columns = {
        "layer": [str(layer) for layer in learned.layers],
        "weight": [f"{weight:.3f}" for weight in learned.weights],
    }
    if learned.deviations is not None:
        columns["±"] = [f"{deviation:.3f}" for deviation in learned.deviations]
    if learned.projections is not None:
        columns["projection"] = [f"{share:.3f}" for share in learned.projections]
    highest = max(learned.weights)
    columns[""] = ["█" * round(BAR_WIDTH * weight / highest) for weight in learned.weights]
    table = Table(title=f"{component}: {learned.name}", box=None, title_justify="left")
    for name in columns:
        table.add_column(name, justify="right" if name else "left")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def layers_json(component: str, learned: LearnedLayers) -> dict[str, Any]:
    """The layer weights of a component as plain JSON."""
    return {
        "component": component,
        "aggregator": learned.name,
        "layers": learned.layers,
        "weights": learned.weights,
        "deviations": learned.deviations,
        "projections": learned.projections,
        "notes": list(learned.notes),
    }
