"""`xner calibrate`: scores that mean what they say, on data of one's own."""

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline with a component `xner`.")],
    files: Annotated[list[Path], typer.Argument(help="Labelled DocBin files that were not trained on, or folders.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the calibrated pipeline.")],
) -> None:
    """Fit the temperature of a pipeline's entity scores to labelled data, and save the pipeline.

    Its entities stay the same (where its threshold is 0); their scores become probabilities: of the entities with a
    score of 0.8, about 80% are right in data of this kind. `spacy train` with configs/xner.cfg does so with the
    development data by itself; calibrate again for text of another kind, or another language. Some hundred entities
    are enough.

    Example: `xner calibrate training/xner_agg/model-last corpora/dev --output training/calibrated`
    """
    import spacy
    from spacy.tokens import Doc

    from ..corpus.docs import load_docs
    from ..corpus.reader import find_docbins, make_example
    from ..errors import XnerError
    from ..files import atomic_path
    from ..ner import fitting
    from ..pipelines import load_pipeline
    from ..reporting.score_table import calibration_line

    paths = [path for file in files for path in find_docbins(file)]
    if output.exists() and not (output / "meta.json").is_file() and (output.is_file() or any(output.iterdir())):
        raise XnerError(f"{output} holds something else than a pipeline, which would be lost. Choose another folder.")
    nlp: spacy.Language = load_pipeline(str(pipeline))
    docs: list[Doc] = [doc for path in paths for doc in load_docs(path)]
    found = fitting.calibrate(nlp, (make_example(nlp, doc) for doc in docs))
    if found is None:
        raise XnerError(
            f"{pipeline} finds no entity in {', '.join(map(str, files))}, so there is no score to calibrate. Give it "
            "more text, or train longer."
        )
    with atomic_path(output) as folder:
        nlp.to_disk(folder)
    typer.echo(calibration_line(found.to_json()))
    typer.echo(f"Saved in {output}.")
