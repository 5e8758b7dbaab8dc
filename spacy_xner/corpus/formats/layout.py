"""The layout of a column file, found out from its first lines: which column has tokens, which tags, which ids."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import XnerError
from ...languages.codes import CODE
from .blocks import Block, fit_cells
from .brackets import BRACKET, NOTHING, is_bracket_column
from .characters import has_blank_tokens, has_numbers
from .conllu import Contractions
from .spacing import Spaces
from .tags import BLANK_TAGS, LETTERS, TagForm, find_form, share_of_tags

MISC = 10  # the column of CoNLL-U with keys and values, counted from 1
INDEX = re.compile(r"\d+([-.]\d+)?")
LANGUAGE_PREFIX = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*|simple):")  # WikiANN's
# Labels of phrases, in tags of the same spelling: of CoNLL-2000, of the Penn Treebank, and of TreeTagger (NC)
PHRASES = "NP VP PP ADJP ADVP CONJP SBAR PRT INTJ LST UCP QP WHNP WHPP WHADVP WHADJP NAC NX PRN NC VC PC ADJC ADVC"
CHUNKS = frozenset(PHRASES.split())
NO_LABELS = frozenset({*LETTERS, *LETTERS.lower(), "O", "o", *BLANK_TAGS})
CONLL_2012_COLUMNS = (3, 10)  # of the token and of the entity, counted from 0
TOKEN_NAMES = {"token", "tokens", "word", "words", "form", "text"}
ID_NAMES = re.compile(r"(sent(ence)?|doc(ument)?)([ _-]?(#|id|no|num|number|idx))?", re.IGNORECASE)
TAG_NAMES = re.compile(r"(ner?|tags?|labels?|ner[-_ ]?tags?|entity|entities|io[be]2?|bio|ne-.+)", re.IGNORECASE)
MOST_ARE_TAGS = 0.95  # of a column of tags: a few may be mistyped, which is an error in their line


@dataclass(frozen=True)
class Layout:
    """What the columns of a file are, counted from 0.

    width (int): number of columns; 0: it varies.
    token (int), tag (int): the columns that are read.
    form (TagForm): how tags are spelt.
    key (str): the tag is this key's value in the tag column, as in CoNLL-U's MISC; "": the column has the tag alone.
    index (int | None): the column that counts tokens from 1, as in CoNLL-U and GermEval.
    ids (int | None): a column with ids of sentences or documents.
    prefix (str): what every token begins with and is no part of it: WikiANN's `en:`.
    brackets (bool): tags are brackets as in CoNLL-2012: `(PERSON*`, `*)`.
    others (tuple[int, ...]): more columns with tags, which are not read.
    header (int): the line with the names of columns; 0: none.
    spelt (bool): tokens are characters, and tokens of a blank are the text's spaces, as in KLUE.
    numbered (bool): tokens are characters with their number in the word, which is no part of the text, as in Weibo.
    """

    width: int
    token: int
    tag: int
    form: TagForm
    key: str = ""
    index: int | None = None
    ids: int | None = None
    prefix: str = ""
    brackets: bool = False
    others: tuple[int, ...] = ()
    header: int = 0
    spelt: bool = False
    numbered: bool = False

    def is_token(self, cells: Sequence[str]) -> bool:
        """Whether the cells of a line that begins with # are those of a token: as many as usual, with a tag."""
        if self.index is not None or len(cells) != self.width or self.tag >= len(cells):
            return False
        if self.brackets:
            return cells[self.tag] in NOTHING or bool(BRACKET.fullmatch(cells[self.tag]))
        return bool(self.key) or share_of_tags(Counter([cells[self.tag]]), self.form)[0] == 1

    def describe(self) -> str:
        """The columns for people: "columns: token, -, -, NER"."""
        names = {self.token: "token", self.tag: f"{self.key} in MISC" if self.key else "NER"}
        for column, name in ((self.index, "index"), (self.ids, "id")):
            if column is not None:
                names.setdefault(column, name)
        width = max(self.width, *names) if self.width else max(names) + 1
        columns = ", ".join(names.get(column, "-") for column in range(max(width, max(names) + 1)))
        notes = [f"columns: {columns}{'' if self.width else ', ...'}"]
        if self.prefix:
            notes.append(f"the prefix '{self.prefix}' of each token left out")
        if self.numbered:
            notes.append("numbers behind each character (科0 技1) left out")
        if self.others:
            numbers = ", ".join(str(column + 1) for column in self.others)
            notes.append(f"tags in column {numbers} too, which are not read (--tag-column {self.others[0] + 1})")
        if self.form.side == "suffix":
            notes.append("tags as PER-B")
        if self.form.lower:
            notes.append("tags in lower case")
        return "; ".join(notes)


