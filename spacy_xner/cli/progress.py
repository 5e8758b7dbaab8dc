"""Progress bars, and tables of counts that are printed after them. --quiet hides both."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich import box
from rich.table import Table

from .console import is_quiet, make_notes, with_names

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from ..corpus.formats.report import Report
    from ..translation import Translator

Item = TypeVar("Item")


def progress(
    items: Iterable[Item], description: str, total: int | None = None, done: int = 0, unit: str = "docs"
) -> Iterable[Item]:
    """Yield items and show their number in a progress bar on standard error."""
    return _bar(items, description, done, total, unit)


def resumable_progress(description: str, unit: str) -> Callable[[Iterable[Any], int, int], Iterable[Any]]:
    """Make a progress bar for work that can resume: a function of items, how many were done before, and the total."""

    def show(items: Iterable[Any], start: int, total: int) -> Iterable[Any]:
        if start:
            make_notes().print(f"Resuming after {start:,} {unit} of an earlier run.")
        return _bar(items, description, start, total, unit)

    return show


def _bar(items: Iterable[Item], description: str, start: int, total: int | None, unit: str) -> Iterable[Item]:
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(
        items, desc=description, initial=start, total=total, unit=f" {unit}", mininterval=0.5, disable=is_quiet()
    )
    return bar


def print_counts(title: str, counts: Mapping[str, int]) -> None:
    """Print counts as a small table: what the command did."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(with_names(title), overflow="fold")
    table.add_column("", justify="right")
    for name, count in counts.items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    make_notes().print(table)


def print_report(report: "Report") -> None:
    """Print what readers recognised, changed and left out, a line each."""
    for line in report.lines():
        make_notes().print(line, markup=False, highlight=False, soft_wrap=True)


def print_translator_counts(translator: "Translator") -> None:
    """Print a translator's own counts of this run, if it has any, and what a memory left out of its files."""
    counts = getattr(translator, "counts", None)
    if is_dataclass(counts) and not isinstance(counts, type):
        read = asdict(counts)
        if any(count for name, count in read.items() if name != "pairs"):
            print_counts(f"{translator.identity.get('name', 'Translator')}, its files", read)
    if isinstance(counts, Counter) and any(counts.values()):
        print_counts(f"{translator.identity.get('name', 'Translator')}, texts not in the cache", counts)
    print_spent(getattr(translator, "budget", None))


def print_spent(budget: Any) -> None:
    """Print what a `Budget` has spent, if anything."""
    if isinstance(spent := getattr(budget, "cost", None), float) and spent:
        make_notes().print(f"At the given price that has cost {spent:,.4f}.")


def write_counted(output: Path, docs: "Iterable[Doc]", counts: Mapping[str, int]) -> None:
    """Write docs to a DocBin and print the counts, also if an error is raised."""
    from ..corpus.docs import write_docs

    try:
        write_docs(output, docs)
    finally:
        print_counts(f"{output}", counts)
