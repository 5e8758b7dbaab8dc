"""brat's standoff annotation: the text in `a.txt`, its annotation in `a.ann` beside it.

<https://brat.nlplab.org/standoff.html>
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ...errors import XnerError
from .annotated import Annotated, Mark, Place, RefusalError
from .json_spans import LONE_SURROGATE
from .offsets import OffsetUnit
from .report import Report
from .sentence import Sentence
from .settle import Overlaps, Settler

Discontinuous = Literal["refuse", "fill"]

TEXT_BOUND = re.compile(r"(T[^\t ]+)\t([^\t ]+) ([0-9]+ [0-9]+(?:;[0-9]+ [0-9]+)*)(?:\t(.*))?")
NORMALISATION = re.compile(r"N[^\t ]*\t[^\t ]+ (T[^\t ]+) ([^\t]+)(?:\t.*)?")
LINE = re.compile(r"[^\n]*(?:\n|$)")
NOT_READ = {"R": "relations", "E": "events", "A": "attributes", "M": "attributes", "#": "notes", "*": "equivalences"}
ADJOINING = 2  # characters: brat cuts an entity at a line break, which is one or two


def read_brat(
    path: Path,
    report: Report,
    overlaps: Overlaps = "refuse",
    offsets: OffsetUnit = "auto",
    discontinuous: Discontinuous = "refuse",
    empty: bool = False,
    encoding: str | None = None,
) -> Iterator[Sentence]:
    """Read a text with its annotation. Each line is a sentence; lines that an entity connects are one.

    Normalisations become `kb_id`. Relations, events, attributes and notes are counted.

    path (Path): the text; its annotation has the same name with `.ann`.
    overlaps, offsets: as in `Settler`. encoding: of both files; None: UTF-8.
    discontinuous (str): "refuse" an entity of several parts; or "fill": it is all that is between its ends.
    empty (bool): a text without any entity has none. By default it is unlabelled, because brat makes the empty `.ann`
        before anyone annotates.
    RAISES: XnerError for a missing or malformed file, and as `Settler`.
    """
    if discontinuous not in ("refuse", "fill"):
        raise XnerError(f"discontinuous is '{discontinuous}', expected refuse or fill.")
    annotation = path.with_suffix(".ann")
    text = read_text(path, encoding)
    marks = read_marks(annotation, report, discontinuous, encoding)
    settler = Settler(annotation, report, None, overlaps, offsets)
    if not marks and not empty:
        report.note("texts without any entity read as unlabelled (they have none: --empty)", path, 1)
    try:
        place = Place(annotation, 1)
        item = Annotated(text, tuple(marks) if marks or empty else None, place)
        (document,) = settler.settle([item])
        settler.finish()
    except RefusalError as error:
        raise XnerError(f"{annotation}{f':{error.line}' if error.line else ''}: {error}.") from None
    report.recognise(path, f"brat: {len(marks):,} entities in {annotation.name}")
    yield from split_at_lines(document, path)


def read_text(path: Path, encoding: str | None) -> str:
    """A text with its line ends as they are. RAISES: XnerError."""
    try:
        return path.read_bytes().decode(encoding or "utf-8-sig")
    except UnicodeDecodeError as error:
        raise XnerError(
            f"{path}: found the byte 0x{error.object[error.start]:02x} at {error.start}, which is not "
            f"{encoding or 'UTF-8'}. Expected its encoding, as --encoding cp1252."
        ) from None
    except LookupError:
        raise XnerError(
            f"The encoding is '{encoding}', which Python does not know, expected one such as cp1252."
        ) from None
    except OSError as error:
        raise XnerError(f"{path}: cannot be read: {error.strerror or error}. Expected a text or .ann file.") from None


def read_marks(path: Path, report: Report, discontinuous: Discontinuous, encoding: str | None) -> list[Mark]:
    """The entities of an `.ann` file. RAISES: XnerError."""
    marks: dict[str, Mark] = {}
    identifiers: dict[str, str] = {}
    for number, line in enumerate(read_text(path, encoding).split("\n"), start=1):
        line = line.removesuffix("\r")
        if match := TEXT_BOUND.fullmatch(line):
            name, label, places, covered = match.groups()
            start, end, is_filled = join_places(places, discontinuous, f"{path}:{number}")
            if is_filled:
                report.note("discontinuous entities filled", path, number)
            marks[name] = Mark(start, end, label, None if is_filled else covered, line=number)
        elif match := NORMALISATION.fullmatch(line):
            if match[1] in identifiers:
                report.note("further normalisations of an entity not read", path, number)
            identifiers.setdefault(match[1], match[2].strip())
        elif line[:1] in NOT_READ:
            report.note(f"{NOT_READ[line[0]]} of brat not read", path, number)
        elif line.strip():
            raise XnerError(
                f"{path}:{number}: found '{LONE_SURROGATE.sub('?', line[:60])}', expected a line of brat, such as "
                "T1<tab>PER 0 7<tab>Ada Obi."
            )
    return [mark._replace(kb_id=identifiers.get(name, "")) for name, mark in marks.items()]


def join_places(places: str, discontinuous: Discontinuous, where: str) -> tuple[int, int, bool]:
    """Start, end, and whether text between parts was filled in. RAISES: XnerError."""
    parts = sorted(tuple(map(int, part.split(" "))) for part in places.split(";"))
    gaps = [right[0] - left[1] for left, right in itertools.pairwise(parts)]
    is_filled = any(gap > ADJOINING for gap in gaps)
    if is_filled and discontinuous == "refuse":
        raise XnerError(
            f"{where}: found the discontinuous entity {places}, expected one part. To take all that is between its "
            "ends: --discontinuous fill. Otherwise correct it in brat."
        )
    return parts[0][0], parts[-1][1], is_filled


def split_at_lines(document: Sentence, path: Path) -> Iterator[Sentence]:
    """The lines of a document as sentences, without blank ones. Lines that an entity connects are one sentence."""
    first, start = 1, 0
    for number, match in enumerate(LINE.finditer(document.text), start=1):
        end = match.end()
        if any(left < end < right for left, right, _ in document.spans or ()):
            continue
        text = document.text[start:end]
        if text.strip():
            yield part_of(document, start + len(text) - len(text.lstrip()), start + len(text.rstrip()), path, first)
        first, start = number + 1, end


def part_of(document: Sentence, start: int, end: int, path: Path, line: int) -> Sentence:
    """The part of a document between two characters, which cut no entity."""
    spans = None
    details = {}
    if document.spans is not None:
        inside = [span for span in document.spans if start <= span[0] and span[1] <= end]
        spans = tuple((left - start, right - start, label) for left, right, label in inside)
        details = {
            new: document.details[old] for old, new in zip(inside, spans, strict=True) if old in document.details
        }
    return Sentence(document.text[start:end], spans, path, line, details=details)
