"""Column files as blocks of rows: blank lines, comments and marks of documents are told apart from tokens."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ...errors import XnerError
from ...languages.codes import CODE
from .report import Report

# -DOCSTART- of the CoNLL shared tasks (AIDA adds a title), also in a column that is not the first
# ("-DOCSTART- (1 EU)"). Words such as "-docend" and "-DOCENDING" are none.
DOCUMENT_MARK = re.compile(r"-+DOC[-_]?(START|END)(-+.*)?|-+(?i:DOC[-_]?(START|END))-+(\W.*)?")
# "#begin document" of CoNLL-2012, "###MEDLINE:95369245" of GENIA, "# newdoc" of CoNLL-U
DOCUMENT_COMMENT = re.compile(r"###.*|#\s*(begin|end)\s+document\b.*|#\s*newdoc\b.*", re.IGNORECASE)
# <s>, </doc>, <text id="3"> of vertical files
ELEMENT = re.compile(r"</?(s|p|doc|text|sent|sentence|file|article)\b[^<>]*/?>", re.IGNORECASE)
# What makes a line that begins with # a comment and no hashtag: a blank behind it, another #, or "key =".
COMMENT = re.compile(r"#($|[ \t#]|[\w.-]+[ \t]*=)")
# "# sent_id = 3", "# id = 3", and MultiCoNER's "# id 3<TAB>domain=en"
SENTENCE_ID = re.compile(r"#\s*(?:sent_id\s*=|id\s*=|id\s)\s*(\S+)")
SENTENCE_LANG = re.compile(rf"#\s*lang\s*=\s*({CODE.pattern})\s*")
SENTENCE_TEXT = re.compile(r"#\s*text\s*=\s?(.*)")


class Row(NamedTuple):
    """A token's line: its number, and its cells."""

    number: int
    cells: list[str]


@dataclass
class Block:
    """The rows of a sentence, and what comments before them say.

    id (str): the sentence's id; "" without one.
    lang (str): the code of its language; "" without one.
    text (str | None): the sentence's text.
    is_document_start (bool): a mark says that a document begins here.
    """

    rows: list[Row] = field(default_factory=list)
    id: str = ""
    lang: str = ""
    text: str | None = None
    is_document_start: bool = False


def split_cells(line: str, separator: str | None = None) -> list[str]:
    """The cells of a line: between tabs if it has one, otherwise between blanks. A blank first cell is kept.

    A first cell of blanks, before a tab or another blank, is " ": files of single characters have such tokens.

    separator (str | None): that of a CSV file, whose cells can be in quotation marks.
    """
    if separator:
        return [cell.strip(" ") for cell in next(csv.reader([line], delimiter=separator))]
    if "\t" in line:
        first, *others = line.split("\t")
        return [first.strip(" ") or first[:1], *(cell.strip(" ") for cell in others)]
    cells = re.split(" +", line.rstrip(" "))
    return [" ", *cells[1:]] if line.startswith("  ") else cells


def fit_cells(cells: list[str], width: int) -> list[str]:
    """Cells without empty ones at the edges that are too many: of blanks before a line, of tabs behind it."""
    if len(cells) > width and not cells[0].strip():
        cells = cells[1:]
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    return cells


def is_document_mark(cells: list[str]) -> bool:
    """Whether one of a line's cells is a mark such as -DOCSTART-."""
    return any(cell.startswith("-") and DOCUMENT_MARK.fullmatch(cell) for cell in cells)


def read_blocks(
    lines: Iterable[tuple[int, str]],
    path: Path,
    report: Report,
    *,
    width: int,
    is_token: Callable[[list[str]], bool],
    comments: bool | None,
    any_comment: bool,
    separator: str | None = None,
) -> Iterator[Block]:
    """Yield the blocks of rows between blank lines, marks of documents and sentences.

    width (int): number of columns; 0: any.
    is_token (Callable): whether the cells of a line that begins with # are those of a token.
    comments (bool | None): all lines that begin with # are comments (True), or none is (False); None: those that are no
        tokens, if they look like comments.
    any_comment (bool): the format has comments, so that each line with # that is no token is one.
    separator (str | None): that of a CSV file.
    RAISES: XnerError for a line that begins with # and is neither a token nor a comment.
    """
    block = Block()
    for number, line in lines:
        if not line.strip():
            if block.rows:
                yield block
                block = Block()
            continue
        try:
            cells = split_cells(line, separator)
        except csv.Error as error:
            raise XnerError(
                f"{path}:{number}: no line of a CSV file ({error}). Expected a token and its tag."
            ) from None
        cells = fit_cells(cells, width) if width else cells
        if line.startswith("#") and comments is not False:
            if comments or not is_token(cells):
                if not (comments or any_comment or COMMENT.match(line) or DOCUMENT_COMMENT.match(line)):
                    raise XnerError(_explain_hash(path, number, line, width))
                if block.rows and (DOCUMENT_COMMENT.match(line) or SENTENCE_ID.match(line)):  # no blank line before it
                    yield block
                    block = Block()
                _note_comment(block, path, number, line, report)
                continue
        elif "doc" in line.lower() and is_document_mark(cells):
            if block.rows:
                yield block
                block = Block()
            block.is_document_start = True
            report.note("lines that mark documents (such as -DOCSTART-) left out", path, number)
            continue
        elif line.lstrip().startswith("<") and ELEMENT.fullmatch(line.strip()):
            if block.rows:
                yield block
                block = Block()
            block.is_document_start |= line.strip().lower().startswith("<doc")
            report.note("lines of XML elements (such as <s>) left out", path, number)
            continue
        block.rows.append(Row(number, cells))
    if block.rows:
        yield block


def _note_comment(block: Block, path: Path, number: int, line: str, report: Report) -> None:
    report.note("lines of comments left out", path, number)
    if DOCUMENT_COMMENT.match(line):
        block.is_document_start |= not re.match(r"#\s*end\b", line)
    elif found := SENTENCE_ID.match(line):
        block.id = found[1]
    elif found := SENTENCE_LANG.fullmatch(line):
        block.lang = found[1]
    elif found := SENTENCE_TEXT.match(line):
        block.text = found[1]


def _explain_hash(path: Path, number: int, line: str, width: int) -> str:
    return (
        f"{path}:{number}: found '{line[:60]}', which begins with # and is neither a token with {width} columns nor a "
        f"comment ('# ' with a blank). Read such lines as comments with --comments, or as tokens with --no-comments."
    )
