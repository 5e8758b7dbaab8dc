"""DocBin files of spaCy (`.spacy`)."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.util import filter_spans
from spacy.vocab import Vocab

from ...annotations.attributes import confidence_of, install_extensions, meta_of, unlabelled_places
from ...annotations.entities import SPANS_KEY
from ...compat import find_codecs, known_codecs
from ...errors import XnerError
from .report import Report
from .sentence import Sentence, SpanDetails, sentence_of_words
from .settle import Overlaps

# What people call .spacy, by its first bytes.
OTHER_FILES = {
    b"\x80": "a pickle. Expected a DocBin: load it in the spaCy that made it, and write the docs with "
    "DocBin(docs=docs).to_disk(path)",
    b"{": "JSON. Expected a DocBin; rename the file to .json and convert that",
    b"[": "JSON. Expected a DocBin; rename the file to .json and convert that",
    b"version https://git-lfs": "a pointer of Git LFS. Expected the file itself: git lfs pull",
}


def read_docs(path: str | Path, vocab: Vocab | None = None) -> Iterator[Doc]:
    """Read the docs of a DocBin file, in order.

    path (str | Path): a `.spacy` file, or a gzipped one (`.spacy.gz`).
    vocab (Vocab | None): the vocabulary of the docs; None: a new one.
    RAISES: XnerError if the file is missing or is not a DocBin.
    """
    yield from docs_of(load_docbin(path), vocab or Vocab())


def load_docbin(path: str | Path) -> DocBin:
    """Load a DocBin file. Arguments and errors as in `read_docs`."""
    path = Path(path)
    data = b""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        return DocBin(store_user_data=True).from_bytes(data)
    except OSError as error:
        raise XnerError(f"{path}: cannot be read: {error.strerror or error}. Expected a DocBin (.spacy).") from None
    except Exception as error:  # zlib, msgpack and spaCy each raise their own on damaged bytes
        for head, what in OTHER_FILES.items():
            if data.lstrip().startswith(head):
                raise XnerError(f"{path}: not a DocBin, but {what}.") from None
        raise XnerError(f"{path}: not a DocBin ({type(error).__name__}). Make it with `xner corpus convert`.") from None


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


def read_docbin(path: Path, report: Report, spans_key: str = "", overlaps: Overlaps = "refuse") -> Iterator[Sentence]:
    """Read the docs of a DocBin as sentences: tokens, spaces, entities, `doc._.xner_meta`. Empty docs are left out.

    spans_key, overlaps: as in `read_labelled_docs`.
    """
    for number, doc in enumerate(read_labelled_docs(path, report, None, spans_key, overlaps), start=1):
        if not len(doc):
            report.note("empty docs left out", path, number)
            continue
        words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
        if not doc.has_annotation("ENT_IOB"):
            yield sentence_of_words(words, spaces, None, path, number, meta_of(doc))
            continue
        details = {}
        for ent in doc.ents:
            found = SpanDetails(ent.kb_id_, ent.id_, confidence_of(ent))
            if found != SpanDetails():
                details[ent.start_char, ent.end_char, ent.label_] = found
        spans = tuple((ent.start_char, ent.end_char, ent.label_) for ent in doc.ents)
        missing = tuple(unlabelled_places(doc))
        yield Sentence(doc.text, spans, path, number, tuple(words), tuple(spaces), meta_of(doc), missing, details)


def read_labelled_docs(
    path: Path, report: Report, vocab: Vocab | None = None, spans_key: str = "", overlaps: Overlaps = "refuse"
) -> Iterator[Doc]:
    """Read the docs of a DocBin whose entities can be in a span group, as those for spaCy's span categoriser.

    spans_key (str): the group of `doc.spans` whose spans become the entities; "" for `doc.ents`.
    overlaps (str): what to do with spans of the group that overlap: "refuse" them, or keep the "longest".
    RAISES: XnerError as `read_docs`, and where all entities are in span groups and no group was chosen.
    """
    groups: set[str] = set()
    n_docs = n_labelled = n_groups = 0
    for number, doc in enumerate(read_docs(path, vocab), start=1):
        n_docs += 1
        groups.update(key for key, spans in doc.spans.items() if len(spans))
        if spans_key and spans_key in doc.spans:
            n_groups += 1
            set_entities_of_group(doc, spans_key, overlaps, f"{path}: doc {number}")
        n_labelled += doc.has_annotation("ENT_IOB")
        others = [key for key, spans in doc.spans.items() if len(spans) and key != SPANS_KEY]
        if not spans_key and not doc.ents and others:
            if not doc.has_annotation("ENT_IOB"):
                raise XnerError(
                    f"{path}: doc {number} has no entities in doc.ents, but spans in doc.spans['{others[0]}']. To read "
                    f"these: --spans-key {others[0]}."
                )
            report.note("docs without entities in doc.ents, but with spans in groups, read as they are", path, number)
        yield doc
    if spans_key and n_docs and not n_groups:
        names = ", ".join(sorted(groups)) or "none"
        raise XnerError(f"{path}: no doc has spans under '{spans_key}', expected one of: {names}.")
    report.recognise(path, f"DocBin: {n_docs:,} docs, {n_labelled:,} of them labelled")


def set_entities_of_group(doc: Doc, key: str, overlaps: Overlaps, where: str) -> None:
    """Make the spans of a group the entities of a doc. RAISES: XnerError for spans that overlap."""
    spans = list({(span.start, span.end, span.label): span for span in doc.spans[key]}.values())
    kept = filter_spans(spans)
    if len(kept) < len(spans) and overlaps == "refuse":
        raise XnerError(
            f"{where}: the spans under '{key}' overlap, expected entities that do not. To keep the longest ones: "
            "--overlaps longest."
        )
    doc.set_ents(kept)
