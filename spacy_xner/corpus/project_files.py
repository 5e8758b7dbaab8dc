"""Pairs of labelled sentences and their translations from two files, by id or by order."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..files import check_output_path, file_sha256
from ..languages.codes import normalise_code
from ..languages.tokenizer import multilingual_blank
from ..lines import read_lines, words_of_line
from .convert import doc_of_sentence
from .docs import load_docs
from .formats.docbin import read_docs
from .formats.reading import detect_format, ending, read_sentences
from .project import Pairs, pair_docs

PairBy = Literal["auto", "id", "order"]


def check_formats(source: Path, target: Path, output: Path) -> None:
    """RAISES: XnerError for an unknown ending, a format that cannot be written, and an output that is also an input."""
    for path in (source, target, output):
        detect_format(path)
    check_output_path(output, source, target)
    if output.name.endswith(".spacy.gz"):
        raise XnerError(f"{output}: a DocBin is compressed by itself; expected the ending .spacy.")
    if detect_format(output) == "conllu":
        raise XnerError(f"{output}: CoNLL-U is read, but not written; expected .iob, .conll, .jsonl, .spacy or .txt.")


def pair_files(
    source: Path,
    target: Path,
    counts: Counter[str],
    *,
    pair_by: PairBy = "auto",
    lang: str | None = None,
    tokenized: bool = False,
) -> Pairs:
    """Pair the labelled sentences of a file with their translations in another file.

    source (Path): labelled sentences in any format.
    target (Path): their translations. A `.txt` (or `.txt.gz`) holds a plain sentence a line; labels in other formats
        are ignored.
    counts (Counter[str]): receives the counts of `pair_docs`, for pairs by id.
    pair_by (str): "id" for DocBins, by the ids in their meta; "order": sentence n of one file translates sentence n of
        the other; "auto": "id" if both are DocBins and all ids of the target are among those of the source.
    lang (str | None): language of target sentences whose file does not give it, as de. For pairs by order.
    tokenized (bool): split the sentences of a `.txt` at spaces.
    RAISES: XnerError for malformed files, unlabelled sources, and files that cannot be paired.
    """
    docbins = are_docbins(source, target, pair_by)
    if pair_by == "id" or (pair_by == "auto" and docbins and have_common_ids(source, target)):
        return pair_docs(load_docs(source), load_docs(target), counts)
    return pair_in_order(source, target, lang, tokenized)


def are_docbins(source: Path, target: Path, pair_by: PairBy) -> bool:
    """Whether two files are DocBins. RAISES: XnerError where they are not, but are to be paired by id."""
    docbins = detect_format(source) == detect_format(target) == "docbin"
    if pair_by == "id" and not docbins:
        raise XnerError(f"{source} and {target} cannot be paired by id: expected two DocBins (.spacy). Pair by order.")
    return docbins


def have_common_ids(source: Path, target: Path) -> bool:
    """Whether all docs of two DocBins have an id and a language, and each target id is that of one source doc."""
    vocab = multilingual_blank("xx").vocab
    metas = [[meta_of(doc) for doc in read_docs(path, vocab)] for path in (source, target)]
    if not all({"id", "lang"} <= meta.keys() for meta in [*metas[0], *metas[1]]):
        return False
    ids = Counter(meta["id"] for meta in metas[0])
    return bool(metas[1]) and all(ids[meta["id"]] == 1 for meta in metas[1]) and max(ids.values()) == 1


def pair_in_order(source: Path, target: Path, lang: str | None, tokenized: bool) -> Pairs:
    """Pair sentence n of a labelled file with sentence n of its translation. Files are read as a stream.

    The id of a target sentence whose file gives none is the file's name and the sentence's number.

    RAISES: XnerError for malformed files, unlabelled sources, and files of different length.
    """
    nlp = multilingual_blank("xx")
    default_lang = normalise_code(lang) if lang else "xx"

    def targets() -> Iterator[Doc]:
        for number, doc in enumerate(read_plain_docs(target, nlp, tokenized), start=1):
            meta = {"id": f"{target.name}:{number}", "lang": default_lang}
            doc._.xner_meta = meta | {key: value for key, value in meta_of(doc).items() if value is not None}
            yield doc

    n_source = 0
    labels: set[str] = set()
    for doc in read_labelled(source, nlp):
        n_source += 1
        labels.update(entity.label_ for entity in doc.ents)
    n_target = sum(1 for _ in read_plain_docs(target, nlp, tokenized))
    if n_source != n_target:
        raise XnerError(
            f"{source} has {n_source:,} sentences and {target} has {n_target:,}; expected the same number: "
            f"sentence n of the second file translates sentence n of the first."
        )
    fingerprint = [file_sha256(source), file_sha256(target), tokenized]
    return Pairs(lambda: read_labelled(source, nlp), targets, n_target, frozenset(labels), "order", fingerprint)


def read_labelled(path: Path, nlp: Language) -> Iterator[Doc]:
    """Read the sentences of a labelled file as docs with entities. RAISES: XnerError for an unlabelled sentence."""
    for doc, line in read_file(path, nlp):
        if not doc.has_annotation("ENT_IOB"):
            raise XnerError(
                f"{path}:{line}: this sentence is unlabelled, expected entities to project (or an empty list)."
            )
        yield doc


def read_plain_docs(path: Path, nlp: Language, tokenized: bool) -> Iterator[Doc]:
    """Read the sentences of a file as docs without entities; an empty line of a `.txt` is an empty doc."""
    if ending(path) == ".txt":
        for _, line in read_lines(path):
            yield doc_of_words(nlp, words_of_line(line)) if tokenized else nlp.make_doc(line.strip())
        return
    for doc, _ in read_file(path, nlp):
        doc.set_ents([], default="missing")
        yield doc


def read_file(path: Path, nlp: Language) -> Iterator[tuple[Doc, int]]:
    """Yield docs with their meta, and the line of each.

    Docs of a DocBin keep all annotation. They have a number instead of a line.
    """
    if detect_format(path) == "docbin":
        yield from zip(read_docs(path, nlp.vocab), count(1))
        return
    for sentence in read_sentences(path):
        doc, _ = doc_of_sentence(nlp.tokenizer, sentence)
        doc._.xner_meta = sentence.meta
        yield doc, sentence.line


def doc_of_words(nlp: Language, words: list[str]) -> Doc:
    """Make a doc of words with single spaces between them, so that its text is known, as for a column file."""
    return Doc(nlp.vocab, words=words, spaces=[i < len(words) - 1 for i in range(len(words))])
