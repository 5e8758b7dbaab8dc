"""CoNLL-U: words, contractions (ranges such as 3-4), empty nodes (3.1), and the text that they make.

A contraction is one token of the text ("dámelo") and several words ("da", "me", "lo"), which have the annotation. The
tokens of a sentence are its words. Where a contraction has the same letters as its words, but for accents, it is cut
into them and the text stays as it is. Otherwise ("al": "a", "el") the words are written with spaces. The user can
choose that contractions are not split.
<https://universaldependencies.org/format.html>
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import XnerError
from ...extras import needs_extra
from .blocks import Block, Row
from .report import Report
from .sentence import CharSpan
from .spacing import spaces_in_text

Contractions = Literal["words", "keep"]
SPLIT = "contractions written as their words ('al' as 'a el'): the text is not the file's (--contractions keep: it is)"


@dataclass
class Unit:
    """A token of the text.

    text (str): as in the text.
    rows (list[Row]): its words: one, or those of a contraction.
    row (Row): the line that says whether a space follows; of a contraction, that of the range.
    """

    text: str
    rows: list[Row]
    row: Row


def units_of(block: Block, index: int, token: int, path: Path, report: Report) -> list[Unit]:
    """The tokens of a sentence's text. Empty nodes are left out and counted.

    index (int), token (int): the columns of ids and tokens, from 0.
    RAISES: XnerError for an id that is none, and a contraction without its words.
    """
    with needs_extra("formats", "Files with the columns of CoNLL-U need"):
        from conllu.exceptions import ParseException
        from conllu.parser import parse_id_value

    units: list[Unit] = []
    until = 0  # the last word of the contraction that is being read
    for row in block.rows:
        try:
            number = parse_id_value(row.cells[index])
        except ParseException:
            number = None
        match number:
            case int():
                if number <= until and units:
                    units[-1].rows.append(row)
                else:
                    units.append(Unit(row.cells[token], [row], row))
            case (int(), "-", int(last)):
                units.append(Unit(row.cells[token], [], row))
                until = last
            case (int(), ".", int()):
                report.note("empty nodes (such as 3.1) left out", path, row.number)
            case _:
                raise XnerError(
                    f"{path}:{row.number}: found the id '{row.cells[index]}', expected one such as 3, 3-4 "
                    f"(contraction) or 3.1 (empty node). Files without ids are read with --format columns."
                )
    for unit in units:
        if not unit.rows:
            raise XnerError(f"{path}:{unit.row.number}: found a contraction, '{unit.text}', without its words.")
    return units


def spaces_of(
    units: Sequence[Unit], block: Block, path: Path, report: Report, has_space: Callable[[Row], bool]
) -> list[bool]:
    """Whether a space follows each unit: by `# text` where it agrees with the units, else by `SpaceAfter=No`."""
    if block.text is not None:
        if (found := spaces_in_text(block.text, [unit.text for unit in units])) is not None:
            return found
        report.note(
            "sentences whose tokens are not those of their '# text'; their spaces are those of SpaceAfter",
            path,
            units[0].row.number,
        )
    return [*(has_space(unit.row) for unit in units[:-1]), False]


def split_units(
    units: Sequence[Unit], spaces: Sequence[bool], token: int, path: Path, report: Report
) -> tuple[list[str], list[bool]]:
    """The words of units with the spaces between them: contractions that have the letters of their words are cut."""
    words: list[str] = []
    word_spaces: list[bool] = []
    for unit, space in zip(units, spaces, strict=True):
        forms = [row.cells[token] for row in unit.rows] if len(unit.rows) > 1 else [unit.text]
        if len(forms) > 1:
            if _letters(unit.text) == _letters("".join(forms)) and len(unit.text) == len("".join(forms)):
                forms = _cut(unit.text, [len(form) for form in forms])
                word_spaces += [False] * (len(forms) - 1)
            else:
                report.note(SPLIT, path, unit.row.number)
                word_spaces += [True] * (len(forms) - 1)
        words += forms
        word_spaces.append(space)
    return words, word_spaces


def spans_of_units(
    units: Sequence[Unit], spans: Sequence[CharSpan], missing: set[int], path: Path, report: Report
) -> tuple[list[CharSpan], set[int]]:
    """Spans of words (first, end, label) as spans of units, and the units without annotation.

    A contraction at the edge of an entity of which a part is outside ("al Prado") is left out of the entity, unless
    nothing else is in it.
    """
    unit_of = [number for number, unit in enumerate(units) for _ in unit.rows]
    first_word = [unit_of.index(number) for number in range(len(units))]
    end_word = [start + len(unit.rows) for start, unit in zip(first_word, units, strict=True)]
    found: list[CharSpan] = []
    for start, end, label in spans:
        first, last = unit_of[start], unit_of[end - 1]
        whole = [unit for unit in range(first, last + 1) if start <= first_word[unit] and end_word[unit] <= end]
        line = units[first].rows[0].number
        if not whole:
            report.note("entities in a part of a contraction, which were given to all of it", path, line)
            whole = [first, last]
        elif whole != list(range(first, last + 1)):
            report.note("contractions partly in an entity, which were left out of it", path, line)
        if found and found[-1][1] > whole[0]:
            report.note("second entities in one contraction left out", path, line)
        else:
            found.append((whole[0], whole[-1] + 1, label))
    covered = {unit for start, end, _ in found for unit in range(start, end)}
    return found, {unit_of[word] for word in missing} - covered


def _cut(text: str, lengths: Sequence[int]) -> list[str]:
    parts, at = [], 0
    for length in lengths:
        parts.append(text[at : at + length])
        at += length
    return parts


def _letters(text: str) -> str:
    """A text without accents and case."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
