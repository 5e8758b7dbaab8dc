"""Makes sentences of the rows of a column file: tags become spans, spaces follow from the file or from the language."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...errors import XnerError
from .blocks import Block, Row
from .brackets import tags_of_brackets
from .characters import without_numbers
from .conllu import Unit, spaces_of, spans_of_units, split_units, units_of
from .layout import Choices, Layout, fields_of, language_of_prefix
from .report import Report
from .sentence import CharSpan, Sentence, sentence_of_words, trim_span
from .spacing import natural_spaces
from .tags import MISSING, SchemeObserver, spans_of_tags

LONG = 1000  # tokens: sentences are rarely longer, so empty lines may be missing
# Languages whose corpora write the token _ for a space in the text (LST20)
SPACE_TOKENS = frozenset({"th", "lo", "km", "my"})
NO_SPACE = ("SpaceAfter=No", "NoSpaceAfter")  # of CoNLL-U, and of HIPE


class SentenceBuilder:
    """Makes the sentences of one file.

    path (Path), report (Report): the file, and what is told of it.
    choices (Choices): what the user chose.
    layout (Layout): the file's columns.
    has_spaces (bool): the file says which spaces it has.
    """

    def __init__(self, path: Path, report: Report, choices: Choices, layout: Layout, has_spaces: bool) -> None:
        self.path, self.report, self.choices, self.layout = path, report, choices, layout
        self.has_spaces = has_spaces
        self.observer = SchemeObserver()
        self.n_sentences = 0
        self._id = ""
        self._found_key, self._keys = False, set[str]()
        lang = choices.lang or language_of_prefix(layout.prefix)
        self._lang = lang
        self._meta = {"lang": lang} if lang and not choices.lang else {}

    def build(self, block: Block) -> Iterator[Sentence]:
        """The sentences of a block: one, unless a column says that there are more. RAISES: XnerError for a bad row."""
        rows = [row for row in block.rows if row.number != self.layout.header]
        least = max(self.layout.token, self.layout.tag) + 1
        for row in rows:
            check_width(self.path, row, self.layout.width or max(least, len(row.cells)))
        parts = self._split(replace(block, rows=rows))
        for part in parts:
            if sentence := self._sentence(part):
                self.n_sentences += 1
                yield sentence

    def finish(self) -> None:
        """Report what only the whole file shows. RAISES: XnerError if the tag's key was in no row."""
        if self.layout.key and self.n_sentences and not self._found_key:
            raise XnerError(
                f"{self.path}: no word has '{self.layout.key}=' in its tenth column; found "
                f"{', '.join(sorted(self._keys)) or 'nothing'}. Name the key or the number of the column with "
                f"--tag-column."
            )
        if self.observer.name == "IOB1 and IOB2 mixed":
            self.report.note(
                "entities that begin with a tag such as I-, though others begin with B-",
                self.path,
                self.observer.first_inside,
                self.observer.begins["I"],
            )

    def describe(self, documents: int) -> str:
        """The scheme, how many sentences there are, and where their spaces come from, for people."""
        scheme = "brackets" if self.layout.brackets else self.observer.name
        parts = [scheme if scheme == "no entities" else f"scheme {scheme}", count_of(self.n_sentences, "sentence")]
        parts += [count_of(documents, "document")] * bool(documents)
        if self.has_spaces or self.layout.spelt:
            parts.append("spaces as in the file")
        elif self.choices.spaces == "keep":
            parts.append("one space between all tokens")
        else:
            parts.append("natural spaces (--spaces keep: one between all tokens)")
        return "; ".join(parts)

    def _split(self, block: Block) -> Iterator[Block]:
        """Sentences that no empty line separates: the index begins again, or the id changes."""
        layout, current = self.layout, list[Row]()
        for row in block.rows:
            if current:
                # an empty cell has the id of the line above it
                ids = layout.ids is not None and row.cells[layout.ids].strip() not in ("", self._id)
                if ids or self._counts_again(row, current):
                    self.report.note("sentences without an empty line before them", self.path, row.number)
                    yield replace(block, rows=current)
                    current = []
                    block = Block()
            if layout.ids is not None:
                self._id = row.cells[layout.ids].strip() or self._id
            current.append(row)
        if current:
            yield replace(block, rows=current)

    def _counts_again(self, row: Row, before: list[Row]) -> bool:
        """Whether the index begins again: with 0, or with 1 that does not follow 0 or a contraction of words from 1."""
        index = self.layout.index
        if index is None or row.cells[index] not in ("0", "1"):
            return False
        return row.cells[index] == "0" or not before[-1].cells[index].startswith(("1-", "0"))

    def _sentence(self, block: Block) -> Sentence | None:
        layout, first = self.layout, block.rows[0].number
        units = self._units(block)
        words = self._words(units)
        if any(words):
            if self.has_spaces or block.text is not None:
                spaces = spaces_of(units, block, self.path, self.report, lambda row: not _no_space(row))
            elif layout.spelt:
                spaces = [False] * len(words)
            elif self.choices.spaces == "natural":
                spaces = self._natural(words)
                if layout.numbered:  # no space is inside of a word, where the numbers are not 0
                    ends = [unit.text == f"{word}0" for unit, word in zip(units, words, strict=True)]
                    spaces = [space and end for space, end in zip(spaces, [*ends[1:], False], strict=True)]
            else:
                spaces = [True] * (len(words) - 1) + [False]
        else:
            spaces = [False] * len(words)
        rows = [row for unit in units for row in unit.rows]
        tags = self._tags(rows)
        spans = spans_of_tags(tags)
        missing = {i for i, tag in enumerate(tags) if tag == MISSING}
        self.observer.add(tags, first)
        if missing and len(missing) < len(rows):
            self.report.note("tokens without a tag, whose annotation is missing", self.path, first, len(missing))
        elif missing:
            self.report.note("sentences without any tag, which are unlabelled", self.path, first)
        if len(rows) > len(units) and self.choices.contractions == "keep":
            spans, missing = spans_of_units(units, spans, missing, self.path, self.report)
        elif len(rows) > len(units):
            words, spaces = split_units(units, spaces, layout.token, self.path, self.report)
        if len(words) > LONG:
            self.report.note(f"sentences of more than {LONG:,} tokens: are empty lines missing?", self.path, first)
        return self._clean(block, words, spaces, spans, missing)

    def _units(self, block: Block) -> list[Unit]:
        if self.layout.index is None:
            return [Unit(row.cells[self.layout.token], [row], row) for row in block.rows]
        return units_of(block, self.layout.index, self.layout.token, self.path, self.report)

    def _words(self, units: list[Unit]) -> list[str]:
        """The tokens without what is no part of them; "" for a token of blanks, unless these are the text's spaces."""
        words = [unit.text.removeprefix(self.layout.prefix) for unit in units]
        if not self.layout.spelt:
            words = [word if word.strip(" ") else "" for word in words]
        if not self.layout.numbered:
            return words
        number = units[0].rows[0].number
        if (found := without_numbers(words)) is None:
            raise XnerError(
                f"{self.path}:{number}: found the tokens '{' '.join(words[:20])}' in the sentence that begins here, "
                f"expected a number behind each character as in the rest of the file: 科0 技1. Correct them."
            )
        return found

    def _natural(self, words: list[str]) -> list[bool]:
        present = [word for word in words if word]
        found = iter(natural_spaces(present, self._lang))
        return [next(found) if word else False for word in words]

    def _tags(self, rows: list[Row]) -> list[tuple[str, str]]:
        layout = self.layout
        if layout.brackets:
            try:
                return tags_of_brackets([self._cell(row) for row in rows])
            except ValueError as error:
                raise self._tag_error(rows[0], error) from None
        tags = []
        for row in rows:
            try:
                tags.append(layout.form.parse(self._cell(row)))
            except ValueError as error:
                raise self._tag_error(row, error) from None
        return tags

    def _tag_error(self, row: Row, error: ValueError) -> XnerError:
        return XnerError(f"{self.path}:{row.number}: {error}. Choose the column with --tag-column.")

    def _cell(self, row: Row) -> str:
        cell = row.cells[self.layout.tag]
        if not self.layout.key:
            return cell
        fields = fields_of(cell)
        self._found_key |= self.layout.key in fields
        self._keys.update(fields)
        return fields.get(self.layout.key, "")

    def _clean(
        self, block: Block, words: list[str], spaces: list[bool], spans: list[CharSpan], missing: set[int]
    ) -> Sentence | None:
        """The sentence without empty tokens, and with entities that begin and end with words."""
        first, spaces_read = block.rows[0].number, 0
        has_space_token = self._lang is not None and self._lang.split("-")[0] in SPACE_TOKENS
        space = " " if self.layout.spelt else "_" if has_space_token else ""
        if space and (spaces_read := words.count(space)):
            name = "of a blank" if space == " " else "_"
            self.report.note(f"tokens {name} read as spaces", self.path, first, spaces_read)
            for i, word in enumerate(words):
                if word == space:
                    words[i] = ""
                    if i:
                        spaces[i - 1] = True
        trimmed = []
        for start, end, label in spans:
            left, right = trim_span(words, start, end)
            if left == right:
                self.report.note("entities of white space alone left out", self.path, first)
                continue
            if (left, right) != (start, end):
                self.report.note("entities with white space at an edge, which was cut off", self.path, first)
            trimmed.append((left, right, label))
        kept = [i for i, word in enumerate(words) if word]
        if empty := len(words) - len(kept) - spaces_read:
            self.report.note("lines with an empty token left out", self.path, first, empty)
        if not kept:
            return None
        new = {old: i for i, old in enumerate(kept)}
        spans = [(new[start], new[end - 1] + 1, label) for start, end, label in trimmed]
        spaces = [spaces[i] or any(spaces[i:following]) for i, following in itertools.pairwise([*kept, len(words)])]
        meta = {**self._meta, **{key: value for key, value in (("id", block.id), ("lang", block.lang)) if value}}
        return sentence_of_words(
            [words[i] for i in kept],
            [*spaces[:-1], False],
            spans,
            self.path,
            first,
            meta,
            [new[i] for i in missing if i in new],
        )


def check_width(path: Path, row: Row, width: int) -> None:
    """RAISES: XnerError for a row with another number of columns (0: any)."""
    if width and (len(row.cells) != width or width < 2):
        raise XnerError(
            f"{path}:{row.number}: found {len(row.cells)} column(s) ({' | '.join(row.cells)}), expected "
            f"{max(width, 2)}: a token and its tag, the same number of columns in every line. Columns are separated by "
            f"tabs or spaces; choose them with --token-column and --tag-column."
        )


def count_of(number: int, what: str) -> str:
    """A number of things: "1 sentence", "2 sentences"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def says_spaces(block: Block) -> bool:
    """Whether the rows of a block say where no space is."""
    return block.text is not None or any(_no_space(row) for row in block.rows)


def _no_space(row: Row) -> bool:
    return any(mark in cell.split("|") for cell in row.cells for mark in NO_SPACE if mark in cell)
