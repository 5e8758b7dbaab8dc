"""`xner layers`: which layers of the encoder a pipeline reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from spacy.language import Language
    from thinc.api import Model

    from ..aggregation.learned import LearnedLayers

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
"""Sentences with names in several languages, for weights that depend on the text."""


def layers(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of a trained pipeline.")],
    texts: Annotated[
        Path | None,
        typer.Option(help="File of texts that attention is averaged over. [default: a few sentences of its own]"),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a picture too: a .png, .svg or .pdf file.")] = None,
    limit: Annotated[int, typer.Option(help="Read that many texts at most.", min=1)] = 500,
) -> None:
    """Draw the learned layer weights of a pipeline as a bar chart.

    One chart for each component that aggregates layers. Layer 0 is the embeddings; the weights of a chart sum to 1.
    With `LayerAttention` the weights depend on the text: the chart has their mean over `--texts`, a corpus or plain
    text, or over example sentences in eight languages.

    Example: `xner layers xx_xner_agg --plot layers.svg`
    """
    from ..errors import XnerError
    from ..pipelines import load_pipeline
    from .console import make_console

    if plot is not None:
        from ..reporting.layers_plot import check_plot

        check_plot(plot)
    sentences, source = _texts(texts, limit)
    nlp = load_pipeline(pipeline)
    found = _learned(nlp, sentences)
    if not found:
        raise XnerError(
            f"{pipeline}: no component has layer weights. Components that do listen through "
            "spacy_xner.LayerAggregationListener.v1 with the aggregator ScalarMix.v1, WeightedConcat.v1 or "
            "LayerAttention.v1."
        )
    console = make_console()
    for component, learned in found:
        _print_chart(console, component, learned)
        if learned.deviations is not None:
            console.print(f"Texts: {source}.", highlight=False)
    if plot is not None:
        from ..reporting.layers_plot import write_plot

        write_plot(plot, found)
        console.print(f"Wrote {plot}", highlight=False)


def _texts(path: Path | None, limit: int) -> tuple[list[str], str]:
    """The texts to average attention over, and what they are."""
    import itertools

    from ..corpus.texts import read_texts
    from ..errors import XnerError

    if path is None:
        return list(EXAMPLES), f"{len(EXAMPLES)} example sentences in as many languages"
    sentences = list(itertools.islice(read_texts([path]), limit))
    if not any(sentence.strip() for sentence in sentences):
        raise XnerError(f"{path}: there is no text in it. Give a corpus, or a file with a text on each line.")
    return sentences, f"the first {len(sentences)} of {path}" if len(sentences) == limit else f"{path}"


def _learned(nlp: Language, sentences: list[str]) -> list[tuple[str, LearnedLayers]]:
    """What each aggregator of the pipeline has learned, with the name of its component."""
    from thinc.api import Model

    from ..aggregation.learned import has_attention, learned_layers, recorded_attention
    from ..aggregation.weights import find_aggregators

    aggregators: list[tuple[str, Model]] = []
    for name, component in nlp.components:
        model = getattr(component, "model", None)
        aggregators += [(name, found) for found in find_aggregators(model)] if isinstance(model, Model) else []
    attentive = [aggregator for _, aggregator in aggregators if has_attention(aggregator)]
    with recorded_attention(attentive) as records:
        if attentive:
            for _ in nlp.pipe(sentences):
                pass
    record_of = {id(aggregator): record for aggregator, record in zip(attentive, records, strict=True)}
    return [(name, learned_layers(aggregator, record_of.get(id(aggregator)))) for name, aggregator in aggregators]


def _print_chart(console: Console, component: str, learned: LearnedLayers) -> None:
    from rich.table import Table

    columns = {
        "layer": [str(layer) for layer in learned.layers],
        "weight": [f"{weight:.3f}" for weight in learned.weights],
    }
    if learned.deviations is not None:
        columns["±"] = [f"{deviation:.3f}" for deviation in learned.deviations]
    if learned.projections is not None:
        columns["projection"] = [f"{share:.3f}" for share in learned.projections]
    highest = max(learned.weights)
    columns[""] = ["█" * round(40 * weight / highest) for weight in learned.weights]
    table = Table(title=f"{component}: {learned.name}", box=None, title_justify="left")
    for name in columns:
        table.add_column(name, justify="right" if name else "left")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console.print(table)
    for note in learned.notes:
        console.print(note, highlight=False)
