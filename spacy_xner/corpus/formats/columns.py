"""A token a line with its tag in a column: CoNLL/IOB files, and the CoNLL-U family with comments and ids."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import XnerError
from ...lines import read_lines
from .sentence import Sentence, sentence_of_words
from .tags import parse_tag, spans_of_tags

DOCSTART = "-DOCSTART-"
# CoNLL-U: ids of words are integers; ranges (3-4: a contraction) and decimals (3.1: an empty node) are no words.
NO_WORD = re.compile(r"\d+[-.]\d+")
MISC_COLUMN = 10


class Line(NamedTuple):
    number: int
    cells: list[str]


def blocks(path: Path, *, comments: bool) -> Iterator[list[Line]]:
    """Runs of lines between blank ones, cut at tabs (where a line has one) or at blanks."""
    block: list[Line] = []
    for number, line in read_lines(path):
        if not line.strip():
            if block:
                yield block
            block = []
        elif not (comments and line.startswith("#")):
            cells = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
            block.append(Line(number, [cell.strip(" ") for cell in cells]))
    if block:
        yield block


def cell(path: Path, line: Line, column: int, what: str) -> str:
    """The cell in a 1-based column, negative from the end."""
    if column == 0:
        raise XnerError(f"The {what} column is 0; columns count from 1, or from -1 at the end.")
    if abs(column) > len(line.cells):
        raise XnerError(
            f"{path}:{line.number}: found {len(line.cells)} column(s), expected the {what} in column {column}. "
            f"Columns are separated by tabs or blanks; choose them with --token-column and --tag-column."
        )
    found = line.cells[column if column < 0 else column - 1]
    if not found:
        raise XnerError(f"{path}:{line.number}: found an empty cell in column {column}, expected a {what}.")
    return found


def parsed(path: Path, line: Line, tag: str) -> tuple[str, str]:
    try:
        return parse_tag(tag)
    except ValueError as error:
        raise XnerError(f"{path}:{line.number}: {error}. Choose the column with --tag-column.") from None


def read_columns(path: Path, token_column: int = 1, tag_column: str = "-1") -> Iterator[Sentence]:
    """Read CoNLL/IOB columns: token first and tag last unless told otherwise; -DOCSTART- lines are passed over.

    The tokens stay the tokens; the text is the tokens joined by single spaces. A line that begins with # is a
    token, no comment.

    path (Path): The file.
    token_column (int): 1-based, negative from the end.
    tag_column (str): Likewise.
    RAISES: XnerError for a line with too few columns or more or fewer than the others, and for an unknown tag.
    """
    tag_at = column_number(tag_column)
    width = 0
    for block in blocks(path, comments=False):
        lines = [line for line in block if line.cells[0] != DOCSTART]
        for line in lines:
            width = width or len(line.cells)
            if len(line.cells) != width or width < 2:
                raise XnerError(
                    f"{path}:{line.number}: found {len(line.cells)} column(s) ({' | '.join(line.cells)}), expected "
                    f"{max(width, 2)}: a token and its tag, the same number of columns in every line."
                )
        if lines:
            tags = [parsed(path, line, cell(path, line, tag_at, "tag")) for line in lines]
            words = [cell(path, line, token_column, "token") for line in lines]
            spaces = [True] * (len(words) - 1) + [False]
            yield sentence_of_words(words, spaces, spans_of_tags(tags), path, lines[0].number)


def read_conllu(path: Path, token_column: int = 2, tag_column: str = "NER") -> Iterator[Sentence]:
    """Read files like CoNLL-U: # comments, ids in column 1, words in column 2.

    Contractions (3-4) and empty nodes (3.1) are passed over, the words that they consist of are kept; `SpaceAfter=No`
    in the tenth column is heeded. <https://universaldependencies.org/format.html>

    path (Path): The file.
    token_column (int): 1-based, negative from the end.
    tag_column (str): A column number likewise (3 for Universal NER's `.iob2`), or the key of the tag in the tenth
        column, MISC: `NER` for `SpaceAfter=No|NER=B-PER`. A word without the key is outside.
    RAISES: XnerError for a line with too few columns, an unknown tag, or a key that occurs nowhere in the file.
    """
    by_key = not column_is_number(tag_column)
    keys: set[str] = set()
    for block in blocks(path, comments=True):
        lines = [line for line in block if not NO_WORD.fullmatch(line.cells[0])]
        words, tags, spaces = [], [], []
        for line in lines:
            misc = {}
            if by_key or len(line.cells) == MISC_COLUMN:
                fields = cell(path, line, MISC_COLUMN, "MISC field").split("|")
                misc = {key: value for key, _, value in (field.partition("=") for field in fields)}
            keys.update(misc)
            tag = misc.get(tag_column, "O") if by_key else cell(path, line, column_number(tag_column), "tag")
            words.append(cell(path, line, token_column, "token"))
            tags.append(parsed(path, line, tag))
            spaces.append(misc.get("SpaceAfter") != "No")
        if lines:
            spaces[-1] = False
            yield sentence_of_words(words, spaces, spans_of_tags(tags), path, lines[0].number)
    if by_key and tag_column not in keys:
        raise XnerError(
            f"{path}: no word has '{tag_column}=' in its tenth column; found {', '.join(sorted(keys)) or 'nothing'}. "
            f"Name the key or the number of the column with --tag-column."
        )


def column_is_number(column: str) -> bool:
    return bool(re.fullmatch(r"-?\d+", str(column)))


def column_number(column: str) -> int:
    if not column_is_number(column):
        raise XnerError(f"The tag column is '{column}', expected a number (a key works with the format `conllu` only).")
    return int(column)
