"""`xner corpus check`: whether a labelled corpus folder is valid."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import XnerError
from .console import make_console, write_json
from .options import JsonOption
from .torch_free import avoid_torch


def check(
    folder: Annotated[Path, typer.Argument(help="Folder of a labelled corpus, with its corpus.toml.")] = Path("corpus"),
    lines: Annotated[int, typer.Option(min=0, help="Lines to print under each heading; 0: all.")] = 20,
    json: JsonOption = None,
) -> None:
    """Check a labelled corpus folder: markup, labels, counts, translations, repetition.

    Errors end the command with status 1. Findings that a person should review are printed, but are no errors:
    near-duplicates, patterns and names that occur often, names with several labels, names that are unlabelled
    elsewhere.

    Example:

    ```
    xner corpus check corpus/ --lines 0
    ```
    """
    avoid_torch()
    from ..inspection.check import check_corpus
    from ..inspection.layout import read_layout

    report = check_corpus(read_layout(folder))
    if json:
        write_json(json, {"errors": report.errors, "shares": report.shares, "notes": report.notes})
    console = make_console()
    console.soft_wrap = True
    for heading, found in {**report.shares, **report.notes}.items():
        console.print(f"\n{heading}: {len(found)}" if heading in report.notes else f"\n{heading}", style="bold")
        shown = found[:lines] if lines and heading in report.notes else found
        for line in shown:
            console.print(f"  {line}")
        if len(shown) < len(found):
            console.print(f"  ... and {len(found) - len(shown)} more (--lines 0)")
    if report.errors:
        raise XnerError("\n".join(["Errors in the corpus:", *report.errors]))
    console.print("\nNo errors.", style="green")
