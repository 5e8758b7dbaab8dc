"""`xner show`: a pipeline's scores, and an example sentence per language."""

from pathlib import Path
from typing import Annotated

import typer

from .console import make_console
from .options import GpuOption, PipelineArgument, PipelineBatchSizeOption, QuietOption


def show(
    pipeline: PipelineArgument,
    files: Annotated[list[Path], typer.Argument(help="DocBin files to take sentences from, or folders of them.")],
    scores: Annotated[Path | None, typer.Option(help="The pipeline's scores, from `xner evaluate --output`.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Scores of another pipeline, to compare with.")] = None,
    batch_size: PipelineBatchSizeOption = None,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Print a pipeline's scores and, for each language, a sentence with the entities that it finds.

    The sentence of a language is the first one of 40 to 160 characters with at least three labelled entities; if there
    is none, the one with most entities.

    Example: `xner show xx_xner_agg corpora/test --scores metrics/xx_xner_agg.json`
    """
    from ..corpus.docs import load_docs
    from ..corpus.reader import find_docbins
    from ..pipelines import load_pipeline, use_gpu
    from ..reporting.example_docs import choose_examples, marked_entities
    from ..reporting.score_table import score_table
    from ..scoring.scores import read_scores

    console = make_console()
    if scores:
        compared = read_scores(baseline) if baseline else None
        console.print(score_table(read_scores(scores), compared, title=pipeline))
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    examples = choose_examples(doc for file in files for path in find_docbins(file) for doc in load_docs(path))
    docs = nlp.pipe([doc.text for doc in examples.values()], batch_size=batch_size)
    for lang, doc in zip(examples, docs, strict=True):
        console.print(marked_entities(lang, doc), soft_wrap=True)
