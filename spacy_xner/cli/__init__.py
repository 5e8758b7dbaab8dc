"""`xner`: the command line, also reachable as `spacy xner`."""

from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from .. import __version__
from ..errors import XnerError
from . import synthetic  # noqa: F401  (commands of `xner corpus`)
from .adapt import adapt
from .align import align_app
from .calibrate import calibrate
from .corpus import corpus_app
from .encoder import encoder_app
from .evaluate import evaluate
from .layers import layers
from .package import package
from .project import project
from .report import report
from .show import show
from .study import study


class XnerGroup(TyperGroup):
    """Prints a user's mistake as a sentence; anything else is a bug and keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except XnerError as error:
            message = Text.assemble(("✘ ", "red"), str(error))
            Console(stderr=True, soft_wrap=True).print(message)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=XnerGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Named entities in languages nobody labelled.\n\nFrom entity labels in one language to a spaCy pipeline for "
    "others: `xner encoder` gets a multilingual transformer, `xner corpus` makes training corpora by translation and "
    "projection, `xner align` and `xner project` do it for files that you have, `spacy train` trains, `xner evaluate` "
    "scores by language, `xner layers` and `xner show` let you look at what came out, `xner report` compares the runs "
    "of a study.",
)
app.add_typer(encoder_app, name="encoder")
app.add_typer(corpus_app, name="corpus")
app.add_typer(align_app, name="align")
app.command()(adapt)
app.command()(calibrate)
app.command()(evaluate)
app.command()(layers)
app.command()(package)
app.command()(project)
app.command()(report)
app.command()(show)
app.command()(study)


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


def main() -> None:
    """Entry point of the `xner` script."""
    app(prog_name="xner")
