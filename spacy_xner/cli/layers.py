"""`xner layers`: which layers of the encoder a pipeline reads."""

from typing import Annotated

import typer


def layers(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of a trained pipeline.")],
) -> None:
    """Draw the learned layer weights of a pipeline as a bar chart.

    One chart for each component that aggregates layers. Layer 0 is the embeddings; the weights of a chart sum to 1.

    Example: `xner layers xx_xner_agg`
    """
    from rich.console import Console
    from rich.table import Table
    from thinc.api import Model

    from ..aggregation.weights import find_aggregators, softmax_weights
    from ..errors import XnerError
    from .loading import load_pipeline

    nlp = load_pipeline(pipeline)
    console = Console()
    found = 0
    for name, component in nlp.components:
        model = getattr(component, "model", None)
        for aggregator in find_aggregators(model) if isinstance(model, Model) else []:
            found += 1
            weights = [float(w) for w in softmax_weights(aggregator)]
            table = Table(title=f"{name}: {aggregator.name}", box=None, title_justify="left")
            for column, justify in (("layer", "right"), ("weight", "right"), ("", "left")):
                table.add_column(column, justify=justify)  # type: ignore[arg-type]
            for i, weight in enumerate(weights):
                table.add_row(str(i), f"{weight:.3f}", "█" * round(40 * weight / max(weights)))
            console.print(table)
    if not found:
        raise XnerError(
            f"{pipeline}: no component has layer weights. Components that do listen through "
            "spacy_xner.LayerAggregationListener.v1 with the aggregator ScalarMix.v1 or WeightedConcat.v1."
        )
