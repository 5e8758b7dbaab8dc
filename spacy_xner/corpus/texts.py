"""Read text without labels from files of any format."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc

from ..errors import XnerError
from ..languages.codes import CODE
from ..lines import read_lines
from .convert import convert_files
from .formats.inline import InlineError, parse_inline
from .formats.reading import detect_format, find_files, read_sentences

# Does not match links, whose addresses have characters that a label cannot have.
INLINE_ENTITY = re.compile(r"\[[^\[\]]+\]\([^\W\d][\w-]*\)")


def read_unlabelled(path: Path, lang: str, counts: Counter[str]) -> Iterator[Doc]:
    """Yield docs with meta of the texts in a file: of each line of a `.txt`, of each sentence in other formats.

    lang (str): language code of texts whose file does not give it.
    counts (Counter[str]): receives counts of "texts", and if there are any, of "entities in the file, not looked at"
        (labels are ignored) and "empty texts left out".
    RAISES: XnerError for a malformed file, and for a `.txt` with marked entities, whose markup would become words.
    """
    plain = detect_format(path) == "inline"
    if plain:
        for number, line in read_lines(path):
            if found := INLINE_ENTITY.search(line):
                raise XnerError(
                    f"{path}:{number}: found the entity '{found[0]}', expected plain text. "
                    f"`xner corpus convert {path} --output NAME.spacy --lang {lang}` removes the markup."
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
    """Yield the texts in files and folders of files: corpora of any format, translation memories, plain text.

    Markup of entities is removed. A `.txt` file may have markup or not: a line whose markup is not valid is taken as
    plain text. A `.tsv` file with language codes in its first line is a translation memory; each of its cells is a
    text.

    RAISES: XnerError if a path does not exist or contains no such file, and for a malformed file.
    """
    for path in find_files(paths):
        if is_translation_memory(path):
            for number, line in read_lines(path):
                if number > 1:
                    yield from (cell.strip() for cell in line.split("\t") if cell.strip())
        elif detect_format(path) == "inline":
            yield from (text for _, line in read_lines(path) if (text := _remove_markup(line)))
        else:
            yield from (sentence.text for sentence in read_sentences(path))


def is_translation_memory(path: Path) -> bool:
    """Whether a file is a translation memory: a table of two or more columns, each with a language code above it."""
    if path.name.removesuffix(".gz").endswith(".tsv"):
        cells = next((line for _, line in read_lines(path)), "").split("\t")
        return len(cells) > 1 and all(CODE.fullmatch(cell.strip()) for cell in cells)
    return False


def _remove_markup(line: str) -> str:
    line = line.strip()
    if line.startswith("#"):
        return ""
    try:
        return parse_inline(line)[0]
    except InlineError:
        return line


def comparison_key(text: str) -> str:
    """The letters and digits of a text, in Unicode's compatibility form and without case, to find equal texts."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
