"""`xner evaluate`: scores by language."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .command import accepts_streams
from .console import STREAM, make_console, write_json
from .options import GpuOption, QuietOption
from .progress import print_report
from .usage import UsageError


@accepts_streams("output")
def evaluate(
    pipeline: Annotated[
        str | None, typer.Argument(help="Installed package or folder of a trained pipeline.", show_default=False)
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Labelled DocBin files, or folders of them.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the scores here as JSON; - for standard output.")
    ] = None,
    source: Annotated[str, typer.Option(help="Language of the pipeline's labelled training data.")] = "en",
    baseline: Annotated[Path | None, typer.Option(help="JSON scores of another pipeline, to compare with.")] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="Print the table of these scores, which --output wrote; without PIPELINE and FILES."),
    ] = None,
    skip_unlabelled: Annotated[
        bool, typer.Option("--skip-unlabelled", help="Leave out texts without labels, and count them.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Number of texts in a batch.")] = 64,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Score a pipeline: precision, recall and F1 for each language, and their means over the target languages.

    A predicted entity is correct if its boundaries and its label are those of the reference. The 95% intervals of F1
    are over test sentences: another training of the pipeline may differ by more.

    If the pipeline has a component `xner`, the table also shows the expected calibration error (ECE) of entity scores,
    before and after scaling by the temperature that was fitted on development data. ECE 0.05 means: on average, scores
    differ from the share of correct entities by 5 points.

    A text without labels is an error, unless --skip-unlabelled leaves such texts out. Text without entities is labelled
    too, where it was converted from a labelled format.

    Examples:

    ```
    xner evaluate xx_xner_agg corpora/test --output metrics/xx_xner_agg.json
    xner evaluate --scores metrics/xx_xner_agg.json --baseline metrics/zero_shot.json
    ```
    """
    from ..corpus.docs import load_docs, load_labelled_docs
    from ..corpus.formats.report import Report
    from ..corpus.reader import find_docbins
    from ..ner.fitting import recognisers_of
    from ..pipelines import load_pipeline, use_gpu
    from ..scoring.scores import evaluate_pipeline, read_scores, write_scores

    if scores is not None and (pipeline or files or output):
        raise UsageError("Found --scores with PIPELINE, FILES or --output, expected --scores, and --baseline, alone.")
    compared = read_scores(baseline) if baseline else None
    if scores is not None:
        print_scores(read_scores(scores), compared)
        return
    if pipeline is None or not files:
        raise UsageError("Expected a pipeline and labelled files to score it on, or scores to print as --scores.")
    use_gpu(gpu_id)
    paths = [path for file in files for path in find_docbins(file)]
    nlp = load_pipeline(pipeline)
    report = Report()
    references = [
        doc for path in paths for doc in (load_labelled_docs(path, report) if skip_unlabelled else load_docs(path))
    ]
    print_report(report)
    found = evaluate_pipeline(nlp, references, source=source, batch_size=batch_size)
    found["pipeline"] = pipeline
    found["calibration"] = next((r.cfg["calibration"] for r in recognisers_of(nlp)), None)
    print_scores(found, compared)
    if output == STREAM:
        write_json(output, found)
    elif output:
        write_scores(output, found)


def print_scores(scores: dict[str, Any], baseline: dict[str, Any] | None) -> None:
    """Print the table of a pipeline's scores, with those of another one, and how its scores were calibrated."""
    from ..reporting.score_table import calibration_line, score_table

    console = make_console()
    console.print(score_table(scores, baseline, title=scores.get("pipeline")))
    if scores.get("calibration"):
        console.print(calibration_line(scores["calibration"]))
