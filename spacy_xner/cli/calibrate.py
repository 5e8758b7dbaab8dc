"""`xner calibrate`: fits the temperature of entity scores to text of another kind or language."""

from pathlib import Path
from typing import Annotated

import typer

from .console import make_console, make_notes, write_json
from .options import GpuOption, JsonOption, PipelineBatchSizeOption, QuietOption
from .outputs import check_pipeline_output


def calibrate(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline with a component `xner`.")],
    files: Annotated[
        list[Path], typer.Argument(help="Labelled DocBin files, or folders of them; not the training data.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the calibrated pipeline.")],
    json: JsonOption = None,
    batch_size: PipelineBatchSizeOption = None,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Fit the temperature of a pipeline's entity scores to labelled data, and save the pipeline.

    The entities stay the same (if the threshold is 0); their scores become probabilities: of the entities with a score
    of 0.8, about 80% are correct in similar text. `spacy train` with configs/xner.cfg already does this with the
    development data; calibrate again for text of another kind or language. A few hundred entities are enough.

    Example: `xner calibrate training/xner_agg/model-last corpora/dev --output training/calibrated`
    """
    from ..corpus.reader import find_docbins
    from ..distillation.calibrate import calibrate_on
    from ..errors import XnerError
    from ..files import atomic_path
    from ..pipelines import load_pipeline, use_gpu
    from ..reporting.score_table import calibration_line

    paths = find_docbins([*map(str, files)])
    check_pipeline_output(output)
    use_gpu(gpu_id)
    nlp = load_pipeline(str(pipeline))
    found = calibrate_on(paths, nlp, batch_size)
    if found is None:
        raise XnerError(
            f"{pipeline} finds no entity in {', '.join(map(str, paths))}, so there is no score to calibrate. Use more "
            "text, or train longer."
        )
    with atomic_path(output) as folder:
        nlp.to_disk(folder)
    make_console().print(calibration_line(found.to_json()), soft_wrap=True)
    if json is not None:
        write_json(json, found.to_json())
    make_notes().print(f"Saved in {output}.", soft_wrap=True)