@dataclass(frozen=True)
class Choices:
    """What the user says of a column file, as in `read_columns`; None: it is found out."""

    token_column: int | None = None
    tag_column: str | None = None
    comments: bool | None = None
    scheme: str | None = None
    label: str | None = None
    spaces: Spaces = "natural"
    lang: str | None = None
    contractions: Contractions = "words"


def find_width(blocks: Sequence[Block]) -> int:
    """The number of columns that most rows have, whether empty cells at their ends are counted or not; 0: no rows."""
    fitting: Counter[int] = Counter()  # in the order of the rows, which decides between equals
    for block in blocks:
        for row in block.rows:
            most = len(row.cells)
            least = most - (not row.cells[0].strip())
            behind = 1
            while least > 1 and not row.cells[-behind]:
                least, behind = least - 1, behind + 1
            fitting.update(range(max(1, least), most + 1))
    return fitting.most_common(1)[0][0] if fitting else 0


def find_layout(path: Path, blocks: Sequence[Block], choices: Choices) -> Layout:
    """The layout of a file of columns, from its first blocks.

    RAISES: XnerError for fewer than two columns, and for tags without labels where no label is given.
    """
    width = find_width(blocks)
    rows = [(row.number, fit_cells(row.cells, width)) for block in blocks for row in block.rows]
    first = rows[0][0]
    names = rows[0][1] if is_header(rows[0][1]) else []
    header = first if names else 0
    body = [cells for number, cells in rows if len(cells) == width and number != header]
    counts = [Counter(cells[column] for cells in body) for column in range(width)]
    index = next((column for column in range(width) if body and is_index([cells[column] for cells in body])), None)
    ids = next((column for column, name in enumerate(names) if ID_NAMES.fullmatch(name)), None)
    if ids is None and width > 2 and index != 0 and body and is_ids([cells[0] for cells in body]):
        ids = 0
    spare = [column for column in range(width) if column not in (index, ids)]
    others: list[int] = []
    if choices.tag_column is not None:
        tag = resolve(int(choices.tag_column), width, "tag", path, first)
    else:
        tag, *others = choose_tag(counts, spare, choices)
        if is_phrase_column(counts[tag], choices):
            raise XnerError(
                f"{path}: found tags of phrases ({', '.join(sorted(counts[tag])[:4])}) in column {tag + 1}, and no "
                f"column of entity tags. If these are the entities, say so with --tag-column {tag + 1}."
            )
    if choices.token_column is not None:
        token = resolve(choices.token_column, width, "token", path, first)
    else:
        free = [column for column in spare if column not in (tag, *others)] or [c for c in spare if c != tag] or [0]
        token = next((c for c in free if c < len(names) and names[c].casefold() in TOKEN_NAMES), free[0])
    in_range = 0 <= tag < width
    form = find_form(counts[tag], choices.label, choices.scheme) if in_range else TagForm()
    if form.side == "bare" and not choices.label:
        raise XnerError(
            f"{path}: column {tag + 1} has tags without labels ({', '.join(sorted(counts[tag])[:6])}), expected tags "
            f"such as B-PER. Name the label with --label, for example --label PER; or another column with --tag-column."
        )
    brackets = in_range and is_bracket_column(counts[tag])
    tokens = [cells[token] for cells in body] if 0 <= token < width else []
    return Layout(
        width,
        token,
        tag,
        form,
        "",
        index if index != token else None,
        ids,
        find_prefix(tokens),
        brackets,
        tuple(others),
        header,
        choices.spaces == "natural" and has_blank_tokens(tokens),
        has_numbers(tokens),
    )


def resolve(column: int, width: int, what: str, path: Path, line: int) -> int:
    """A column counted from 0, of one counted from 1 or from -1 at the end.

    RAISES: XnerError for 0, and for a column that the file does not have.
    """
    if column == 0:
        raise XnerError(f"The {what} column is 0; columns count from 1, or from -1 at the end.")
    if abs(column) > width:
        raise XnerError(
            f"{path}:{line}: found {width} column(s), expected the {what} in column {column}. Columns are separated by "
            f"tabs or spaces; choose them with --token-column and --tag-column."
        )
    return column - 1 if column > 0 else width + column


