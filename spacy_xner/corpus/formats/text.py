"""Text files (`.txt`): a line is a sentence; whether it is marked up is decided for the file as a whole, here alone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ...errors import XnerError
from ...lines import Lines
from .inline import has_entity, read_inline
from .plain import read_plain
from .report import Report
from .sentence import Sentence
from .settle import Overlaps
from .tagged import has_entity_tags, read_tagged
from .text_marks import TextMarks

# What marked-up text writes for brackets, and for a # at the beginning of a line
ESCAPE = re.compile(r"\\[\[\]]|\s*\\#")


def text_format(path: Path, encoding: str | None = None) -> Literal["inline", "tags", "plain"]:
    """Whether a text file is marked up (`[Ada](PER)` in any line: "inline"; <PER>Ada</PER>: "tags") or plain.

    Links of Markdown and other brackets are no markup.

    RAISES: XnerError where nothing is marked, but brackets are written as marked-up text has them, or where the file
        has columns, or other marks that plain text does not have (see `TextMarks`).
    """
    escape: tuple[int, str] | None = None
    tagged, marks = False, TextMarks()
    for number, line in Lines(path, encoding).read():
        if has_entity(line):
            return "inline"
        tagged = tagged or has_entity_tags(line)
        if escape is None and (found := ESCAPE.match(line) if line.lstrip().startswith("\\#") else ESCAPE.search(line)):
            escape = number, found[0].strip()
        marks.add(number, line)
    if tagged:
        return "tags"
    if escape:
        raise XnerError(
            f"{path}:{escape[0]}: found '{escape[1]}', as in marked-up text, but nothing is marked in the file. Say "
            f"which it is: --format inline ({escape[1]} stands for {escape[1][1:]}) or --format plain."
        )
    if refused := marks.refusal():
        raise XnerError(
            f"{path}:{refused.line}: found {refused.what}, expected text in which [Ada](PER) or <PER>Ada</PER> is "
            f"marked, or plain text. {how_to_read(refused.formats)}"
        )
    return "plain"


def how_to_read(format: str) -> str:
    """What to do with a file that may be of a format, or plain text."""
    plain = "If this is plain text, convert it with `xner corpus convert --format plain`"
    if format == "plain":
        return f"Write it as columns (a token and its tag a line) or as marked-up text. {plain}."
    return f"If it is marked-up text or columns, use `xner corpus convert --format {format}`. {plain}."


def read_text(
    path: Path, report: Report, *, encoding: str | None = None, empty: bool = False, overlaps: Overlaps = "refuse"
) -> Iterator[Sentence]:
    """Read a text file, marked up or plain, as `read_inline`, `read_tagged` or `read_plain`.

    RAISES: XnerError as these and `text_format`.
    """
    format = text_format(path, encoding)
    if format == "tags":
        yield from read_tagged(path, report, overlaps, encoding)
        return
    reader = read_inline if format == "inline" else read_plain
    yield from reader(path, report, encoding=encoding, empty=empty)
