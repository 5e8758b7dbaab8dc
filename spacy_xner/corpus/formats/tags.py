"""Entity tags on tokens: one rule reads IOB1, IOB2, BILUO, BIOES and BMEWO, in the spellings that files have."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from .sentence import CharSpan

# Prefixes by their effect. E and S are those of BIOES, L and U those of BILUO, M and W those of BMEWO.
BEGIN, CONTINUE, LAST = "BUSW", "ILEM", "LEUSW"
LETTERS = BEGIN + CONTINUE
OUTSIDE: tuple[str, str] = ("O", "")
MISSING: tuple[str, str] = ("?", "")  # nobody says whether the token is in an entity
# What stands for "outside" in a column without any O, and for missing annotation in a column with O.
BLANK_TAGS = ("_", "-", "?", "")

PREFIXED = re.compile(rf"([{LETTERS}])[-_](\S.*)")
SUFFIXED = re.compile(rf"(.*\S)[-_]([{LETTERS}])")
SEVERAL = re.compile(rf"[|,;+/ ]([{LETTERS}][-_]|O(?= |$))")  # tags in one cell
Side = Literal["prefix", "suffix", "bare", "label"]


@dataclass(frozen=True)
class TagForm:
    """How the tags of a column are spelt.

    side (Side): "prefix" (`B-PER`, `B_PER`), "suffix" (`PER-B`), "bare" (`B`, without labels) or "label" (`PER`,
        without prefixes).
    lower (bool): the letters are lower case: `b-per`, `o`.
    label (str): the label of bare tags.
    blanks (str): what BLANK_TAGS mean: "outside" or "missing".
    """

    side: Side = "prefix"
    lower: bool = False
    label: str = ""
    blanks: Literal["outside", "missing"] = "outside"

    @lru_cache(maxsize=1 << 12)  # noqa: B019 (forms are few and small)
    def parse(self, tag: str) -> tuple[str, str]:
        """Split a tag into prefix and label: `B-PER` -> ("B", "PER"); OUTSIDE or MISSING without an entity.

        RAISES: ValueError for anything else.
        """
        if tag in BLANK_TAGS:
            return OUTSIDE if self.blanks == "outside" else MISSING
        if tag == ("o" if self.lower else "O"):
            return OUTSIDE
        if self.side == "label":
            return "I", tag
        if SEVERAL.search(tag):
            raise ValueError(
                f"found the tag '{tag}', expected one tag: nested and several entities, and "
                "the tags of a whole sentence in a cell, are not read. Put a token and its tag on each line"
            )
        if self.lower and self.side == "suffix":
            spelt = tag[:-1] + tag[-1].upper()
        else:
            spelt = tag[0].upper() + tag[1:] if self.lower else tag
        if self.side == "bare":
            if len(spelt) == 1 and spelt in LETTERS:
                return spelt, self.label
        elif self.side == "prefix" and (found := PREFIXED.fullmatch(spelt)):
            return found[1], found[2]
        elif self.side == "suffix" and (found := SUFFIXED.fullmatch(spelt)):
            return found[2], found[1]
        raise ValueError(
            f"found the tag '{tag}', expected O, or B- I- (IOB), L- U- (BILUO), E- S- (BIOES), M- W- (BMEWO) and a "
            f"label; labels without such prefixes are read with --scheme io"
        )


def parse_tag(tag: str, form: TagForm | None = None) -> tuple[str, str]:
    """`TagForm.parse` of a single tag; without a form, upper-case prefixes."""
    return (form or TagForm(blanks="missing")).parse(tag)


def find_form(tags: Counter[str], label: str | None = None, scheme: str | None = None) -> TagForm:
    """The form that most of a column's tags have.

    tags (Counter[str]): the column's tags.
    label (str | None): the label for bare tags; None: they are not expected to be read.
    scheme (str | None): "io": tags are labels without prefixes.
    """
    has_outside = "O" in tags or "o" in tags
    blanks: Literal["outside", "missing"] = "missing" if has_outside else "outside"
    lower = "o" in tags and "O" not in tags
    if scheme == "io":
        return TagForm("label", lower, blanks=blanks)
    inside = {tag: count for tag, count in tags.items() if tag not in (*BLANK_TAGS, "O", "o")}
    best, most = TagForm("prefix", lower, blanks=blanks), 0
    sides: tuple[Side, ...] = ("prefix", "suffix", "bare")
    for side in sides:
        for is_lower in (False, True):
            form = TagForm(side, is_lower, label or "", blanks)
            matching = sum(count for tag, count in inside.items() if _fits(form, tag))
            if matching > most and not (is_lower and "O" in tags):
                best, most = form, matching
    return best


def _fits(form: TagForm, tag: str) -> bool:
    try:
        form.parse(tag)
    except ValueError:
        return False
    return True


def share_of_tags(tags: Counter[str], form: TagForm) -> tuple[float, int]:
    """The share of a column's cells that are tags of the form, and the number of cells inside of entities."""
    fitting = {tag: count for tag, count in tags.items() if _fits(form, tag)}
    inside = sum(count for tag, count in fitting.items() if form.parse(tag) not in (OUTSIDE, MISSING))
    return sum(fitting.values()) / max(1, sum(tags.values())), inside


