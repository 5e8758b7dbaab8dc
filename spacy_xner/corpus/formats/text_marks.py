"""Text files that hold columns, or marks that no reader of text knows: they must not pass for plain text."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from .blocks import COMMENT, is_document_mark, split_cells
from .tagged import NO_ENTITY, TAG
from .tags import LETTERS

LOOKED_AT = 20_000  # lines with text, from which columns and words with tags are recognised
MOST = 0.9  # of the lines, or of the words
LEAST = 3  # lines, or words, if none has a tag of an entity

ENTITY_TAG = rf"[{LETTERS}][-_][^\W\d_][\w.&-]*"
IS_TAG = re.compile(rf"O|{ENTITY_TAG}")
IS_ENTITY_TAG = re.compile(ENTITY_TAG)
TAGGED_WORD = re.compile(rf"\S+[|/_](?:O|({ENTITY_TAG}))")  # Ada|NNP|I-PER, Ada/B-PER
FLAIR = re.compile(rf"\S <{ENTITY_TAG}>")
CROSSED = re.compile(r"<([A-Za-z][\w.:-]*)(?:\s[^<>]*)?>[^<>]+</([A-Za-z][\w.:-]*)>")
NESTED = re.compile(r"(?<!\\)\[[^\[\]]*\[.*\]\(([A-Z][\w.&-]*)\)")
# More elements of HTML and of wikis than text with tags has
HTML_NAMES = """
a abbr address audio blockquote button caption center cite dd del dfn dl dt figcaption figure footer form h1 h2
header iframe ins kbd label legend link main mark math meta nav nowiki object option picture poem rb ref references
rp rt ruby s samp script section select source strike style summary svg tbody textarea tfoot thead time tt u var
video wbr syntaxhighlight gallery
"""
HTML = frozenset(HTML_NAMES.split())


class Found(NamedTuple):
    """What a line has that plain text has not. what (str): in words; formats (str): those that can be named."""

    line: int
    what: str
    formats: str


@dataclass
class TextMarks:
    """Looks at the lines of a text file, one after the other.

    found (Found | None): the first mark that is surely one.
    """

    found: Found | None = None
    n_lines: int = 0
    n_words: int = 0
    n_tagged_words: int = 0
    first_line: int = 0
    first_tagged_word: int = 0
    has_entity_word: bool = False
    shapes: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    n_pairs: int = 0  # lines with words and their tags

    def add(self, number: int, line: str) -> None:
        """Look at the next line of the file."""
        if self.found is None:
            self.found = next(marks_of_line(number, line), None)
        line = line.strip(" ")
        if self.n_lines >= LOOKED_AT or not line.strip() or COMMENT.match(line):
            return
        cells = split_cells(line)
        if is_document_mark(cells):
            return
        self.first_line = self.first_line or number
        self.n_lines += 1
        self.shapes[len(cells), kind_of(cells[0]), kind_of(cells[-1])] += 1
        self._add_words(number, line.split())
        tags = cells[-1].split()
        self.n_pairs += len(cells) == 2 and len(tags) == len(cells[0].split()) > 1 and all(map(IS_TAG.fullmatch, tags))

    def _add_words(self, number: int, words: list[str]) -> None:
        self.n_words += len(words)
        for word in words:
            if (word[-1:] == "O" or "-" in word or "_" in word) and (found := TAGGED_WORD.fullmatch(word)):
                self.n_tagged_words += 1
                self.first_tagged_word = self.first_tagged_word or number
                self.has_entity_word |= found[1] is not None

    @property
    def are_columns(self) -> bool:
        """Whether nearly all lines have as many cells, two or more, and a tag in the last one (or the first one)."""
        return self._has_tags(last=True) or self._has_tags(last=False)

    def _has_tags(self, *, last: bool) -> bool:
        widths, kinds = Counter[int](), Counter[str]()
        for (width, first_kind, last_kind), count in self.shapes.items():
            kind = last_kind if last else first_kind
            if width > 1 and kind:
                widths[width] += count
                kinds[kind] += count
        if not widths or max(widths.values()) < MOST * self.n_lines:
            return False
        # words such as "U-Bahn" and a first word "O" are text, in lists of names too
        return kinds["O"] > 0 and (kinds["ENTITY"] + kinds["entity"] > 0 or (last and self.n_lines >= LEAST))

    def refusal(self) -> Found | None:
        """What there is that no reader of text knows; None: nothing."""
        if self.n_pairs and self.n_pairs >= MOST * self.n_lines:
            return Found(self.first_line, "a tab and a tag for each word before it", "plain")
        enough = self.has_entity_word or self.n_tagged_words >= LEAST
        if enough and self.n_tagged_words >= MOST * self.n_words:
            return Found(self.first_tagged_word, "words with their tags, as Ada|NNP|I-PER", "plain")
        n_sure = sum(count for (width, *_, last), count in self.shapes.items() if width > 1 and last == "ENTITY")
        if self.are_columns or (n_sure and n_sure >= MOST * self.n_lines):
            return Found(self.first_line, "columns with entity tags", "columns")
        return self.found


def kind_of(cell: str) -> str:
    """ "O" for this tag, "ENTITY" for one such as B-PER, "entity" for one such as B-Loc or U-Bahn, otherwise ""."""
    if cell == "O":
        return "O"
    if not IS_ENTITY_TAG.fullmatch(cell):
        return ""
    return "ENTITY" if cell.isupper() else "entity"


def marks_of_line(number: int, line: str) -> Iterator[Found]:
    """The marks in a line that plain text does not have, though neither `[Ada](PER)` nor `<PER>Ada</PER>`."""
    if "<" in line:
        if match := FLAIR.search(line):
            yield Found(number, f"the tag '{match[0][2:]}' behind a word", "plain")
        for match in CROSSED.finditer(line):
            opened, closed = match[1], match[2]
            if not {opened.lower(), closed.lower()} & (NO_ENTITY | HTML) and TAG.match(match[0]):
                yield Found(number, f"'{match[0][:60]}'", "tags" if opened == closed else "plain")
    if "](" in line and (match := NESTED.search(line)) and match[1].isupper():
        yield Found(number, f"'{match[0][:60]}', an entity inside of another bracket", "inline")


def are_columns(lines: Iterable[tuple[int, str]]) -> bool:
    """Whether the lines of a text file are those of a column file."""
    marks = TextMarks()
    for number, line in lines:
        marks.add(number, line)
        if marks.n_lines >= LOOKED_AT:
            break
    return marks.are_columns
