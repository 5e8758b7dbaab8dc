"""`xner layers`: how much a pipeline uses each layer of its encoder."""

import itertools
from pathlib import Path
from typing import Annotated

import typer

from ..errors import XnerError
from .console import make_console, make_notes, write_json
from .options import GpuOption, JsonOption, PipelineArgument, PipelineBatchSizeOption, QuietOption
from .progress import print_report
from .usage import UsageError


def layers(
    pipeline: PipelineArgument,
    texts: Annotated[
        Path | None,
        typer.Option(help="Texts to average attention over. Default: example sentences.", show_default=False),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a plot: a .png, .svg or .pdf file.")] = None,
    limit: Annotated[int, typer.Option(help="Maximum number of texts.", min=1)] = 500,
    json: JsonOption = None,
    batch_size: PipelineBatchSizeOption = None,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Show the learned layer weights of a pipeline as a bar chart.

    One chart for each component that aggregates layers. Layer 0 is the embeddings; the weights of a chart sum to 1. For
    `LayerAttention`, whose weights depend on the text, the chart has their mean over `--texts` (a corpus or plain
    text), or over example sentences in eight languages.

    Example: `xner layers xx_xner_agg --plot layers.svg`
    """
    from ..pipelines import load_pipeline, use_gpu
    from ..reporting.layer_weights import layers_json, layers_table, pipeline_layers

    if plot is not None:
        from ..reporting.layers_plot import FORMATS, check_plot

        try:
            check_plot(plot)
        except XnerError as error:
            if plot.suffix.lower() in FORMATS:  # matplotlib is missing
                raise
            raise UsageError(str(error)) from error
    sentences, source = read_sentences(texts, limit)
    use_gpu(gpu_id)
    found = pipeline_layers(load_pipeline(pipeline), sentences, batch_size)
    if not found:
        raise XnerError(
            f"{pipeline}: no component has an aggregator of layers, expected one that listens through "
            "spacy_xner.LayerAggregationListener.v1."
        )
    console = make_console()
    for component, learned in found:
        console.print(layers_table(component, learned))
        for note in learned.notes:
            console.print(note)
        if learned.deviations is not None:
            console.print(f"Texts: {source}.")
    if json is not None:
        write_json(json, [layers_json(component, learned) for component, learned in found])
    if plot is not None:
        from ..reporting.layers_plot import write_plot

        write_plot(plot, found)
        make_notes().print(f"Wrote {plot}")


def read_sentences(path: Path | None, limit: int) -> tuple[list[str], str]:
    """The texts to average attention over, and a phrase that names them. RAISES: XnerError for a file without text."""
    from ..corpus.formats.report import Report
    from ..corpus.texts import read_texts
    from ..reporting.layer_weights import EXAMPLES

    if path is None:
        return list(EXAMPLES), f"{len(EXAMPLES)} example sentences in as many languages"
    report = Report()
    sentences = list(itertools.islice(read_texts([path], report), limit))
    if not any(sentence.strip() for sentence in sentences):
        raise XnerError(f"{path}: found no text, expected a corpus or a file with one text per line.")
    print_report(report)
    return sentences, f"the first {len(sentences)} of {path}" if len(sentences) == limit else f"{path}"
