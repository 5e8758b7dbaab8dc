"""What the benchmarks share: options, the measuring data in $XNER_DATA, tables, and files of figures."""

import gzip
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from rich.table import Table
from spacy.tokens import Doc

from spacy_xner.cli.console import make_console
from spacy_xner.corpus.convert import convert_files
from spacy_xner.errors import XnerError
from spacy_xner.experiments.machine import describe_machine
from spacy_xner.files import atomic_path
from spacy_xner.projection import SourceSpan

ROOT = Path(__file__).parents[1]
VARIABLE = "XNER_DATA"
CONLL_TARGETS = ("de", "es", "nl")

EncoderOption = Annotated[str, typer.Option(help="Encoder: embedded, a folder, or a name on the hub.")]
LimitOption = Annotated[int | None, typer.Option(help="Sentences or pairs of each set that are read. Default: all.")]
RepeatOption = Annotated[int, typer.Option(help="Times that each speed is measured, systems in turn.")]
SeedOption = Annotated[int, typer.Option(help="Seed of training and of random choices.")]
ErrorsOption = Annotated[int, typer.Option(help="Sentences of each language with errors to print.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="File to write figures and rows to.")]


def run(main: Callable[..., None]) -> None:
    """Run a benchmark as a program: `--help` is its module's docstring, an XnerError is a line and exit status 1."""
    text = sys.modules[main.__module__].__doc__ or ""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(help=re.sub(r"\n\n(?=    |- )", "\n\n\b\n", text))(main)  # \b: commands and lists keep their lines
    try:
        app()
    except XnerError as error:
        sys.exit(f"Error: {error}")


def find_data(name: str) -> Path | None:
    """The folder `name` of the measuring data; None, after a line that says so, where it is absent."""
    root = os.environ.get(VARIABLE)
    if root and (Path(root) / name).is_dir():
        return Path(root) / name
    print(
        f"Skipped: this reads {name}/ in the folder that ${VARIABLE} names, which is {root or 'not set'}. "
        f"benchmarks/README.md lists what belongs in it."
    )
    return None


def data_folder(name: str, needed: bool = False) -> Path:
    """The folder `name` of the measuring data; ends the program, after a line that says so, where it is absent.

    needed (bool): end with exit status 1, because later steps need what the program makes.
    """
    folder = find_data(name)
    if folder is None:
        sys.exit(int(needed))
    return folder


@dataclass(frozen=True)
class Tagged:
    """A sentence with IOB2 tags."""

    words: list[str]
    tags: list[str]

    @property
    def spans(self) -> list[SourceSpan]:
        spans: list[SourceSpan] = []
        for i, tag in enumerate(self.tags):
            if tag.startswith("I-") and spans and spans[-1].end == i and spans[-1].label == tag[2:]:
                spans[-1] = spans[-1]._replace(end=i + 1)
            elif tag != "O":
                spans.append(SourceSpan(i, i + 1, tag[2:]))
        return spans


def read_iob(path: Path) -> list[Tagged]:
    """Sentences of a `.iob.gz` file: token, tab, tag a line, a blank line after each sentence."""
    sentences, words, tags = [], [], []
    with gzip.open(path, "rt", encoding="utf8") as file:
        for line in file:
            if line := line.rstrip("\n"):
                word, tag = line.split("\t")
                words.append(word)
                tags.append(tag)
            else:
                sentences.append(Tagged(words, tags))
                words, tags = [], []
    return [*sentences, Tagged(words, tags)] if words else sentences


def read_pairs(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Pairs of a gzipped file of `source ||| target` lines, as words."""
    with gzip.open(path, "rt", encoding="utf8") as file:
        for line in file:
            source, target = line.split("|||")
            yield source.split(), target.split()


def read_labelled(path: Path, lang: str, limit: int | None = None) -> Iterator[Doc]:
    """The first docs of a labelled file in any format that `xner corpus convert` reads."""
    yield from islice(convert_files([path], lang, Counter()), limit)


def read_dev(folder: Path, languages: Sequence[str], limit: int | None = None) -> dict[str, list[Doc]]:
    """The first development sentences of each language in a folder of the measuring data."""
    return {lang: list(read_labelled(folder / f"{lang}.dev.iob.gz", lang, limit)) for lang in languages}


def make_table(title: str, *columns: str, n_left: int = 1) -> Table:
    """An empty table whose first `n_left` columns are text, the others numbers."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < n_left else "right")
    return table


def show(table: Table) -> None:
    """Print a table, as wide as it has to be."""
    make_console().print(table)


def report(figures: Mapping[str, float], rows: Sequence[Any], json: Path | None) -> None:
    """Print the figures by name. Write figures and rows to a file if there is one to write, and how they were made."""
    for name, figure in figures.items():
        print(f"{name}: {figure:,.3f}" if isinstance(figure, float) else f"{name}: {figure:,}")
    if json:
        with atomic_path(json) as temporary:
            # Of an absolute path the last part alone: where this machine keeps its files says nothing to others.
            arguments = [Path(part).name if part.startswith("/") else part for part in sys.argv[1:]]
            command = shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *arguments])
            made = {"command": command, "machine": describe_machine(), "version": version("spacy-xner")}
            srsly.write_json(temporary, {**made, "figures": dict(figures), "rows": list(rows)})
