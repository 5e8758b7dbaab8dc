"""Labelled sentences in one file, their translations in another: the translations with labels in a third."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..files import atomic_path, check_output_path, file_sha256, open_text
from ..journal import Journal, Progress
from ..languages.codes import normalise_code
from ..languages.tokenizer import multilingual_blank
from ..lines import read_lines, words_of_line
from ..projection import SpanProjector
from .convert import doc_of_sentence
from .docs import write_docs
from .formats.reading import detect_format, ending, read_sentences
from .formats.write import check_labels, write_columns, write_inline, write_jsonl
from .project import project_pairs, set_projected

WRITERS = {"columns": write_columns, "inline": write_inline, "jsonl": write_jsonl}


def project_file(
    source: Path,
    target: Path,
    output: Path,
    projector: SpanProjector,
    lang: str | None = None,
    tokenized: bool = False,
    progress: Progress = lambda items, start, total: items,
    counts: Counter[str] | None = None,
) -> Counter[str]:
    """Project the entities of a file's sentences onto another file's. A stopped run is gone on with.

    source (Path): labelled sentences in any format.
    target (Path): sentence n translates sentence n. A `.txt` (or `.txt.gz`) holds a plain sentence a line; of any other
        format the labels are ignored.
    output (Path): its ending says the format: columns (`.iob`, `.conll`, ...), `.jsonl`, `.spacy`, `.txt` (inline).
    lang (str | None): language of target sentences whose file does not say it, as de.
    tokenized (bool): the words of a `.txt` are those between its spaces.
    progress: is given the results as they come, how many there were from an earlier run, and the number of pairs.
    counts (Counter[str] | None): is given the counts, also where an error follows.
    RETURNS: the projector's counts, and those of "empty sentences left out" (columns cannot hold them).
    RAISES: XnerError for malformed files, unlabelled sources, labels that the output's format cannot hold, and unequal
        numbers of sentences, before any work.
    """
    nlp = multilingual_blank("xx")
    counts = Counter() if counts is None else counts
    check_formats(source, target, output)
    lang = normalise_code(lang) if lang else None
    n_source = 0
    labels: set[str] = set()
    for doc in read_labelled(source, nlp):
        n_source += 1
        labels.update(entity.label_ for entity in doc.ents)
    renamed = {projector.label_map.get(label, label) for label in labels}
    check_labels(sorted(renamed - {""}), detect_format(output), output)
    n_target = sum(1 for _ in read_plain_docs(target, nlp, tokenized))
    if n_source != n_target:
        raise XnerError(
            f"{source} has {n_source:,} sentences and {target} has {n_target:,}; expected as many, the second file's "
            f"sentence n being the translation of the first one's."
        )
    identity = projector.identity
    setting = {"project": [file_sha256(source), file_sha256(target)], "tokenized": tokenized, **identity}
    with Journal(output, setting) as journal:
        pairs = zip(read_labelled(source, nlp), read_plain_docs(target, nlp, tokenized), strict=True)
        project_pairs(journal, pairs, n_target, projector, counts, progress)

        def docs() -> Iterator[Doc]:
            docs_of_target = read_plain_docs(target, nlp, tokenized)
            for number, (doc, result) in enumerate(zip(docs_of_target, journal, strict=True), start=1):
                if not result["dropped"]:
                    meta = {"id": f"{target.name}:{number}", "lang": lang or "xx"}
                    doc._.xner_meta = meta | {key: value for key, value in meta_of(doc).items() if value is not None}
                    yield set_projected(doc, result, identity)

        format = detect_format(output)
        if format == "docbin":
            write_docs(output, docs())
        else:
            with atomic_path(output) as temporary, open_text(temporary) as file:
                WRITERS[format](file, docs(), counts)
        journal.remove()
    return counts


def check_formats(source: Path, target: Path, output: Path) -> None:
    """RAISES: XnerError for endings that say nothing, and for an output that is an input too."""
    for path in (source, target, output):
        detect_format(path)
    check_output_path(output, source, target)
    if output.name.endswith(".spacy.gz"):
        raise XnerError(f"{output}: a DocBin is compressed by itself; expected the ending .spacy.")
    if detect_format(output) == "conllu":
        raise XnerError(f"{output}: CoNLL-U is read, but not written; expected .iob, .conll, .jsonl, .spacy or .txt.")


def read_labelled(path: Path, nlp: Language) -> Iterator[Doc]:
    """The sentences of a labelled file, as docs with entities."""
    for sentence in read_sentences(path):
        if sentence.spans is None:
            raise XnerError(
                f"{path}:{sentence.line}: this sentence is unlabelled, expected entities to project (or an empty list)."
            )
        doc, _ = doc_of_sentence(nlp.tokenizer, sentence)
        doc._.xner_meta = sentence.meta
        yield doc


def read_plain_docs(path: Path, nlp: Language, tokenized: bool) -> Iterator[Doc]:
    """The sentences of a file, as docs without entities; an empty line of a `.txt` is an empty doc."""
    if ending(path) == ".txt":
        for _, line in read_lines(path):
            yield doc_of_words(nlp, words_of_line(line)) if tokenized else nlp.make_doc(line.strip())
        return
    for sentence in read_sentences(path):
        doc, _ = doc_of_sentence(nlp.tokenizer, sentence)
        doc.set_ents([], default="missing")
        doc._.xner_meta = sentence.meta
        yield doc


def doc_of_words(nlp: Language, words: list[str]) -> Doc:
    """A doc of words with single spaces between them, as of a column file: its text is known, and can be read anew."""
    return Doc(nlp.vocab, words=words, spaces=[i < len(words) - 1 for i in range(len(words))])
