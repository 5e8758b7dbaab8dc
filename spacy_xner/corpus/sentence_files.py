"""Read labelled sentences and their translations from files of any format, as docs."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import XnerError
from ..lines import read_lines, words_of_line
from .convert import doc_of_sentence
from .formats.docbin import read_docs
from .formats.reading import detect_format, is_line_text, read_sentences
from .formats.report import Report
from .formats.text import text_format


def read_labelled_lines(path: Path, nlp: Language, report: Report | None = None) -> Iterator[tuple[Doc, int]]:
    """Read the sentences of a labelled file as docs with entities, and the line of each.

    RAISES: XnerError for an unlabelled sentence.
    """
    for doc, line in read_file(path, nlp, report):
        if doc.text.strip() and not doc.has_annotation("ENT_IOB"):
            raise XnerError(
                f"{path}:{line}: this sentence is unlabelled, expected entities to project (or an empty list). A .txt "
                f"in which nothing is marked is unlabelled: `xner corpus convert {path} --empty` says that it has none."
            )
        yield doc, line


def read_plain_docs(path: Path, nlp: Language, tokenized: bool) -> Iterator[Doc]:
    """As `read_plain_lines`, the docs alone."""
    return (doc for doc, _ in read_plain_lines(path, nlp, tokenized))


def read_plain_lines(
    path: Path, nlp: Language, tokenized: bool, report: Report | None = None
) -> Iterator[tuple[Doc, int]]:
    """Read the sentences of a file as docs without entities, and the line of each.

    An empty line of a plain `.txt` is an empty doc. Where a `.txt` is marked up, the markup is removed.
    """
    is_text = is_line_text(path)
    if is_text and text_format(path) == "plain":
        if report is not None:
            report.recognise(path, "plain text: a sentence a line")
        for number, line in read_lines(path, note=None if report is None else report.note):
            yield doc_of_words(nlp, words_of_line(line)) if tokenized else nlp.make_doc(line.strip()), number
        return
    for doc, number in read_file(path, nlp, report):
        if is_text and tokenized:
            doc = doc_of_words(nlp, words_of_line(doc.text))
        doc.set_ents([], default="missing")
        yield doc, number


def read_file(path: Path, nlp: Language, report: Report | None = None) -> Iterator[tuple[Doc, int]]:
    """Yield docs with their meta, and the line of each.

    Docs of a DocBin keep all annotation. They have a number instead of a line.
    """
    if detect_format(path) == "docbin":
        yield from zip(read_docs(path, nlp.vocab), count(1))
        return
    for sentence in read_sentences(path, report=report):
        doc, _ = doc_of_sentence(nlp.tokenizer, sentence)
        doc._.xner_meta = sentence.meta
        yield doc, sentence.line


def doc_of_words(nlp: Language, words: list[str]) -> Doc:
    """Make a doc of words with single spaces between them, so that its text is known, as for a column file."""
    return Doc(nlp.vocab, words=words, spaces=[i < len(words) - 1 for i in range(len(words))])
