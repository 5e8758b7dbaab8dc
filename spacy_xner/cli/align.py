"""`xner align ...`: words to words."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..files import atomic_path, check_output_path
from .console import make_console
from .options import EncoderOption, FastOption, LayersOption, MethodName, make_aligner, make_projector, parse_layers
from .progress import print_counts, resumable_progress


class AlignGroup(TyperGroup):
    """`xner align FILE` is short for `xner align file FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["file", *args]
        return super().parse_args(ctx, args)


align_app = typer.Typer(
    cls=AlignGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Align the words of sentences and their translations: `xner align FILE --output OUT`.\n\n"
    "Its options: `xner align file --help`.",
)


@align_app.command("file")
def align_file(
    file: Annotated[Path, typer.Argument(help="`source ||| target` a line, words by spaces; plain or .gz.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A line for each pair: i-j i-j ..., from 0. With scores as .jsonl.")
    ],
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    method: Annotated[MethodName, typer.Option(help="transport, or a method of SimAlign.")] = MethodName["transport"],
    fast: FastOption = False,
    batch_size: Annotated[int, typer.Option(help="Sentence pairs that run at a time.")] = 32,
) -> None:
    """Align the words of a file's sentence pairs. Stopped, it goes on where it was.

    Examples:

    ```
    xner align pairs.txt --output links.txt
    xner align pairs.txt.gz --output links.jsonl --encoder bert-base-multilingual-cased --method itermax
    ```
    """
    from ..alignment.files import align_file

    aligner = make_aligner(encoder, parse_layers(layers), method.value, batch_size, fast)
    counts = align_file(file, output, aligner, resumable_progress("Aligning", "pairs"))
    print_counts(f"{output}", counts)


@align_app.command()
def show(
    file: Annotated[Path, typer.Argument(help="`source ||| target` a line; or labelled sentences, with --target.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML page to write.")] = Path("alignment.html"),
    target: Annotated[
        Path | None, typer.Option(help="Translations of labelled sentences, as of `xner project`.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Sentence pairs to show, from the first on.")] = 20,
    tokenized: Annotated[
        bool, typer.Option("--tokenized", "--tokenised", help="The words of a .txt are those between its spaces.")
    ] = False,
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    method: Annotated[MethodName, typer.Option(help="transport, or a method of SimAlign.")] = MethodName["transport"],
) -> None:
    """Draw links and similarities, and projected entities where there are labels, on one HTML page.

    Examples:

    ```
    xner align show pairs.txt --output alignment.html
    xner align show en.iob --target de.txt --tokenized --output alignment.html
    ```
    """
    from ..reporting.aligned_pairs import shown_pairs
    from ..reporting.alignment_page import alignment_page

    check_output_path(output, file, *([target] if target else []))
    projector = make_projector(encoder, parse_layers(layers), method.value, 0.0, False)
    pairs = list(shown_pairs(file, target, limit, tokenized, projector))
    note = f"{file.name}{f', {target.name}' if target else ''}: {len(pairs)} pairs. Encoder {encoder}, {method.value}."
    with atomic_path(output) as temporary:
        temporary.write_text(alignment_page(pairs, "Word alignment", note), encoding="utf8")
    make_console().print(f"Wrote {output}: open it in a browser.", highlight=False)


@align_app.command()
def train(
    files: Annotated[list[Path], typer.Argument(help="`source ||| target` a line, words by spaces; plain or .gz.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the encoder to make.")],
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    rounds: Annotated[int, typer.Option(help="How often to learn, each time from what was learned before.")] = 2,
    steps: Annotated[int, typer.Option(help="Optimizer steps of a round.")] = 300,
    batch_size: Annotated[int, typer.Option(help="Sentence pairs in a step.")] = 8,
    learn_rate: Annotated[float, typer.Option(help="The highest learning rate.")] = 3e-5,
    seed: Annotated[int, typer.Option(help="Of the order of pairs.")] = 0,
) -> None:
    """Teach an encoder to align better, by the sentence pairs that you have anyway: nobody has to align them.

    What comes out is an ordinary encoder folder, for `--encoder`. It takes minutes on two cores.

    Example:

    ```
    xner align train pairs.txt --output models/aligner
    xner align pairs.txt --encoder models/aligner --output links.txt
    ```
    """
    from tqdm import tqdm

    from ..alignment.files import read_pairs
    from ..alignment.trained_encoder import train_encoder

    pairs = [pair for file in files for pair in read_pairs(file)]
    counts = train_encoder(
        encoder,
        output,
        pairs,
        layers=parse_layers(layers),
        rounds=rounds,
        steps=steps,
        batch_size=batch_size,
        learn_rate=learn_rate,
        seed=seed,
        progress=lambda steps: tqdm(steps, desc="Learning to align", unit=" steps"),
    )
    print_counts(f"{output}", counts)