def is_header(cells: Sequence[str]) -> bool:
    """Whether cells are names of columns: one of them of the tokens, another one of the tags."""
    return any(cell.casefold() in TOKEN_NAMES for cell in cells) and any(TAG_NAMES.fullmatch(cell) for cell in cells)


def is_index(cells: Sequence[str]) -> bool:
    """Whether a column counts from 0 or 1, and begins again with each sentence.

    0 and 1 alone count if each 1 follows a 0, and are a feature of the tokens otherwise.
    """
    if "1" in cells and set(cells) == {"0", "1"}:
        return cells[0] == "0" and "1\x001" not in "\x00".join(cells)
    before, counted = -1, False
    for cell in cells:
        if not INDEX.fullmatch(cell):
            return False
        if cell.isdecimal():
            number = int(cell)
            if number != before + 1 and number not in (0, 1):
                return False
            counted |= number > 1
            before = number
    return counted


def is_ids(cells: Sequence[str]) -> bool:
    """Whether a column has ids: each has a digit, and stands in several lines one after the other, and nowhere else."""
    runs = [cells[0]]
    for cell in cells:
        if cell != runs[-1]:
            runs.append(cell)
    return all(re.search(r"\d", run) for run in runs) and len(set(runs)) == len(runs) and 2 * len(runs) <= len(cells)


def choose_tag(counts: Sequence[Counter[str]], spare: Sequence[int], choices: Choices) -> list[int]:
    """The column of tags, and other ones. Without entities in any: the last column with an O, or the last."""
    last = max((column for column in spare if set(counts[column]) - {""}), default=len(counts) - 1)
    if choices.scheme == "io":
        return [last]
    found: list[int] = []
    for column in spare:
        form = find_form(counts[column], choices.label, choices.scheme)
        share, inside = share_of_tags(counts[column], form)
        outside = counts[column]["O"] + counts[column]["o"]
        is_tags = share >= MOST_ARE_TAGS and inside and (form.side == "prefix" or outside)
        if is_tags or is_bracket_column(counts[column]):
            found.append(column)
    found = [column for column in found if not set(counts[column]) <= NO_LABELS] or found
    no_phrases = [column for column in found if not is_phrase_column(counts[column], choices)]
    if found and not no_phrases:  # the entities' column has none here, or tags without labels
        return [
            max((c for c in spare if counts[c]["O"] + counts[c]["o"] and set(counts[c]) <= NO_LABELS), default=found[0])
        ]
    found = no_phrases
    if 0 in found and len(found) == 1 and not counts[0]["O"] and counts[last]["O"]:  # tokens that look like tags
        return [last]
    return found or [max((column for column in spare if counts[column]["O"]), default=last)]


def is_phrase_column(tags: Counter[str], choices: Choices) -> bool:
    """Whether a column of tags has phrases (NP, VP) rather than entities."""
    form = find_form(tags, choices.label, choices.scheme)
    labels = {form.parse(tag)[1] for tag in tags if share_of_tags(Counter([tag]), form)[0]} - {""}
    return bool(labels) and labels <= CHUNKS


def find_prefix(tokens: Sequence[str]) -> str:
    """The language code and colon that all tokens begin with; "" if they do not."""
    found = LANGUAGE_PREFIX.match(tokens[0]) if len(tokens) > 1 else None
    if found and all(token.startswith(found[0]) for token in tokens):
        return found[0]
    return ""


def language_of_prefix(prefix: str) -> str | None:
    """The language of WikiANN's prefix `en:`; None if it is no code, as `simple:`."""
    code = prefix.removesuffix(":")
    return code if code != "simple" and CODE.fullmatch(code) else None


def keys_of(blocks: Sequence[Block], column: int = MISC - 1) -> dict[str, Counter[str]]:
    """The keys in the column MISC, with their values."""
    keys: dict[str, Counter[str]] = {}
    for block in blocks:
        for row in block.rows:
            if column < len(row.cells):
                for key, value in fields_of(row.cells[column]).items():
                    keys.setdefault(key, Counter())[value] += 1
    return keys


def fields_of(cell: str) -> dict[str, str]:
    """The keys and values of a cell such as `SpaceAfter=No|NER=B-PER`; `_` has none."""
    return {key: value for key, _, value in (field.partition("=") for field in cell.split("|")) if key not in ("", "_")}


