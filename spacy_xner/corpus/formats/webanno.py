"""WebAnno TSV 3, which INCEpTION and WebAnno export: a token a line, with its offsets and a column for each feature.

Offsets count UTF-16 code units.
<https://webanno.github.io/webanno/releases/3.6.7/docs/user-guide.html#sect_webannotsv>
"""

import codecs
import lzma
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import XnerError
from ...lines import open_bytes, read_lines
from .annotated import Annotated, Mark, Place, RefusalError
from .report import Report
from .sentence import Sentence
from .settle import Overlaps, Settler

FIRST_LINE = "#FORMAT=WebAnno TSV 3"
ROW = re.compile(r"([0-9]+)-([0-9]+(?:\.[0-9]+)?)\t([0-9]+)-([0-9]+)\t([^\t]*)\t?(.*)")
FIRST_COLUMN = 3  # the columns before it: number, offsets, token
NUMBER = re.compile(r"\[([0-9]+)\]$")
NAMED_ENTITY = "NamedEntity"
ESCAPED = {"t": "\t", "n": "\n", "r": "\r"}


class Layer(NamedTuple):
    """A layer of spans: the columns of its label and of the knowledge-base id (-1: none), counted after the token."""

    name: str
    label: int
    identifier: int


def is_webanno(path: Path) -> bool:
    """Whether a file is WebAnno TSV 3."""
    if not path.is_file():
        return False
    try:
        with open_bytes(path) as file:
            return file.readline(100).removeprefix(codecs.BOM_UTF8).startswith(FIRST_LINE.encode())
    except (OSError, EOFError, zlib.error, lzma.LZMAError):  # the reader of columns says what is wrong
        return False


def read_webanno(
    path: Path, report: Report, overlaps: Overlaps = "refuse", encoding: str | None = None
) -> Iterator[Sentence]:
    """Read the named entities of WebAnno TSV 3: the layer NamedEntity, or the only layer of spans that has labels.

    The identifier becomes `kb_id`. Other layers are counted.

    RAISES: XnerError for a malformed line, for stacked entities, and where it is not clear which layer is meant.
    """
    settler = Settler(path, report, None, overlaps, "utf16")
    header: list[str] = []
    layer: Layer | None = None
    text, rows, first, count = "", list[tuple[int, re.Match[str]]](), 1, 0
    for number, line in [*read_lines(path, encoding, report.note), (0, "")]:
        if line.startswith("#T_"):
            header.append(line)
        elif line.startswith("#Text="):
            text = f"{text}\n{unescape(line[6:])}" if text else unescape(line[6:])
            first = number
        elif match := ROW.fullmatch(line):
            rows.append((number, match))
        elif line.strip() and not line.startswith("#"):
            raise XnerError(
                f"{path}:{number}: found '{line[:60]}', expected a row such as 1-1<tab>0-3<tab>Ada<tab>PER."
            )
        elif rows and not line.strip():
            layer = layer or find_layer(header, path, report)
            try:
                marks = tuple(marks_of_rows(text, rows, layer))
                yield from settler.settle([Annotated(text, marks, Place(path, first))])
            except RefusalError as error:
                raise XnerError(f"{path}:{error.line or first}: {error}.") from None
            text, rows, count = "", [], count + 1
    name = layer.name if layer else "none"
    report.recognise(path, f"WebAnno TSV 3: {count:,} sentences, entities of the layer {name}")


def find_layer(header: list[str], path: Path, report: Report) -> Layer:
    """The layer with the named entities. RAISES: XnerError."""
    layers: dict[str, Layer] = {}
    column = 0
    for line in header:
        kind, _, rest = line.partition("=")
        name, *features = rest.split("|")
        if kind == "#T_SP":
            labels = [i for i, feature in enumerate(features) if feature in ("value", "label")]
            ids = [i for i, feature in enumerate(features) if feature == "identifier"]
            if labels or (len(features) == 1 and name.startswith("webanno.custom.")):
                at = column + (labels[0] if labels else 0)
                layers[name.rsplit(".", 1)[-1]] = Layer(name.rsplit(".", 1)[-1], at, column + ids[0] if ids else -1)
        column += len(features)
    chosen = layers.get(NAMED_ENTITY) or (next(iter(layers.values())) if len(layers) == 1 else None)
    if chosen is None:
        raise XnerError(
            f"{path}: found the layers of spans {', '.join(layers) or '(none)'}, expected {NAMED_ENTITY}, or one layer "
            "with labels. Export the layer with the entities alone."
        )
    report.note("layers other than that of the entities not read", path, 1, len(header) - 1)
    return chosen


def marks_of_rows(text: str, rows: list[tuple[int, re.Match[str]]], layer: Layer) -> Iterator[Mark]:
    """The entities of a sentence. An entity of several tokens has the same number in all of them.

    RAISES: RefusalError.
    """
    lead = len(text) - len(text.lstrip())
    base = int(rows[0][1][3]) - lead
    parts: dict[str, Mark] = {}
    for number, match in rows:
        cells = match[6].split("\t")
        values = split_values(cells[layer.label] if layer.label < len(cells) else "_")
        ids = split_values(cells[layer.identifier]) if 0 <= layer.identifier < len(cells) else []
        for i, value in enumerate(values):
            found = NUMBER.search(value)
            label, key = NUMBER.sub("", value), found[1] if found else f"row {number}"
            if label == "*":
                raise RefusalError(
                    "found an entity without a label (*). Give it one, or delete it, and export again", number
                )
            kb_id = NUMBER.sub("", ids[i]) if i < len(ids) else "*"
            start, end = int(match[3]) - base, int(match[4]) - base
            known = parts.get(key)
            parts[key] = Mark(
                known.start if known else start,
                end,
                unescape(label),
                None if known else unescape(match[5]),
                "" if kb_id == "*" else unescape(kb_id),
                line=number,
            )
    yield from parts.values()


def split_values(cell: str) -> list[str]:
    """The values of a cell; `_` is none."""
    return [] if cell in ("_", "") else re.split(r"(?<!\\)\|", cell)


def unescape(text: str) -> str:
    r"""The text without the backslashes of WebAnno: `\t`, `\n`, `\_`, `\|` and others."""
    return re.sub(r"\\(.)", lambda match: ESCAPED.get(match[1], match[1]), text)
