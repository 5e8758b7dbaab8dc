"""The inline format, meant for editing by hand: one sentence per line, with entities as `[Wangari Maathai](PER)`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import XnerError
from ...lines import Lines
from .report import Report
from .sentence import CharSpan, Sentence

LABEL = re.compile(r"\]\(([^\s()\[\]]+)\)")
ESCAPED = "[]\\#"


# What links of Markdown have in place of a label
ADDRESS = re.compile(
    r".*://.*|(www\.|mailto:|#|\.{0,2}/).*|.*\.(html?|php|md|rst|txt|pdf|png|jpe?g|gif|svg|com|org|net|edu|gov|io)([/?#].*)?"
)


def is_address(label: str) -> bool:
    """Whether what stands in the place of a label is the address of a Markdown link."""
    return bool(ADDRESS.fullmatch(label))


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
            match = LABEL.match(line, i)
            if match and is_address(match[1]):
                raise InlineError(i + 1, f"found the link '{match[1]}', expected a label; write \\[ for a bracket")
            if not match:
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


def is_comment(line: str) -> bool:
    """Whether a line without white space at its ends is a comment: `# ...`, with a blank. `#Nairobi` is a word."""
    return line == "#" or line.startswith(("# ", "#\t"))


def read_inline(path: Path, report: Report, *, encoding: str | None = None, empty: bool = False) -> Iterator[Sentence]:
    """Read a file in the inline format. Empty lines and comments (`# ...`) are left out.

    A file in which nothing is marked is unlabelled: that its texts have no entities must be said.

    path (Path): the file.
    report (Report): receives what was recognised and left out.
    encoding (str | None): None: UTF-8, or by the byte order mark.
    empty (bool): texts have no entities where nothing is marked in the whole file.
    RAISES: XnerError with file, line and column of a mistake.
    """
    lines = Lines(path, encoding)
    is_marked = empty or any(has_entity(line) for _, line in lines.read())
    n_entities, n_lines, labels = 0, 0, set[str]()
    for number, line in lines.read(report.note):
        line = line.strip()
        if not line:
            report.note("empty lines left out", path, number)
            continue
        if is_comment(line):
            report.note("lines of comments left out", path, number)
            continue
        try:
            text, spans = parse_inline(line)
        except InlineError as error:
            raise XnerError(
                f"{path}:{number}: column {error.column}: {error}. (Text without markup: --format plain.)"
            ) from None
        n_lines += 1
        n_entities += len(spans)
        labels.update(label for _, _, label in spans)
        yield Sentence(text, tuple(spans) if is_marked else None, path, number)
    found = f"{n_entities:,} entities ({', '.join(sorted(labels)[:8])})" if labels else NOTHING_MARKED
    report.recognise(
        path, f"marked-up text: {n_lines:,} lines, {'no entities (--empty)' if empty and not labels else found}"
    )


NOTHING_MARKED = "in which nothing is marked: they are unlabelled (--empty: they have no entities)"
ENTITY = re.compile(r"(?<!\\)(?:\\\\)*\[([^\[\]]+)\]\(([^\s()\[\]]+)\)")


def has_entity(line: str) -> bool:
    """Whether an entity is marked in a line, as `[Ada](PER)`. Links and other brackets are none."""
    return "](" in line and not is_comment(line) and any(not is_address(found[2]) for found in ENTITY.finditer(line))
