"""`xner align ...`: aligns words, shows alignments, trains an encoder for alignment."""

import difflib
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..files import atomic_path, check_output_path
from .command import XnerTyper, accepts_streams
from .console import make_notes, print_warning
from .options import (
    AlignMethodOption,
    BatchSizeOption,
    EncoderOption,
    FastOption,
    GpuOption,
    LayersOption,
    MethodName,
    QuietOption,
    SourceLangOption,
    TargetLangOption,
    TokenizedOption,
    language_pair,
    make_aligner,
    make_projector,
    parse_layers,
    with_languages,
)
from .progress import print_counts, resumable_progress
from .streams import input_file, output_file
from .usage import UsageError


class AlignGroup(TyperGroup):
    """`xner align FILE` is short for `xner align file FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            similar = difflib.get_close_matches(args[0], self.commands, n=1)
            if similar and not Path(args[0]).exists():
                raise UsageError(
                    f"'{args[0]}' is neither a command of `{ctx.command_path}` nor a file. Did you mean '{similar[0]}'?"
                )
            args = ["file", *args]
        return super().parse_args(ctx, args)


align_app = XnerTyper(
    cls=AlignGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Align the words of sentences and their translations: `xner align FILE --output OUT`.\n\n"
    "For its options see `xner align file --help`.",
)


@align_app.command("file")
@accepts_streams("file", "output")
def align_file(
    file: Annotated[
        Path, typer.Argument(help="`source ||| target` per line, words separated by spaces. Also .gz and -.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Links per line, for example 0-0 1-2; .jsonl: [source word, target word, score]. - prints them.",
        ),
    ],
    encoder: EncoderOption = "embedded",
    source_lang: SourceLangOption = None,
    target_lang: TargetLangOption = None,
    layers: LayersOption = None,
    method: AlignMethodOption = MethodName["transport"],
    min_score: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Leave out links with a lower score: the probability that a link is right; with a method of SimAlign, "
            "the similarity of the two words.",
        ),
    ] = 0.0,
    scores: Annotated[
        bool, typer.Option("--scores", help="Write links with their scores, for example 0-0:0.98.")
    ] = False,
    tokenize: Annotated[
        bool,
        typer.Option(
            "--tokenize",
            help="Split sentences as `xner project` does, Chinese, Japanese and Thai into characters, and not at "
            "spaces. The output, .jsonl, has the words too.",
        ),
    ] = False,
    fast: FastOption = False,
    batch_size: BatchSizeOption = 32,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Align the words of the sentence pairs in a file. Interrupted runs resume.

    Examples:

    ```
    xner align pairs.txt --output links.txt
    xner align pairs.txt.gz --output links.jsonl --encoder bert-base-multilingual-cased --method itermax
    xner align pairs.txt --output links.txt --encoder facebook/nllb-200-distilled-600M --source-lang en --target-lang de
    xner align pairs.txt --output links.txt --min-score 0.5 --scores
    xner align pairs.txt --output links.jsonl --tokenize
    cat pairs.txt | xner align - --output - > links.txt
    ```
    """
    from ..alignment.files import align_file
    from ..pipelines import use_gpu

    use_gpu(gpu_id)
    aligner = make_aligner(encoder, parse_layers(layers), method.value, batch_size, fast)
    aligner = with_languages(aligner, language_pair(source_lang, target_lang))
    with input_file(file) as pairs, output_file(output) as links:
        progress = resumable_progress("Aligning", "pairs")
        counts = align_file(pairs, links, aligner, progress, min_score, scores, tokenize, print_warning)
    print_counts(f"{output}", counts)


@align_app.command()
def show(
    file: Annotated[Path, typer.Argument(help="`source ||| target` per line; or labelled sentences, with --target.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML page to write.")] = Path("alignment.html"),
    target: Annotated[
        Path | None, typer.Option(help="Translations of labelled sentences, as for `xner project`.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Number of sentence pairs to show.")] = 20,
    tokenized: TokenizedOption = False,
    tokenize: Annotated[
        bool,
        typer.Option("--tokenize", help="Without --target: split sentences as `xner project` does, not at spaces."),
    ] = False,
    encoder: EncoderOption = "embedded",
    source_lang: SourceLangOption = None,
    target_lang: TargetLangOption = None,
    layers: LayersOption = None,
    method: AlignMethodOption = MethodName["transport"],
    fast: FastOption = False,
    batch_size: BatchSizeOption = 32,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Draw alignment links, similarities and, for labelled sentences, projected entities on an HTML page.

    Examples:

    ```
    xner align show pairs.txt --output alignment.html
    xner align show en.iob --target de.txt --tokenized --output alignment.html
    ```
    """
    from ..pipelines import use_gpu
    from ..reporting.aligned_pairs import shown_pairs
    from ..reporting.alignment_page import alignment_page
    from ..reporting.wording import count

    check_output_path(output, file, *([target] if target else []))
    use_gpu(gpu_id)
    projector = make_projector(encoder, parse_layers(layers), method.value, 0.0, (), batch_size, fast)
    langs = language_pair(source_lang, target_lang)
    projector.aligner = with_languages(projector.aligner, langs)
    pairs = list(shown_pairs(file, target, limit, tokenized, projector, langs, tokenize, print_warning))
    names = ", ".join(path.name for path in (file, target) if path)
    note = f"{names}: {count(len(pairs), 'pair')}. Encoder {encoder}, {method.value}."
    with atomic_path(output) as temporary:
        temporary.write_text(alignment_page(pairs, "Word alignment", note), encoding="utf8")
    make_notes().print(f"Wrote {output}: open it in a browser.")


@align_app.command()
def train(
    files: Annotated[
        list[Path], typer.Argument(help="`source ||| target` per line, words separated by spaces. Also .gz.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the trained encoder.")],
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    rounds: Annotated[
        int, typer.Option(min=1, help="Training rounds; each learns from the links of the previous encoder.")
    ] = 2,
    steps: Annotated[int, typer.Option(min=1, help="Optimizer steps per round.")] = 300,
    batch_size: Annotated[int, typer.Option(min=1, help="Number of sentence pairs in a step.")] = 8,
    learn_rate: Annotated[float, typer.Option(help="Maximum learning rate.")] = 3e-5,
    seed: Annotated[int, typer.Option(help="Random seed for the order of the pairs.")] = 0,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Train an encoder for word alignment with unaligned parallel sentences.

    The output is an ordinary encoder folder, for --encoder. Training takes minutes on two CPU cores.

    Example:

    ```
    xner align train pairs.txt --output models/aligner
    xner align pairs.txt --encoder models/aligner --output links.txt
    ```
    """
    from tqdm import tqdm

    from ..alignment.files import read_segmented_pairs
    from ..alignment.trained_encoder import train_encoder
    from ..pipelines import use_gpu

    use_gpu(gpu_id)
    pairs = [pair for file in files for pair in read_segmented_pairs(file, print_warning)]
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
        progress=lambda steps: tqdm(steps, desc="Training", unit=" steps", disable=quiet),
    )
    print_counts(f"{output}", counts)
