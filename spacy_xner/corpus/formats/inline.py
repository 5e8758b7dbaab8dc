"""The inline format, meant for editing by hand: one sentence per line, with entities as `[Wangari Maathai](PER)`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import XnerError
from ...lines import read_lines
from .report import Report
from .sentence import CharSpan, Sentence

LABEL = re.compile(r"\]\(([^\s()\[\]]+)\)")
ESCAPED = "[]\\#"


class InlineError(ValueError):
    """A mistake in one line; `column` counts from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column = column


def parse_inline(line: str) -> tuple[str, list[CharSpan]]:
    r"""Split a line into its text and its entities. `\[`, `\]`, `\\` and `\#` are the characters themselves.

    RAISES: InlineError with the column of the mistake.
    """
    text: list[str] = []
    spans: list[CharSpan] = []
    opened: tuple[int, int] | None = None  # (column of the bracket, offset in the text)
    i = 0
    while i < len(line):
        char = line[i]
        if char == "\\":
            if line[i + 1 : i + 2] not in tuple(ESCAPED):
                raise InlineError(
                    i + 1, f"found '{line[i : i + 2]}', expected one of \\[ \\] \\\\ \\# after a backslash"
                )
            text.append(line[i + 1])
            i += 2
        elif char == "[":
            if opened:
                raise InlineError(i + 1, "found '[' inside an entity: entities do not nest; write \\[ for a bracket")
            opened = (i + 1, len(text))
            i += 1
        elif char == "]":
            if not opened:
                raise InlineError(i + 1, "found ']' without its '['; write \\] for a bracket")
            column, start = opened
            name = "".join(text[start:])
            if not name or name != name.strip():
                raise InlineError(column, f"found the entity '{name}', expected a name without spaces at its ends")
            if not (match := LABEL.match(line, i)):
                raise InlineError(i + 1, f"found '{line[i : i + 12]}', expected '](LABEL)' after the entity '{name}'")
            spans.append((start, len(text), match[1]))
            opened = None
            i = match.end()
        else:
            text.append(char)
            i += 1
    if opened:
        raise InlineError(opened[0], "found '[' that is never closed, expected '[name](LABEL)'")
    return "".join(text), spans


def format_inline(text: str, spans: Sequence[CharSpan]) -> str:
    """The line for a text with its spans (in order, without overlaps), as `parse_inline` reads it.

    Line breaks in the text become spaces.
    """
    text = re.sub("[\r\n]", " ", text)
    first = len(text) - len(text.lstrip())  # a # in this place would begin a comment
    opening = {start: "[" for start, _, _ in spans}
    closing = {end: f"]({label})" for _, end, label in spans}
    parts = []
    for i, char in enumerate(text):
        escape = char in "[]\\" or (char == "#" and i == first)
        parts += [closing.get(i, ""), opening.get(i, ""), "\\" * escape, char]
    return "".join([*parts, closing.get(len(text), "")])


def read_inline(path: Path, report: Report) -> Iterator[Sentence]:
    """Read a file in the inline format. Empty lines and lines that begin with # are skipped.

    RAISES: XnerError with file, line and column of a mistake.
    """
    for number, line in read_lines(path):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            text, spans = parse_inline(line)
        except InlineError as error:
            raise XnerError(
                f"{path}:{number}: column {error.column}: {error}. (Text without markup: use the format `plain`.)"
            ) from None
        yield Sentence(text, tuple(spans), path, number)
