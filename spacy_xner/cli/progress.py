"""Progress bars, and the tables of counts that come after them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich import box
from rich.markup import escape
from rich.table import Table

from .console import make_console

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from ..translation import Translator

Item = TypeVar("Item")


def progress(items: Iterable[Item], description: str, total: int | None = None, done: int = 0) -> Iterable[Item]:
    """Show a progress bar on standard error while docs pass."""
    from tqdm import tqdm

    shown: Iterable[Item] = tqdm(items, desc=description, initial=done, total=total, unit=" docs", mininterval=0.5)
    return shown


def resumable_progress(description: str, unit: str) -> Callable[[Iterable[Any], int, int], Iterable[Any]]:
    """A progress bar for work of which a part was done before: a function of items, that part, and the whole."""

    def show(items: Iterable[Any], start: int, total: int) -> Iterable[Any]:
        from tqdm import tqdm

        if start:
            make_console().print(f"Going on after {start:,} {unit} of an earlier run.")
        return tqdm(items, desc=description, initial=start, total=total, unit=f" {unit}", mininterval=0.5)

    return show


def print_counts(title: str, counts: Mapping[str, int]) -> None:
    """Print counts as a small table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(escape(title), overflow="fold")
    table.add_column("", justify="right")
    for name, count in counts.items():
        table.add_row(escape(name.replace("_", " ")), f"{count:,}")
    make_console().print(table)


def print_translator_counts(translator: "Translator") -> None:
    """Print what a translator says of its work in this run, if it says something."""
    counts = getattr(translator, "counts", None)
    if isinstance(counts, Counter) and any(counts.values()):
        print_counts(f"{translator.identity.get('name', 'Translator')}, texts not in the cache", counts)


def write_counted(output: Path, docs: "Iterable[Doc]", counts: Mapping[str, int]) -> None:
    """Write docs to a DocBin, and print what became of them, also where an error follows."""
    from ..corpus.docs import write_docs

    try:
        write_docs(output, docs)
    finally:
        print_counts(f"{output}", counts)
