"""`xner project`: labels of a file onto its translation."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    CompleteOption,
    EncoderOption,
    FastOption,
    LayersOption,
    MethodName,
    MinScoreOption,
    ProjectMethodOption,
    make_projector,
    parse_layers,
)
from .progress import print_counts, resumable_progress


def project(
    source: Annotated[Path, typer.Argument(help="Labelled: .iob (.gz), .conllu, .jsonl, .spacy, inline .txt.")],
    target: Annotated[
        Path,
        typer.Argument(help="Their translations, in order: plain lines of a .txt, or as SOURCE."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="TARGET with labels: .iob (.gz), .jsonl (with scores), .spacy, .txt.")
    ],
    lang: Annotated[str | None, typer.Option(help="Language of TARGET, as de; needless where it says so.")] = None,
    tokenized: Annotated[
        bool, typer.Option("--tokenized", "--tokenised", help="The words of a .txt are those between its spaces.")
    ] = False,
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    method: ProjectMethodOption = MethodName["transport"],
    min_score: MinScoreOption = 0.0,
    complete: CompleteOption = False,
    fast: FastOption = False,
    batch_size: Annotated[int, typer.Option(help="Sentence pairs that run at a time.")] = 32,
) -> None:
    """Carry labels across to a translation. Stopped, it goes on where it was.

    Examples:

    ```
    xner project en.train.iob.gz de.train.txt --output de.train.iob --tokenized
    xner project train.spacy translated.jsonl --output projected.spacy --lang nl --min-score 0.8
    ```
    """
    from ..corpus.project_files import project_file

    projector = make_projector(encoder, parse_layers(layers), method.value, min_score, complete, batch_size, fast)
    counts: Counter[str] = Counter()
    show = resumable_progress("Projecting", "sentences")
    try:
        project_file(source, target, output, projector, lang, tokenized, show, counts)
    finally:
        if counts:
            print_counts(f"{output}", counts)
