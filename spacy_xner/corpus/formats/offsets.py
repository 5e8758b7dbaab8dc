"""Finds the unit in which a file counts the offsets of entities: characters, UTF-16 code units, bytes and others."""

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from .annotated import Mark, RefusalError

OffsetUnit = Literal["auto", "characters", "utf16", "bytes", "inclusive", "from-one"]
OFFSET_UNITS = get_args(OffsetUnit)
OPTIONS = {"end inside": "inclusive", "from one": "from-one"}


class Unit(NamedTuple):
    """A way to count offsets.

    width (str): what counts as one: "characters" (Unicode code points, as Python counts), "utf16" (code units, as
        JavaScript and Java count) or "bytes" (of UTF-8).
    breaks (str): "as they are"; "CR LF as one", as browsers have it; "LF as two", as Windows has it.
    bounds (str): "end after", as Python counts; "end inside": `end` is the last character; "from one": the first
        character is 1 and `end` is the last one.
    """

    width: str
    breaks: str
    bounds: str

    def __str__(self) -> str:
        names = {"characters": "characters", "utf16": "UTF-16 code units", "bytes": "UTF-8 bytes"}
        breaks = {"as they are": "", "CR LF as one": ", CR LF as one", "LF as two": ", line ends as two"}
        bounds = {"end after": "", "end inside": ", the end included", "from one": ", counted from one"}
        return names[self.width] + breaks[self.breaks] + bounds[self.bounds]


# In the order in which they are tried.
UNITS = tuple(
    Unit(width, breaks, bounds)
    for bounds in ("end after", "end inside", "from one")
    for breaks in ("as they are", "CR LF as one", "LF as two")
    for width in ("characters", "utf16", "bytes")
)


class Offsets:
    """Turns the offsets of one file into offsets in characters.

    A file has one unit. It follows from the entities whose text the tool wrote beside the offsets: a unit that gives
    another text for one of them is not the file's. Without any such text the offsets count characters; where these cut
    a word and another unit gives whole words, the offsets are refused.

    unit (OffsetUnit): "auto"; another value is the unit for certain.
    """

    def __init__(self, unit: OffsetUnit = "auto") -> None:
        asked = next((bounds for bounds, option in OPTIONS.items() if option == unit), unit)
        self.units = [known for known in UNITS if asked == "auto" or asked in (known.width, known.bounds)]
        self.suspects = list(UNITS[1:]) if unit == "auto" else []  # units that entities without text may have
        self.reasons: dict[Unit, list[RefusalError]] = {}
        self.n_whole = 0  # entities without text that are whole words
        self.is_guessed = False  # whether an entity without text was placed by the unit, where units differ

    @property
    def unit(self) -> Unit:
        """The unit that is now taken for that of the file."""
        return self.units[0]

    def settle(self, text: str, marks: Iterable[Mark]) -> list[tuple[int, int]]:
        """The start and end, in characters, of each mark.

        RAISES: RefusalError where no unit fits the entities' texts, and where an entity is outside of its text.
        """
        marks = list(marks)
        before = self.unit
        for mark in marks:
            if mark.covered is not None:
                self._learn(text, mark)
        if self.unit != before and self.is_guessed:
            raise RefusalError(
                f"found offsets in {self.unit} after entities without text, whose offsets are not certain. Expected "
                f"the unit as --offsets {', '.join(OFFSET_UNITS[1:])}"
            )
        return [self._place(text, mark) for mark in marks]

    def _learn(self, text: str, mark: Mark) -> None:
        known: dict[Unit, bool] = {}
        for unit in self.units:
            same = simplest(text, mark, unit)
            if same not in known:
                known[same] = fits(text, mark, same)
        if not any(known.values()):
            raise RefusalError(
                f"found the entity {mark.covered!r} ({mark.label}) at {mark.start} to {mark.end}, where the text has "
                f"{text[max(mark.start, 0) : max(mark.end, 0)]!r}. Expected offsets that fit the texts of all "
                f"entities of the file, in {self._expected()}. (Was the text changed after it was annotated?)",
                mark.line,
            )
        self.units = [unit for unit in self.units if known[simplest(text, mark, unit)]]

    def _expected(self) -> str:
        if len(self.units) < len(UNITS):
            return f"{self.unit}, as those before it"
        return "characters, UTF-16 code units or bytes"

    def _place(self, text: str, mark: Mark) -> tuple[int, int]:
        found = place(text, mark, self.unit)
        if found is None:
            raise RefusalError(
                f"found the entity {[mark.start, mark.end, mark.label]} in a text of {len(text)} characters"
                f". Expected offsets inside of the text, start before end{self._hint(text, mark)}",
                mark.line,
            )
        if mark.covered is None and len(self.units) > 1:
            self.is_guessed = True
            if self.suspects:
                self._suspect(text, mark, found)
        return found

    def _suspect(self, text: str, mark: Mark, found: tuple[int, int]) -> None:
        """Compare the words that units give. RAISES: RefusalError where only another unit gives a whole word."""
        is_whole = has_whole_words(text, trimmed(text, found))
        self.n_whole += is_whole
        for unit in [unit for unit in self.suspects if simplest(text, mark, unit) != self.unit]:
            other = place(text, mark, unit)
            if other is None or not has_whole_words(text, other):
                if is_whole:
                    self.suspects.remove(unit)
            elif not is_whole:
                reason = RefusalError(
                    f"found the entity {[mark.start, mark.end, mark.label]}, which is {text[slice(*found)]!r} in "
                    f"{self.unit} and {text[slice(*other)]!r} in {unit}. Expected the unit: --offsets "
                    f"{OPTIONS.get(unit.bounds, unit.width)}, or --offsets {self.unit.width} if the first is right",
                    mark.line,
                )
                if unit.bounds == "end after":
                    raise reason
                self.reasons[unit] = [*self.reasons.get(unit, ()), reason][:2]

    def finish(self) -> None:
        """Call it after the last text.

        RAISES: RefusalError where no entity is whole words, but two or more were with the end included, or counted from
            one. (Single ones are parts of words, such as those before an ending.)
        """
        for reasons in self.reasons.values():
            if len(reasons) > 1 and not self.n_whole:
                raise reasons[0]

    def _hint(self, text: str, mark: Mark) -> str:
        for width in ("utf16", "bytes"):
            if self.unit.width == "characters" and place(text, mark, Unit(width, *self.unit[1:])):
                return f". (If they count {width}: --offsets {width})"
        return ""


