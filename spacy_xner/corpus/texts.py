"""The bare text in files of every kind that the package reads."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc

from ..errors import XnerError
from ..languages.codes import CODE
from ..lines import read_lines
from .docs import convert_files
from .formats import detect_format, find_files, read_sentences
from .formats.inline import InlineError, parse_inline

MARKED_UP = re.compile(r"\[[^\[\]]+\]\([^\W\d][\w-]*\)")  # an entity; no link, whose address has other characters


def read_unlabelled(path: Path, lang: str, counts: Counter[str]) -> Iterator[Doc]:
    """Docs, with meta, of the texts in a file: the lines of a `.txt`, or what another format calls a sentence.

    lang (str): language of texts that do not say it.
    counts (Counter[str]): is given the number of "texts", and if there are some, of "entities in the file, not looked
        at" and "empty texts left out".
    RAISES: XnerError for a malformed file, and for a `.txt` with entities marked up, which would be taken for words.
    """
    plain = detect_format(path) == "inline"
    if plain:
        for number, line in read_lines(path):
            if found := MARKED_UP.search(line):
                raise XnerError(
                    f"{path}:{number}: found the entity '{found[0]}', expected plain text. "
                    f"`xner corpus convert {path} NAME.spacy --lang {lang}` takes such marks out; give that file."
                )
    converted: Counter[str] = Counter()
    for doc in convert_files([path], lang, converted, "plain" if plain else "auto"):
        counts["texts"] += 1
        if doc.ents:
            counts["entities in the file, not looked at"] += len(doc.ents)
        yield doc
    if empty := converted["empty texts left out"]:
        counts["empty texts left out"] += empty


def read_texts(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the texts in files, and in all files of folders: corpora of any format, translation memories, plain text.

    Markup of entities is taken out. A `.txt` file may be marked up or plain: a line that is not marked up soundly is
    taken as it stands. A `.tsv` file whose first line has language codes is a translation memory, of which each cell is
    a text.

    RAISES: XnerError where a path does not exist, holds no such file, or a file is malformed.
    """
    for path in find_files(paths):
        if is_memory(path):
            for number, line in read_lines(path):
                if number > 1:
                    yield from (cell.strip() for cell in line.split("\t") if cell.strip())
        elif detect_format(path) == "inline":
            yield from (text for _, line in read_lines(path) if (text := _bare(line)))
        else:
            yield from (sentence.text for sentence in read_sentences(path))


def is_memory(path: Path) -> bool:
    """Whether a file is a translation memory: a table with a language code over each of two or more columns."""
    if path.name.removesuffix(".gz").endswith(".tsv"):
        cells = next((line for _, line in read_lines(path)), "").split("\t")
        return len(cells) > 1 and all(CODE.fullmatch(cell.strip()) for cell in cells)
    return False


def _bare(line: str) -> str:
    line = line.strip()
    if line.startswith("#"):
        return ""
    try:
        return parse_inline(line)[0]
    except InlineError:
        return line


def comparison_key(text: str) -> str:
    """Letters and digits of a text alone, in compatibility form and without case."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
