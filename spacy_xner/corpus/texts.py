"""Read text without labels from files of any format."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc

from ..languages.codes import CODE
from ..lines import read_lines, without_compression
from .convert import convert_files
from .formats.reading import find_files, read_sentences
from .formats.report import Report


def read_unlabelled(path: Path, lang: str, counts: Counter[str], report: Report | None = None) -> Iterator[Doc]:
    """Yield docs with meta of the texts in a file: of each line of a `.txt`, of each sentence in other formats.

    lang (str): language code of texts whose file does not give it.
    counts (Counter[str]): receives counts of "texts", and if there are any, of "entities in the file, not looked at"
        (labels are ignored) and "empty texts left out".
    report (Report | None): receives what the file was taken for, and what was changed or left out.
    RAISES: XnerError for a malformed file.
    """
    converted: Counter[str] = Counter()
    for doc in convert_files([path], lang, converted, report=report):
        counts["texts"] += 1
        if doc.ents:
            counts["entities in the file, not looked at"] += len(doc.ents)
        yield doc
    if empty := converted["empty texts left out"]:
        counts["empty texts left out"] += empty


def read_texts(paths: Iterable[Path], report: Report | None = None) -> Iterator[str]:
    """Yield the texts in files and folders of files: corpora of any format, translation memories, plain text.

    Markup of entities is removed; a `.txt` file may have markup or not. A `.tsv` file with language codes in its first
    line is a translation memory; each of its cells is a text.

    report (Report | None): receives what files were taken for, and what was changed or left out.
    RAISES: XnerError if a path does not exist or contains no such file, and for a malformed file.
    """
    for path in find_files(paths):
        if is_translation_memory(path):
            for number, line in read_lines(path):
                if number > 1:
                    yield from (cell.strip() for cell in line.split("\t") if cell.strip())
        else:
            yield from (sentence.text for sentence in read_sentences(path, report=report))


def is_translation_memory(path: Path) -> bool:
    """Whether a file is a translation memory: a table of two or more columns, each with a language code above it."""
    if without_compression(path).endswith(".tsv"):
        cells = next((line for _, line in read_lines(path)), "").split("\t")
        return len(cells) > 1 and all(CODE.fullmatch(cell.strip()) for cell in cells)
    return False


def comparison_key(text: str) -> str:
    """The letters and digits of a text, in Unicode's compatibility form and without case, to find equal texts."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