def spans_of_tags(tags: Sequence[tuple[str, str]]) -> list[CharSpan]:
    """Entities (first token, end token, label) of parsed tags.

    B, U, S and W begin an entity. I, L, E and M continue an entity of the same label, or begin one (IOB1). L, E, U, S
    and W end it.
    """
    spans: list[CharSpan] = []
    is_open = False
    for i, (prefix, label) in enumerate(tags):
        if prefix in (OUTSIDE[0], MISSING[0]):
            is_open = False
        elif is_open and prefix in CONTINUE and spans[-1][2] == label:
            spans[-1] = (spans[-1][0], i + 1, label)
        else:
            spans.append((i, i + 1, label))
        is_open = prefix not in (OUTSIDE[0], MISSING[0]) and prefix not in LAST
    return spans


@dataclass
class SchemeObserver:
    """Finds out which scheme the tags of a file follow, from all of its sentences.

    prefixes (set[str]): those seen.
    begins (Counter[str]): how entities begin: "B" after another entity of the same label, "b" elsewhere, "I" with a tag
        that continues.
    """

    prefixes: set[str] = field(default_factory=set)
    begins: Counter[str] = field(default_factory=Counter)
    first_inside: int = 0

    def add(self, tags: Iterable[tuple[str, str]], line: int) -> None:
        """Take note of a sentence's parsed tags. `line`: its first line."""
        previous, open_label = "", ""
        for prefix, label in tags:
            if prefix in LETTERS:
                self.prefixes.add(prefix)
                if prefix in CONTINUE and label != open_label:
                    self.begins["I"] += 1
                    self.first_inside = self.first_inside or line
                elif prefix in BEGIN:
                    self.begins["B" if label == previous else "b"] += 1
            previous = label if prefix in LETTERS else ""
            open_label = previous if prefix not in LAST else ""

    @property
    def name(self) -> str:
        """The scheme: IOB1, IOB2, BILUO, IOBES, BMES, BMEWO or IO; "IOB" for a mixture."""
        if not self.prefixes:
            return "no entities"
        if self.prefixes & set("LU"):
            return "BILUO"
        if "W" in self.prefixes:
            return "BMEWO"
        if self.prefixes & set("MES"):
            return "BMES" if "M" in self.prefixes else "IOBES"
        if self.begins["I"] == 0:
            return "IOB2"
        if self.prefixes == {"I"}:
            return "IO or IOB1"
        return "IOB1" if not self.begins["b"] else "IOB1 and IOB2 mixed"
