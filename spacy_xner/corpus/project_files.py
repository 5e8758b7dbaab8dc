"""Pairs of labelled sentences and their translations from two files, by id or by order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..files import check_output_path
from ..languages.codes import normalise_code
from ..languages.tokenizer import multilingual_blank, multilingual_tokenizer
from ..lines import read_lines
from .docs import check_meta
from .formats.docbin import read_docs
from .formats.reading import detect_format, is_line_text
from .formats.report import Report
from .pair_order import Slots, lengths_error, pair_slots
from .pairs import Fingerprint, Pairs, pair_docs
from .provenance import check_sources, source_hash_of
from .sentence_files import read_labelled_lines, read_plain_lines

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
    report: Report | None = None,
) -> Pairs:
    """Pair the labelled sentences of a file with their translations in another file.

    source (Path): labelled sentences in any format.
    target (Path): their translations. A `.txt` (or `.txt.gz`) holds a sentence a line, plain or marked up; labels are
        ignored.
    counts (Counter[str]): receives the counts of `pair_docs` for pairs by id, and those of `pair_slots` for pairs by
        order.
    pair_by (str): "id" for DocBins, by the ids in their meta; "order": sentence n of one file translates sentence n of
        the other, see `pair_slots`; "auto": "id" if both are DocBins and all ids of the target are among those of the
        source.
    lang (str | None): language of target sentences whose file does not give it, as de. For pairs by order.
    tokenized (bool): split the sentences of a `.txt` at spaces.
    report (Report | None): receives what the files were taken for, and what was changed or left out.
    RAISES: XnerError for malformed files, unlabelled sources, files that cannot be paired, and translations that were
        made from another text than that of their source (see `check_sources`).
    """
    if are_docbins(source, target, pair_by) and pair_by != "order":
        sources, targets = (list(read_docs(path, multilingual_tokenizer().vocab)) for path in (source, target))
        if pair_by == "id" or have_common_ids(sources, targets):
            for path, docs in ((source, sources), (target, targets)):
                check_meta(path, docs)
            return pair_docs(sources, targets, counts, source, target)
    return pair_in_order(source, target, counts, lang, tokenized, report or Report())


def are_docbins(source: Path, target: Path, pair_by: PairBy) -> bool:
    """Whether two files are DocBins. RAISES: XnerError where they are not, but are to be paired by id."""
    docbins = detect_format(source) == detect_format(target) == "docbin"
    if pair_by == "id" and not docbins:
        raise XnerError(f"{source} and {target} cannot be paired by id: expected two DocBins (.spacy). Pair by order.")
    return docbins


def have_common_ids(source: Sequence[Doc], target: Sequence[Doc]) -> bool:
    """Whether all docs have an id and a language, and each target id is that of one source doc."""
    metas = [[meta_of(doc) for doc in docs] for docs in (source, target)]
    if not all({"id", "lang"} <= meta.keys() for meta in [*metas[0], *metas[1]]):
        return False
    ids = Counter(meta["id"] for meta in metas[0])
    return bool(metas[1]) and all(ids[meta["id"]] == 1 for meta in metas[1]) and max(ids.values()) == 1


def pair_in_order(
    source: Path, target: Path, counts: Counter[str], lang: str | None, tokenized: bool, report: Report
) -> Pairs:
    """Pair the sentences of a labelled file with those of its translation by order. Files are read as a stream.

    The id of a target sentence whose file gives none is the file's name and the sentence's number (in a `.txt`: its
    line).

    RAISES: XnerError for malformed files, unlabelled sources, and files of different length.
    """
    nlp = multilingual_blank("xx")
    default_lang = normalise_code(lang) if lang else "xx"

    def read_source(report: Report | None = None) -> Iterator[tuple[Doc, int]]:
        return numbered(source, read_labelled_lines(source, nlp, report))

    def read_target(report: Report | None = None) -> Iterator[tuple[Doc, int]]:
        return numbered(target, read_plain_lines(target, nlp, tokenized, report))

    labels: set[str] = set()
    source_fingerprint, target_fingerprint = Fingerprint(), Fingerprint()
    source_slots, target_slots = Slots(source, *count_lines(source)), Slots(target, *count_lines(target))
    has_hashes = False
    for doc, line in read_source(report):
        source_slots.add(line, not doc.text.strip())
        source_fingerprint.add_source(doc)
        labels.update(entity.label_ for entity in doc.ents)
    for doc, line in read_target(report):
        target_slots.add(line, not doc.text.strip())
        target_fingerprint.add_target(doc)
        has_hashes = has_hashes or source_hash_of(doc) is not None
    passed = pair_slots(source_slots, target_slots, counts)
    if passed is None:
        if source_slots.n_lines is not None and target_slots.n_lines is not None:
            texts, others = (list(read_lines(path)) for path in (source, target))
        else:
            texts, others = ([(line, doc.text) for doc, line in read()] for read in (read_source, read_target))
        raise lengths_error(source_slots, target_slots, texts, others)

    def sources() -> Iterator[Doc]:
        return (doc for i, (doc, _) in enumerate(read_source()) if i not in passed.source)

    def targets() -> Iterator[Doc]:
        for i, (doc, number) in enumerate(read_target()):
            if i not in passed.target:
                meta = {"id": f"{target.name}:{number}", "lang": default_lang}
                doc._.xner_meta = meta | {key: value for key, value in meta_of(doc).items() if value is not None}
                yield doc

    if has_hashes:
        check_sources(zip(sources(), targets(), strict=True), source, target)
    fingerprint = [source_fingerprint.hexdigest(), target_fingerprint.hexdigest()]
    n_pairs = len(source_slots.lines) - len(passed.source)
    return Pairs(sources, targets, n_pairs, frozenset(labels), "order", fingerprint)


def count_lines(path: Path) -> tuple[list[int], set[int], int | None, int | None]:
    """The arguments of `Slots` beside the path: none yet, and the number of lines of a `.txt`, see there."""
    n_lines = n_filled = 0
    if not is_line_text(path):
        return [], set(), None, None
    for n_lines, line in read_lines(path):
        n_filled = n_lines if line.strip() else n_filled
    return [], set(), n_lines, n_filled


def numbered(path: Path, docs: Iterable[tuple[Doc, int]]) -> Iterator[tuple[Doc, int]]:
    """Docs with their lines in a `.txt`, with their numbers in other formats."""
    if is_line_text(path):
        yield from docs
    else:
        yield from ((doc, number) for number, (doc, _) in enumerate(docs, start=1))
