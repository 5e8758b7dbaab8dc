"""Plain text: one unlabelled sentence per line."""

from collections.abc import Iterator
from pathlib import Path

from ...lines import read_lines
from .report import Report
from .sentence import Sentence


def read_plain(path: Path, report: Report) -> Iterator[Sentence]:
    """Read a text file. Empty lines are skipped; there are no comments."""
    for number, line in read_lines(path):
        if line.strip():
            yield Sentence(line.strip(), None, path, number)
