"""Column files, one token per line with its tag in a column: CoNLL/IOB, and CoNLL-U with comments and ids."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import XnerError
from ...lines import read_lines
from .report import Report
from .sentence import Sentence, sentence_of_words
from .tags import parse_tag, spans_of_tags

DOCSTART = "-DOCSTART-"
# CoNLL-U: ids of lines that are not words: ranges (3-4: a contraction) and decimals (3.1: an empty node).
NO_WORD_ID = re.compile(r"\d+[-.]\d+")
MISC_COLUMN = 10


class TokenLine(NamedTuple):
    """A line of a column file: its number, and its cells."""

    number: int
    cells: list[str]


def read_blocks(path: Path, *, comments: bool) -> Iterator[list[TokenLine]]:
    """Yield the lines between blank lines, split at tabs if the line has one, otherwise at spaces.

    comments (bool): skip lines that begin with #.
    """
    block: list[TokenLine] = []
    for number, line in read_lines(path):
        if not line.strip():
            if block:
                yield block
            block = []
        elif not (comments and line.startswith("#")):
            cells = line.split("\t") if "\t" in line else re.split(" +", line.strip(" "))
            block.append(TokenLine(number, [cell.strip(" ") for cell in cells]))
    if block:
        yield block


def get_cell(path: Path, line: TokenLine, column: int, what: str) -> str:
    """The cell in a column, counted from 1, or from -1 at the end.

    what (str): what the cell contains, for messages.
    RAISES: XnerError if the line has no such column, or the cell is empty.
    """
    if column == 0:
        raise XnerError(f"The {what} column is 0; columns count from 1, or from -1 at the end.")
    if abs(column) > len(line.cells):
        raise XnerError(
            f"{path}:{line.number}: found {len(line.cells)} column(s), expected the {what} in column {column}. "
            f"Columns are separated by tabs or spaces; choose them with --token-column and --tag-column."
        )
    found = line.cells[column if column < 0 else column - 1]
    if not found:
        raise XnerError(f"{path}:{line.number}: found an empty cell in column {column}, expected a {what}.")
    return found


def parse_tag_in(path: Path, line: TokenLine, tag: str) -> tuple[str, str]:
    """`parse_tag` with errors that name file and line."""
    try:
        return parse_tag(tag)
    except ValueError as error:
        raise XnerError(f"{path}:{line.number}: {error}. Choose the column with --tag-column.") from None


def read_columns(path: Path, report: Report, token_column: int = 1, tag_column: str = "-1") -> Iterator[Sentence]:
    """Read CoNLL/IOB columns. Lines with -DOCSTART- are skipped; a line that begins with # is a token, not a comment.

    The tokens of the file are kept; the text is the tokens joined by single spaces.

    path (Path): the file.
    token_column (int): column of the token, counted from 1, or from -1 at the end.
    tag_column (str): column of the tag, counted in the same way.
    RAISES: XnerError for fewer than two columns, an unequal number of columns, and an unknown tag.
    """
    tag_at = column_number(tag_column)
    width = 0
    for block in read_blocks(path, comments=False):
        lines = [line for line in block if line.cells[0] != DOCSTART]
        for line in lines:
            width = width or len(line.cells)
            if len(line.cells) != width or width < 2:
                raise XnerError(
                    f"{path}:{line.number}: found {len(line.cells)} column(s) ({' | '.join(line.cells)}), expected "
                    f"{max(width, 2)}: a token and its tag, the same number of columns in every line."
                )
        if lines:
            tags = [parse_tag_in(path, line, get_cell(path, line, tag_at, "tag")) for line in lines]
            words = [get_cell(path, line, token_column, "token") for line in lines]
            spaces = [True] * (len(words) - 1) + [False]
            yield sentence_of_words(words, spaces, spans_of_tags(tags), path, lines[0].number)


def read_conllu(path: Path, report: Report, token_column: int = 2, tag_column: str = "NER") -> Iterator[Sentence]:
    """Read CoNLL-U and similar files: # comments, ids in column 1, words in column 2.

    Contractions (3-4) are skipped and their words kept; empty nodes (3.1) are skipped. `SpaceAfter=No` in the tenth
    column means that no space follows. <https://universaldependencies.org/format.html>

    path (Path): the file.
    token_column (int): column of the token, counted from 1, or from -1 at the end.
    tag_column (str): column of the tag, counted in the same way (3 for Universal NER's `.iob2`); or the tag's key in
        the tenth column, MISC: `NER` for `SpaceAfter=No|NER=B-PER`. A word without the key is outside of entities.
    RAISES: XnerError for a line with too few columns, an unknown tag, or a key that occurs nowhere in the file.
    """
    by_key = not column_is_number(tag_column)
    keys: set[str] = set()
    for block in read_blocks(path, comments=True):
        lines = [line for line in block if not NO_WORD_ID.fullmatch(line.cells[0])]
        words, tags, spaces = [], [], []
        for line in lines:
            misc = {}
            if by_key or len(line.cells) == MISC_COLUMN:
                fields = get_cell(path, line, MISC_COLUMN, "MISC field").split("|")
                misc = {key: value for key, _, value in (field.partition("=") for field in fields)}
            keys.update(misc)
            tag = misc.get(tag_column, "O") if by_key else get_cell(path, line, column_number(tag_column), "tag")
            words.append(get_cell(path, line, token_column, "token"))
            tags.append(parse_tag_in(path, line, tag))
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
    """Whether a tag column is named by its number."""
    return bool(re.fullmatch(r"-?\d+", str(column)))


def column_number(column: str) -> int:
    """The number of a tag column. RAISES: XnerError for a key."""
    if not column_is_number(column):
        raise XnerError(f"The tag column is '{column}', expected a number (a key works with the format `conllu` only).")
    return int(column)
