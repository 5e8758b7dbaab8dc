"""`xner`: the command line, also reachable as `spacy xner`."""

import logging
import sys

import typer

from .. import __version__
from .adapt import adapt
from .align import align_app
from .average import average
from .calibrate import calibrate
from .command import XnerGroup, XnerTyper
from .corpus import corpus_app
from .encoder import encoder_app
from .evaluate import evaluate
from .info import info
from .layers import layers
from .package import package
from .predict import predict
from .project import project
from .report import report
from .study import study
from .times import times
from .torch_free import allow_torch_free

__all__ = ["XnerGroup", "app", "main"]

app = XnerTyper(
    cls=XnerGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Named entity recognition in languages without labelled data.\n\n"
    "From entity labels in one language to a spaCy pipeline for others, in this order: `xner corpus convert`, "
    "`xner corpus translate`, `xner project`, `xner encoder fetch`, `spacy train`, `xner evaluate`, `xner package`, "
    "`xner predict`. From a pipeline for one language, `xner adapt` does all of this.\n\n"
    "Exit status: 1 for errors in data, 2 for wrong usage.",
)
app.add_typer(encoder_app, name="encoder")
app.add_typer(corpus_app, name="corpus")
app.add_typer(align_app, name="align")
app.command()(adapt)
app.command()(average)
app.command()(calibrate)
app.command()(evaluate)
app.command()(info)
app.command()(layers)
app.command()(package)
app.command()(predict)
app.command()(project)
app.command()(report)
app.command()(study)
app.command()(times)


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
    verbose: bool = typer.Option(
        False, "--verbose", "-v", help="Print messages of the libraries, and tracebacks of errors."
    ),
) -> None:
    if verbose:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(name)s: %(message)s")


def main() -> None:
    """Entry point of the `xner` script."""
    allow_torch_free()
    app(prog_name="xner")
