"""`xner corpus stats`: counts of docs, tokens and entities."""

from pathlib import Path
from typing import Annotated

import typer

from .console import make_console, write_json
from .options import JsonOption, QuietOption
from .progress import print_report, progress
from .torch_free import avoid_torch


def stats(
    paths: Annotated[
        list[Path], typer.Argument(help="Files of any format, folders of shards or DocBins, or a corpus folder.")
    ],
    lang: Annotated[str | None, typer.Option(help="Language of files that do not name it.")] = None,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Count docs, tokens and entities by language, origin and label.

    Examples:

    ```
    xner corpus stats corpus/
    xner corpus stats corpora/*.spacy --json counts.json
    ```
    """
    avoid_torch()
    from rich import box
    from rich.table import Table

    from ..corpus.formats.report import Report
    from ..inspection.stats import count_docs, read_any

    report = Report()
    rows = count_docs(progress(read_any(paths, lang, report), "Counting"))
    print_report(report)
    if json:
        write_json(json, [{"lang": lang, "origin": origin, **row} for (lang, origin), row in rows.items()])
    first = ["docs", "tokens", "unlabelled", "no entities", "entities"]
    labels = sorted({label for row in rows.values() for label in row} - set(first))
    shown = [heading for heading in first + labels if any(row.get(heading) for row in rows.values())]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0))
    table.add_column("lang", no_wrap=True)
    table.add_column("origin", min_width=7, overflow="fold")
    for heading in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    for (row_lang, origin), row in sorted(rows.items()):
        table.add_row(row_lang, origin, *(f"{row.get(heading, 0):,}" for heading in shown))
    make_console().print(table)
