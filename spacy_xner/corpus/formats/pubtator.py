"""PubTator: a title, an abstract, and their entities by offset, in blocks: one for each id.

<https://www.ncbi.nlm.nih.gov/research/pubtator3/tutorial>: offsets count the title, one more character, the abstract.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import XnerError
from ...lines import read_lines
from .annotated import Annotated, Mark, Place, RefusalError
from .offsets import OffsetUnit
from .report import Report
from .sentence import Sentence
from .settle import Overlaps, Settler

TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
ENTITY = re.compile(r"([^|\t]+)\t([0-9]+)\t([0-9]+)\t([^\t]*)\t([^\t]+)(?:\t([^\t]*).*)?")


def read_pubtator(
    path: Path,
    report: Report,
    overlaps: Overlaps = "refuse",
    offsets: OffsetUnit = "auto",
    encoding: str | None = None,
) -> Iterator[Sentence]:
    """Read texts of PubTator: title and abstract with a space between them. Concept ids become `kb_id`.

    overlaps, offsets: as in `Settler`.
    RAISES: XnerError for a malformed line, and as `Settler`.
    """
    settler = Settler(path, report, None, overlaps, offsets)
    count = 0
    for number, block in blocks(path, report, encoding):
        parts, name, marks = dict[str, str](), "", []
        for at, line in enumerate(block, start=number):
            own = id_of(line)
            if parts and own and own != name:
                raise XnerError(f"{path}:{at}: found the id '{own}' after the text of '{name}', expected '{name}'.")
            if match := TEXT.fullmatch(line):
                if match[2] in parts or "a" in parts:
                    raise XnerError(
                        f"{path}:{at}: found '{line[:60]}' after the text of '{name}', expected one title and "
                        "behind it one abstract for each id."
                    )
                parts[match[2]], name = match[3], own
            elif parts and (match := ENTITY.fullmatch(line)):
                marks.append(Mark(int(match[2]), int(match[3]), match[5].strip(), match[4], (match[6] or "").strip()))
            elif parts and line.count("\t") >= 2:
                report.note("relations of PubTator not read", path, at)
            else:
                raise XnerError(
                    f"{path}:{at}: found '{line[:60]}', expected a line of PubTator: ID|t|title, ID|a|abstract, and "
                    "after these ID<tab>start<tab>end<tab>text<tab>type<tab>concept."
                )
        text = parts.get("t", "") + (f" {parts['a']}" if "a" in parts else "")
        try:
            yield from settler.settle([Annotated(text, tuple(marks), Place(path, number), meta={"id": name})])
        except RefusalError as error:
            raise XnerError(f"{path}:{number}: {error}.") from None
        count += 1
    report.recognise(path, f"PubTator: {count:,} texts")


def blocks(path: Path, report: Report, encoding: str | None) -> Iterator[tuple[int, list[str]]]:
    """The lines of each document, with the number of the first one: up to a blank line, or a text with another id."""
    first, block = 1, list[str]()
    for number, line in read_lines(path, encoding, report.note):
        if line.strip():
            if block and TEXT.fullmatch(line) and id_of(line) != id_of(block[0]):
                yield first, block
                block = []
            first = first if block else number
            block.append(line)
        elif block:
            yield first, block
            block = []
    if block:
        yield first, block


def id_of(line: str) -> str:
    """The id at the beginning of a line; "" without one."""
    match = TEXT.fullmatch(line)
    return (match[1] if match else line.partition("\t")[0] if "\t" in line else "").strip()