def has_whole_words(text: str, found: tuple[int, int]) -> bool:
    """Whether a place neither begins nor ends within a word or with white space."""
    start, end = found
    if start >= end:
        return False
    cuts = any(0 < i < len(text) and text[i - 1].isalnum() and text[i].isalnum() for i in found)
    return not cuts and not text[start].isspace() and not text[end - 1].isspace()


def trimmed(text: str, found: tuple[int, int]) -> tuple[int, int]:
    """A place without the white space at its edges."""
    name = text[slice(*found)]
    return found[1] - len(name.lstrip()), found[0] + len(name.rstrip())


def simplest(text: str, mark: Mark, unit: Unit) -> Unit:
    """A unit that gives the same place for this mark: the simplest one."""
    width, breaks, bounds = unit
    before = text[: max(mark.start, mark.end, 0) + 2]
    if width != "characters" and (before.isascii() or (width == "utf16" and max(before) <= "\uffff")):
        width = "characters"
    if breaks != "as they are" and ("\n" not in before or (breaks == "CR LF as one" and "\r\n" not in before)):
        breaks = "as they are"
    return Unit(width, breaks, bounds)


def place(text: str, mark: Mark, unit: Unit) -> tuple[int, int] | None:
    """Start and end of a mark in characters by a unit; None outside of the text, within a character, or if empty."""
    start, end = mark.start - (unit.bounds == "from one"), mark.end + (unit.bounds == "end inside")
    unit = simplest(text, mark, unit)
    if unit.width != "characters" or unit.breaks != "as they are":
        edges = list(itertools.accumulate(widths(text, unit), initial=0))
        start, end = (find_edge(edges, offset) for offset in (start, end))
    return (start, end) if 0 <= start < end <= len(text) else None


def find_edge(edges: list[int], offset: int) -> int:
    """The number of the first edge at an offset; -1 if there is none."""
    i = bisect_left(edges, offset)
    return i if i < len(edges) and edges[i] == offset else -1


def widths(text: str, unit: Unit) -> list[int]:
    """How much each character counts."""
    if unit.width == "characters":
        found = [1] * len(text)
    elif unit.width == "utf16":
        found = [2 if char > "\uffff" else 1 for char in text]
    else:
        found = [len(char.encode("utf8", "surrogatepass")) for char in text]
    for match in re.finditer("\r?\n", text):
        if unit.breaks == "CR LF as one" and len(match[0]) == 2:
            found[match.start()] = 0
        elif unit.breaks == "LF as two" and len(match[0]) == 1:
            found[match.start()] = 2
    return found


def fits(text: str, mark: Mark, unit: Unit) -> bool:
    """Whether a mark covers the text that the tool wrote, by a unit. Tools change white space in it."""
    found = place(text, mark, unit)
    return found is not None and squeeze(text[slice(*found)]) == squeeze(mark.covered or "")


def squeeze(text: str) -> str:
    r"""Runs of white space as one space. Label Studio writes a line break as the two characters \n."""
    return re.sub(r"(\s|\\n)+", " ", text)
