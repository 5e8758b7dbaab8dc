"""`xner corpus project`: the deprecated spelling of `xner project`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    DEFAULT_MIN_SCORE,
    BatchSizeOption,
    CompleteOption,
    EncoderOption,
    GpuOption,
    LayersOption,
    MethodName,
    MinScoreOption,
    ProjectMethodOption,
    QuietOption,
    make_projector,
    parse_layers,
)
from .outputs import check_output, for_each_language
from .project import PairByName, project_files


def project(
    source: Annotated[Path, typer.Argument(help="Labelled DocBin.")],
    translated: Annotated[Path, typer.Argument(help="Its translation, from `xner corpus translate`.")],
    output: Annotated[Path, typer.Argument(help="DocBin to write: the translation with entities and their scores.")],
    lang: Annotated[
        str | None, typer.Option(help="Languages that {lang} in the file names stands for, for example de,es,fr.")
    ] = None,
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    method: ProjectMethodOption = MethodName["transport"],
    min_score: MinScoreOption = DEFAULT_MIN_SCORE,
    complete: CompleteOption = False,
    batch_size: BatchSizeOption = 32,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Deprecated: use `xner project`, which does the same with more formats.

    Example of the old spelling, and of the new one:

    ```
    xner corpus project en.spacy de.text.spacy de.spacy
    xner project en.spacy de.text.spacy --output de.spacy --pair-by id
    ```
    """
    from ..pipelines import use_gpu

    words = ["xner", "project", str(source), str(translated), "--output", str(output), "--pair-by", "id"]
    if not quiet:
        typer.echo(f"`xner corpus project` is deprecated: write `{shlex.join(words)}` and the same options.", err=True)
    for _, (text, out) in for_each_language(lang, translated, output):
        check_output(out, source, text)
    use_gpu(gpu_id)
    projector = make_projector(encoder, parse_layers(layers), method.value, min_score, complete, batch_size)
    project_files(source, translated, output, projector, lang, PairByName["id"])
