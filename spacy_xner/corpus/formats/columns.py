"""Column files, one token per line with its tag in a column: CoNLL/IOB and its relatives, and CoNLL-U."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...errors import XnerError
from ...lines import read_lines, without_compression
from .blocks import Block, read_blocks
from .conllu import Contractions
from .layout import (
    Choices,
    Layout,
    column_is_number,
    conll_2012_layout,
    find_columns_layout,
    find_conllu_layout,
    find_width,
)
from .report import Report
from .sentence import Sentence
from .sentences import SentenceBuilder, check_width, says_spaces
from .spacing import Spaces

SAMPLE = 20_000  # lines from which the layout is found out
CONLL_2012 = re.compile(r"#begin document\b")
HASHTAG = re.compile(r"#(?!(begin|end)$)[^#=]+")


def read_columns(
    path: Path,
    report: Report,
    token_column: int | None = None,
    tag_column: str | None = None,
    *,
    comments: bool | None = None,
    scheme: str | None = None,
    label: str | None = None,
    spaces: Spaces = "natural",
    lang: str | None = None,
    encoding: str | None = None,
    contractions: Contractions = "words",
) -> Iterator[Sentence]:
    """Read CoNLL/IOB columns. What the columns are is found out from the first 20,000 lines, and reported.

    Known are marks of documents (-DOCSTART-, also inside a sentence), comments, columns that count tokens or name
    sentences, several columns of tags (the first one that is not about phrases is read), the tag schemes of `tags.py`,
    brackets as in CoNLL-2012, language prefixes as in WikiANN, and missing tags. A line that begins with # is a token
    if it has the columns of one.

    path (Path): the file.
    report (Report): receives what was recognised and left out.
    token_column (int | None): column of the token, counted from 1, or from -1 at the end; None: it is found out.
    tag_column (str | None): column of the tag, in the same way.
    comments (bool | None): all lines that begin with # are comments (True), or none is (False).
    scheme (str | None): "io": tags are labels without prefixes.
    label (str | None): the label of tags without labels (B, I, O).
    spaces (Spaces): "natural": tokens become natural text where the file does not say which spaces it has; "keep":
        there is one space between all tokens.
    lang (str | None): language code, for natural spaces.
    encoding (str | None): None: UTF-8, or by the byte order mark.
    contractions (Contractions): of files with ids, as in `read_conllu`.
    RAISES: XnerError for fewer than two columns, an unequal number of columns, and an unknown tag.
    """
    if tag_column is not None and not column_is_number(tag_column):
        raise XnerError(
            f"The tag column is '{tag_column}', expected a number (a key works with the format `conllu` only)."
        )
    choices = Choices(token_column, tag_column, comments, scheme, label, spaces, lang, contractions)
    return _read(path, report, choices, encoding, is_conllu=False)


def read_conllu(
    path: Path,
    report: Report,
    token_column: int | None = None,
    tag_column: str | None = None,
    *,
    comments: bool | None = None,
    label: str | None = None,
    spaces: Spaces = "natural",
    lang: str | None = None,
    encoding: str | None = None,
    contractions: Contractions = "words",
) -> Iterator[Sentence]:
    """Read CoNLL-U and similar files: # comments, ids in column 1, words in column 2.

    Spaces are those of `# text`, or of `SpaceAfter=No`. Empty nodes (3.1) are left out. `sent_id` becomes the id. A
    word without a tag is outside of entities, unless other words have the tag O: then its annotation is missing.

    path (Path): the file.
    report (Report): receives what was recognised and left out.
    token_column (int | None): column of the token, counted from 1 (2 if None), or from -1 at the end. With column 1,
        lines have no ids.
    tag_column (str | None): column of the tag, counted in the same way (3 for Universal NER's `.iob2`); or the tag's
        key in the tenth column, MISC: `NER` for `SpaceAfter=No|NER=B-PER`. None: the key or column that has tags.
    contractions (Contractions): "words": the tokens are the words of contractions; "keep": contractions are one token.
    comments, label, spaces, lang, encoding: as in `read_columns`.
    RAISES: XnerError for a line with too few columns, an unknown tag, or a key that occurs nowhere in the file.
    """
    choices = Choices(token_column, tag_column, comments, None, label, spaces, lang, contractions)
    return _read(path, report, choices, encoding, is_conllu=True)


def _read(path: Path, report: Report, choices: Choices, encoding: str | None, *, is_conllu: bool) -> Iterator[Sentence]:
    lines = read_lines(path, encoding, report.note)
    sample = list(itertools.islice(lines, SAMPLE))
    separator = find_separator(path, sample)
    blocks = _read_sample(sample, path, choices, separator, is_conllu=is_conllu)
    if not blocks:
        report.recognise(path, "empty: no sentences")
        return
    layout = _find_layout(path, sample, blocks, choices, is_conllu=is_conllu)
    report.recognise(path, layout.describe())
    if layout.header:
        report.note("lines with names of columns left out", path, layout.header)
    builder = SentenceBuilder(path, report, choices, layout, any(says_spaces(block) for block in blocks))
    documents, ids = 0, set[str]()
    for block in read_blocks(
        itertools.chain(sample, lines),
        path,
        report,
        width=layout.width,
        is_token=layout.is_token,
        comments=choices.comments,
        any_comment=is_conllu or layout.index is not None,
        separator=separator,
    ):
        documents += block.is_document_start
        if block.id and block.id in ids:
            report.note("ids that occur twice in the file left out", path, block.rows[0].number)
            block.id = ""
        ids.add(block.id)
        yield from builder.build(block)
    builder.finish()
    report.recognise(path, f"{layout.describe()}; {builder.describe(documents)}")


def find_separator(path: Path, sample: Sequence[tuple[int, str]]) -> str | None:
    """What separates the cells of a `.csv`: the commonest of comma, semicolon and tab in its first line; else None."""
    if not without_compression(path).lower().endswith(".csv"):
        return None
    first = next((line for _, line in sample), "")
    return max(",;\t", key=first.count)


def _read_sample(
    sample: Sequence[tuple[int, str]], path: Path, choices: Choices, separator: str | None, *, is_conllu: bool
) -> list[Block]:
    """The blocks of the first lines. Lines that begin with # are left out if they look like comments."""

    def blocks_with(is_token: Callable[[list[str]], bool]) -> list[Block]:
        return list(
            read_blocks(
                sample,
                path,
                Report(),
                width=0,
                is_token=is_token,
                comments=choices.comments,
                any_comment=True,
                separator=separator,
            )
        )

    if is_conllu:
        return blocks_with(lambda cells: False)
    return blocks_with(lambda cells: len(cells) > 1 and bool(HASHTAG.fullmatch(cells[0]))) or blocks_with(
        lambda cells: len(cells) > 1
    )


def _find_layout(
    path: Path, sample: Sequence[tuple[int, str]], blocks: Sequence[Block], choices: Choices, *, is_conllu: bool
) -> Layout:
    if not is_conllu and any(CONLL_2012.match(line) for _, line in sample):
        return conll_2012_layout(path, blocks, choices)
    if (width := find_width(blocks)) < 2:
        check_width(path, blocks[0].rows[0], width)
    return (find_conllu_layout if is_conllu else find_columns_layout)(path, blocks, choices)
