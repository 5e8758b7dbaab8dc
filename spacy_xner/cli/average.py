"""`xner average`: the mean of the weights of a pipeline and the one that its training started from."""

from pathlib import Path
from typing import Annotated

import typer

from .console import make_console, make_notes
from .options import Float16Option, GpuOption, QuietOption
from .outputs import check_pipeline_output


def average(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a pipeline that was trained on from START.")],
    start: Annotated[
        str,
        typer.Argument(help="The pipeline that the training started from: a package or a folder. Empty: no average."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the averaged pipeline.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of START's weights in the mean.")] = 0.5,
    dev: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled DocBin files, or folders of them, to fit the scores' temperature to."),
    ] = None,
    float16: Float16Option = False,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Average the weights of two pipelines: what a student has learned, without forgetting what its teacher knew.

    On text of another kind than the training text, the mean is often better than both (Wortsman et al. 2022, WiSE-FT).
    Both must be of one config, and one trained on from the other: `--paths.start` of configs/xner.cfg does so. With
    --dev, the scores of the mean are calibrated; else they keep the temperature of PIPELINE. With an empty START, as a
    variable of a project can be, PIPELINE's own weights are saved.

    Example: `xner average training/student/model-last training/teacher/model-last -o training/mean --dev corpora/dev`
    """
    from ..corpus.reader import find_docbins
    from ..distillation.calibrate import calibrate_on
    from ..distillation.weights import half_encoders, mix_weights
    from ..files import atomic_path
    from ..pipelines import load_pipeline, name_of, use_gpu, with_note
    from ..reporting.score_table import calibration_line

    paths = find_docbins([*map(str, dev)]) if dev else []
    check_pipeline_output(output)
    use_gpu(gpu_id)
    nlp = load_pipeline(str(pipeline))
    note = f"{1 - share:.0%} of {pipeline}, {share:.0%} of {start}" if start else f"those of {pipeline}"
    if start:
        other = load_pipeline(start)
        mix_weights(nlp, other, share)
        names = f"Weights: {1 - share:.0%} of {name_of(nlp)}, {share:.0%} of {name_of(other)}."
        nlp.meta["notes"] = with_note(nlp.meta, names)
    if paths:
        found = calibrate_on(paths, nlp)
        line = "It finds no entity in --dev: its scores are not calibrated. Train longer, or give more text."
        make_console().print(line if found is None else calibration_line(found.to_json()), soft_wrap=True)
    if float16:
        half_encoders(nlp)
    with atomic_path(output) as folder:
        nlp.to_disk(folder)
    make_notes().print(f"Saved in {output}. Weights: {note}.", soft_wrap=True)