def choose_key(keys: dict[str, Counter[str]], label: str | None) -> str | None:
    """The key whose values are entity tags; NER is preferred. None: no key has any."""
    found = []
    for key, values in keys.items():
        form = find_form(values, label)
        share, inside = share_of_tags(values, form)
        if key.upper() == "NER" or (form.side == "prefix" and share >= MOST_ARE_TAGS and inside):
            found.append(key)
    return min(found, key=lambda key: (key != "NER", key.upper() != "NER", found.index(key)), default=None)


def find_conllu_layout(path: Path, blocks: Sequence[Block], choices: Choices) -> Layout:
    """The layout of a CoNLL-U file: ids in column 1 (unless the tokens are there), the tag in a column or under a key.

    RAISES: XnerError if no column and no key has tags.
    """
    width, first = find_width(blocks), blocks[0].rows[0].number
    index = None if choices.token_column == 1 else 0
    token = resolve(2 if choices.token_column is None else choices.token_column, width, "token", path, first)
    tag_column = choices.tag_column
    if tag_column is not None and not column_is_number(tag_column):
        if width < MISC:
            raise XnerError(
                f"{path}:{first}: found {width} column(s), expected the MISC field in column {MISC} "
                f"with the key '{tag_column}'. Name the number of the tag's column with --tag-column."
            )
        return conllu_with_key(blocks, width, index, token, tag_column, choices)
    if tag_column is None and width >= MISC and (key := choose_key(keys_of(blocks), choices.label)):
        return conllu_with_key(blocks, width, index, token, key, choices)
    layout = find_layout(path, blocks, replace(choices, token_column=token + 1))
    if tag_column is None and not has_tags(blocks, layout):
        raise XnerError(
            f"{path}: found no column with entity tags, and no key with them in the tenth column, MISC (keys: "
            f"{', '.join(sorted(keys_of(blocks))) or 'none'}). Name the key or the number of the column with "
            f"--tag-column."
        )
    return replace(layout, index=index, token=token, ids=None, prefix="")


def conllu_with_key(
    blocks: Sequence[Block], width: int, index: int | None, token: int, key: str, choices: Choices
) -> Layout:
    """The layout of CoNLL-U whose tags are the values of a key in MISC."""
    form = find_form(keys_of(blocks).get(key, Counter()), choices.label, choices.scheme)
    return Layout(width, token, MISC - 1, form, key=key, index=index)


def find_columns_layout(path: Path, blocks: Sequence[Block], choices: Choices) -> Layout:
    """The layout of a column file, which may be CoNLL-U by another name. RAISES: XnerError as `find_layout`."""
    layout = find_layout(path, blocks, choices)
    if layout.index == 0 and layout.width == MISC and choices.tag_column is None and not has_tags(blocks, layout):
        return find_conllu_layout(path, blocks, choices)
    return layout


def conll_2012_layout(path: Path, blocks: Sequence[Block], choices: Choices) -> Layout:
    """The layout of CoNLL-2012 (OntoNotes): the columns behind the entities are as many as predicates.

    RAISES: XnerError for the files without words that were published.
    """
    token, tag = CONLL_2012_COLUMNS
    first = blocks[0].rows[0]
    if len(first.cells) <= tag:
        raise XnerError(
            f"{path}:{first.number}: found {len(first.cells)} columns, expected at least 12, as in CoNLL-2012."
        )
    if first.cells[token] == "[WORD]":
        raise XnerError(
            f"{path}:{first.number}: found [WORD] in place of a word: this file has no words yet. Make the _conll "
            f"files with skeleton2conll.sh of CoNLL-2012 and the OntoNotes release."
        )
    if choices.token_column is not None:
        token = resolve(choices.token_column, len(first.cells), "token", path, first.number)
    if choices.tag_column is not None:
        tag = resolve(int(choices.tag_column), len(first.cells), "tag", path, first.number)
    return Layout(0, token, tag, TagForm(), index=None, brackets=True)


def has_tags(blocks: Sequence[Block], layout: Layout) -> bool:
    """Whether the tag column has an O, or a tag of an entity."""
    cells = [row.cells[layout.tag] for block in blocks for row in block.rows if layout.tag < len(row.cells)]
    return "O" in cells or share_of_tags(Counter(cells), layout.form)[1] > 0


def column_is_number(column: str) -> bool:
    """Whether a tag column is named by its number."""
    return bool(re.fullmatch(r"-?\d+", str(column)))
