"""`xner evaluate`: scores by language."""

from pathlib import Path
from typing import Annotated

import typer

from .options import GpuOption


def evaluate(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of a trained pipeline.")],
    files: Annotated[list[Path], typer.Argument(help="Labelled DocBin files, or folders of them.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the scores here as JSON.")] = None,
    source: Annotated[str, typer.Option(help="Language that the pipeline had labels for.")] = "en",
    baseline: Annotated[Path | None, typer.Option(help="Another pipeline's JSON scores, to compare with.")] = None,
    gpu_id: GpuOption = -1,
) -> None:
    """Score a pipeline: precision, recall and F1 for each language, and their mean over the target languages.

    An entity counts as right if its boundaries and its label are those of the reference.

    If the pipeline has a component `xner`, the table also shows the expected calibration error (ECE) of its entities'
    scores, without and with the temperature that was fitted on development data: 0.05 means that scores are 5 points
    away from the share of right entities on average. For the last row, entities of all target languages are taken
    together.

    Example: `xner evaluate xx_xner_agg corpora/test --output metrics/xx_xner_agg.json`
    """
    from ..corpus.docs import load_docs
    from ..corpus.reader import find_docbins
    from ..ner.fitting import recognisers_of
    from ..pipelines import load_pipeline, use_gpu
    from ..reporting.score_table import calibration_line, score_table
    from ..scoring.scores import evaluate_pipeline, read_scores, write_scores
    from .console import make_console

    use_gpu(gpu_id)
    compared = read_scores(baseline) if baseline else None
    paths = [path for file in files for path in find_docbins(file)]
    nlp = load_pipeline(pipeline)
    references = [doc for path in paths for doc in load_docs(path)]
    scores = evaluate_pipeline(nlp, references, source=source)
    scores["pipeline"] = pipeline
    scores["calibration"] = next((r.cfg["calibration"] for r in recognisers_of(nlp)), None)
    console = make_console()
    console.print(score_table(scores, compared, title=pipeline))
    if scores["calibration"]:
        console.print(calibration_line(scores["calibration"]))
    if output:
        write_scores(output, scores)
