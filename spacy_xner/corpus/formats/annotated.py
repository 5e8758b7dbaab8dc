"""What an annotation tool says of one text: the values that readers of tools' files hand to `settle.py`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Place(NamedTuple):
    """The place of a text in a file.

    line (int): counted from 1.
    record (int): the number of the record in a file that is one JSON value, counted from 1; 0 in other files.
    """

    path: Path
    line: int
    record: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" + (f": record {self.record}" if self.record else "")


class Mark(NamedTuple):
    """An entity as a tool wrote it.

    start (int), end (int): in the unit and by the rule of the tool; `offsets.py` finds them out.
    covered (str | None): the text of the entity that the tool wrote beside the offsets, if it did.
    is_form (bool): `covered` can be another form of the entity's text: in lower case, or a normal form.
    annotators (tuple[str, ...]): who marked it, where the tool says so of each entity.
    line (int): where it is in a file that has a line for each entity, counted from 1; 0 in other files.
    """

    start: int
    end: int
    label: str
    covered: str | None = None
    kb_id: str = ""
    span_id: str = ""
    score: float | None = None
    annotators: tuple[str, ...] = ()
    line: int = 0
    is_form: bool = False


@dataclass(frozen=True)
class Annotated:
    """A text with the annotation of one annotator.

    marks (tuple[Mark, ...] | None): None for an unlabelled text.
    annotator (str): "" where the file does not say it.
    group (str): equal for all annotations of the same text; "" where the file has no more than one.
    only_marks (bool): nobody looked at the text outside of the marks.
    words (tuple[str, ...] | None), spaces (tuple[bool, ...]): the tokens of the file, and whether a space follows each.
    unlabelled: as in `Sentence`.
    """

    text: str
    marks: tuple[Mark, ...] | None
    place: Place
    annotator: str = ""
    group: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    only_marks: bool = False
    words: tuple[str, ...] | None = None
    spaces: tuple[bool, ...] = ()
    unlabelled: tuple[tuple[int, int], ...] = ()


class RefusalError(ValueError):
    """A text that is not read; the message says what was found, and how to go on.

    line (int): the line of the entity in question, where a file has a line for each; else 0.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line
