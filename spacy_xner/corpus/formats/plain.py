"""Plain text: one unlabelled sentence per line."""

from collections.abc import Iterator
from pathlib import Path

from ...lines import read_lines
from .inline import ENTITY, NOTHING_MARKED, is_comment
from .report import Report
from .sentence import Sentence


def read_plain(path: Path, report: Report, *, encoding: str | None = None, empty: bool = False) -> Iterator[Sentence]:
    """Read a text file. Empty lines are left out; there are no comments.

    path (Path): the file.
    report (Report): receives what was recognised and left out.
    encoding (str | None): None: UTF-8, or by the byte order mark.
    empty (bool): the texts have no entities; otherwise they are unlabelled.
    """
    n_lines = 0
    for number, line in read_lines(path, encoding, report.note):
        line = line.strip()
        if not line:
            report.note("empty lines left out", path, number)
            continue
        if is_comment(line):
            report.note("lines that begin with '# ' read as text: plain text has no comments", path, number)
        if "](" in line and ENTITY.search(line):
            report.note("links and marked-up entities read as text", path, number)
        n_lines += 1
        yield Sentence(line, () if empty else None, path, number)
    report.recognise(path, f"plain text: {n_lines:,} lines, {'no entities (--empty)' if empty else NOTHING_MARKED}")
