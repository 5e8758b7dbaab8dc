"""Text with entities in tags, a sentence a line: `<PER>Ada</PER>`, or `<ENAMEX TYPE="PERSON">Ada</ENAMEX>` as in MUC.

No XML parser is used: nothing is expanded or loaded. Other elements, such as `<doc>` and `<s>`, are left out.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import XnerError
from ...lines import Lines
from .annotated import Annotated, Mark, Place, RefusalError
from .report import Report
from .sentence import Sentence
from .settle import Overlaps, Settler

ATTRIBUTE = r"""[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""
TAG = re.compile(rf"<(/?)([A-Za-z][\w.:-]*)((?:\s+{ATTRIBUTE})*)\s*(/?)>")
# Declarations and comments within a line
NO_TAG = re.compile(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*>", re.IGNORECASE)
ESCAPE = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);")
# Elements whose label is in an attribute
GENERIC_NAMES = "enamex numex timex timex2 timex3 ne entity ent mention annotation tag namedentity rs"
LABEL_ATTRIBUTES = ("type", "label", "class", "category", "ne")
# Elements that are no entities, though there can be text beside them
OTHER_NAMES = """
doc docs document documents text body p s sent sentence sentences para paragraph div head header title headline corpus
root xml data dataset article section a b i u em strong span br hr img sup sub small font code pre table tr td th ul ol
li h1 h2 h3 h4 h5 h6 html q cite hi lb pb w c pc tok token docid docno doctype headline dateline byline slug storyid
"""
GENERIC, NO_ENTITY = frozenset(GENERIC_NAMES.split()), frozenset(OTHER_NAMES.split())


class Element(NamedTuple):
    """An element in a line: its name in lower case, its label, and its place in the text without tags."""

    name: str
    label: str
    start: int
    end: int


class Line(NamedTuple):
    """A line without its tags. open (str): the first tag that is opened or closed in this line alone."""

    text: str
    elements: list[Element]
    opened: list[str]
    n_escapes: int


def has_entity_tags(line: str) -> bool:
    """Whether there is an element in a line that is surely an entity: `<PER>...</PER>`, `<ENAMEX TYPE="...">...`."""
    return "</" in line and any(
        element.start < element.end and (bool(element.label) if element.name in GENERIC else is_label_like(element))
        for element in parse_line(line).elements
    )


def is_label_like(element: Element) -> bool:
    """Whether the name of an element is that of a label, as PER."""
    return element.label.isupper() and element.name not in NO_ENTITY


def parse_line(line: str) -> Line:
    """The text of a line and its elements. The label is in an attribute, or the name as it is spelt."""
    parts: list[str] = []
    length = n_escapes = at = 0
    stack: list[tuple[str, str, int]] = []
    elements: list[Element] = []
    opened: list[str] = []
    line = NO_TAG.sub("", line)
    for match in [*TAG.finditer(line), None]:
        piece, n_found = unescape(line[at : match.start() if match else len(line)])
        parts.append(piece)
        length, n_escapes = length + len(piece), n_escapes + n_found
        if match is None:
            break
        at, name = match.end(), match[2].lower()
        if match[1]:
            if stack and stack[-1][0] == name:
                _, label, start = stack.pop()
                elements.append(Element(name, label, start, length))
            else:
                opened.append(name)
        elif not match[4]:
            stack.append((name, label_of(name, match[2], match[3]), length))
    return Line("".join(parts), elements, opened + [name for name, _, _ in stack], n_escapes)


def label_of(name: str, spelt: str, attributes: str) -> str:
    """The label of an element; "" for a generic one without the attribute."""
    if name not in GENERIC:
        return spelt
    values = {}
    for attribute in re.findall(ATTRIBUTE, attributes):
        key, _, value = attribute.partition("=")
        values[key.strip().lower()] = unescape(value.strip().strip("\"'"))[0]
    return next((values[key].strip() for key in LABEL_ATTRIBUTES if values.get(key, "").strip()), "")


def unescape(text: str) -> tuple[str, int]:
    """The text with `&amp;` and the like as characters, and their number."""
    return ESCAPE.subn(lambda match: html.unescape(match[0]), text)


def read_tagged(
    path: Path, report: Report, overlaps: Overlaps = "refuse", encoding: str | None = None
) -> Iterator[Sentence]:
    """Read text with entities in tags. Each line with text is a sentence.

    Elements with an attribute for the label (ENAMEX, NE, entity ...) are entities, and those whose name is in capital
    letters, as a label is; others are, if there is other text beside one of the name in a line of the file.

    RAISES: XnerError for an entity that is not closed in its line or has no label, for nested ones, and where no
        element is an entity.
    """
    source = Lines(path, encoding)
    names = entity_names(source)
    settler = Settler(path, report, None, overlaps)
    others: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    for number, raw in source.read(report.note):
        if "<!ENTITY" in raw:
            raise XnerError(f"{path}:{number}: found <!ENTITY, a declaration of XML, which is not read. Remove it.")
        line = parse_line(raw)
        for name in line.opened:
            if name in names:
                raise XnerError(
                    f"{path}:{number}: found <{name}> or </{name}> alone, expected <{name}>...</{name}> in a line."
                )
        found = [element for element in line.elements if element.name in names]
        others.update(element.name for element in line.elements if element.name not in names)
        others.update(line.opened)
        if empty := next((element for element in found if not element.label), None):
            raise XnerError(
                f'{path}:{number}: found <{empty.name}> without a label, expected <{empty.name} type="PER">.'
            )
        labels.update(element.label for element in found)
        report.note("escaped characters such as &amp; read as what they stand for", path, number, line.n_escapes)
        if not line.text.strip():
            continue
        lead = len(line.text) - len(line.text.lstrip())
        marks = tuple(Mark(e.start - lead, e.end - lead, e.label, line.text[e.start : e.end]) for e in found)
        try:
            yield from settler.settle([Annotated(line.text.strip(), marks, Place(path, number))])
        except RefusalError as error:
            raise XnerError(f"{path}:{number}: {error}.") from None
    if not labels:
        raise XnerError(
            f"{path}: found no entity in tags, but the elements {', '.join(others) or '(none)'}. Expected text such as "
            "<PER>Ada</PER> left. (Text without entities: --format plain.)"
        )
    left_out = f"; elements left out: {', '.join(others)}" if others else ""
    report.recognise(path, f"text with tags: {', '.join(f'{label} ({n:,})' for label, n in labels.items())}{left_out}")


def entity_names(source: Lines) -> set[str]:
    """The names of the elements that are entities, in lower case."""
    names = set()
    for _, raw in source.read():
        if "<" not in raw:
            continue
        line = parse_line(raw)
        for element in line.elements:
            beside = line.text[: element.start] + line.text[element.end :]
            is_label = is_label_like(element) and line.text[element.start : element.end].strip()
            if element.name in GENERIC or (element.name not in NO_ENTITY and (beside.strip() or is_label)):
                names.add(element.name)
    return names
