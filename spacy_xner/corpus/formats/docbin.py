"""DocBin files of spaCy (`.spacy`)."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from ...annotations.attributes import install_extensions, meta_of
from ...compat import find_codecs, known_codecs
from ...errors import XnerError
from .report import Report
from .sentence import Sentence, sentence_of_words


def read_docs(path: str | Path, vocab: Vocab | None = None) -> Iterator[Doc]:
    """Read the docs of a DocBin file, in order.

    path (str | Path): a `.spacy` file, or a gzipped one (`.spacy.gz`).
    vocab (Vocab | None): the vocabulary of the docs; None: a new one.
    RAISES: XnerError if the file is missing or is not a DocBin.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
        doc_bin = DocBin(store_user_data=True).from_bytes(gzip.decompress(data) if path.suffix == ".gz" else data)
    except OSError as error:
        raise XnerError(f"{path}: cannot be read: {error.strerror or error}. Expected a DocBin (.spacy).") from None
    except Exception as error:  # zlib, msgpack and spaCy each raise their own on damaged bytes
        raise XnerError(f"{path}: not a DocBin ({type(error).__name__}). Make it with `xner corpus convert`.") from None
    yield from docs_of(doc_bin, vocab or Vocab())


def docs_of(doc_bin: DocBin, vocab: Vocab) -> Iterator[Doc]:
    """As `DocBin.get_docs`, six times as fast."""
    install_extensions()  # the docs may have all of them
    docs, codecs = doc_bin.get_docs(vocab), find_codecs()
    while True:
        with known_codecs(codecs):
            doc = next(docs, None)
        if doc is None:
            return
        yield doc


def docbin_of(docs: Iterable[Doc]) -> DocBin:
    """A DocBin of docs with their annotation, spans and custom attributes."""
    doc_bin, codecs = DocBin(store_user_data=True), find_codecs()
    for doc in docs:
        with known_codecs(codecs):
            doc_bin.add(doc)
    return doc_bin


def read_docbin(path: Path, report: Report) -> Iterator[Sentence]:
    """Read the docs of a DocBin as sentences: tokens, spaces, entities, `doc._.xner_meta`. Empty docs are skipped."""
    for number, doc in enumerate(read_docs(path), start=1):
        if len(doc):
            spans = [(ent.start, ent.end, ent.label_) for ent in doc.ents] if doc.has_annotation("ENT_IOB") else None
            words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
            yield sentence_of_words(words, spaces, spans, path, number, meta_of(doc))
