"""Docs of a corpus: made of sentences, and kept in DocBin files with what is known of them in `doc._.xner_meta`."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..files import atomic_path, check_writable
from ..languages.codes import normalise
from ..languages.tokenizer import multilingual_blank
from .formats import CharSpan, Format, Sentence, detect_format, docbin_of, read_docs, read_sentences

TRANSLATING = frozenset({"translate", "carry"})  # steps of a provenance that make a translation

__all__ = [
    "convert_files",
    "doc_of_sentence",
    "is_translation",
    "load_docs",
    "name_files",
    "read_docs",
    "with_step",
    "write_docs",
]


def with_step(meta: dict[str, Any], step: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of a doc's meta with one more provenance step, and with other values changed."""
    return {**meta, **changes, "provenance": [*meta.get("provenance", []), step]}


def is_translation(doc: Doc) -> bool:
    """Whether a doc's provenance says that it was translated."""
    return any(step.get("step") in TRANSLATING for step in meta_of(doc).get("provenance", []))


def doc_of_sentence(nlp: Language, sentence: Sentence) -> tuple[Doc, int]:
    """Make a doc with entities of a sentence; without entity annotation where the sentence is unlabelled.

    Tokens that the file gives are kept. Others come from `nlp`'s tokenizer; where an entity begins or ends inside a
    token, that token is split there, so that no entity is lost.

    RETURNS: the doc (its meta is not set), and how many tokens had to be split.
    """
    spans = sentence.spans or ()
    if sentence.words is not None:
        words, spaces, n_split = list(sentence.words), list(sentence.spaces or ()), 0
    else:
        tokens = nlp.make_doc(sentence.text)
        words, spaces, n_split = split_at(tokens, {offset for start, end, _ in spans for offset in (start, end)})
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    if sentence.spans is not None:
        doc.set_ents([_span(doc, span, sentence) for span in spans])
    return doc, n_split


def _span(doc: Doc, span: CharSpan, sentence: Sentence) -> Any:
    start, end, label = span
    found = doc.char_span(start, end, label)
    if found is None:
        raise XnerError(f"{sentence.file}:{sentence.line}: the entity {span} fits no tokens of '{doc.text}'.")
    return found


def split_at(doc: Doc, boundaries: set[int]) -> tuple[list[str], list[bool], int]:
    """Words and spaces of a doc whose tokens are cut at character offsets, and the number of tokens that were cut."""
    words: list[str] = []
    spaces: list[bool] = []
    n_split = 0
    for token in doc:
        cuts = sorted(b - token.idx for b in boundaries if token.idx < b < token.idx + len(token))
        n_split += bool(cuts)
        edges = [0, *cuts, len(token)]
        words += [token.text[i:j] for i, j in itertools.pairwise(edges)]
        spaces += [False] * len(cuts) + [bool(token.whitespace_)]
    return words, spaces, n_split


def name_files(paths: Sequence[Path]) -> list[str]:
    """A short distinct name for each file: its stem, with as many of its folders as it takes to tell them apart."""
    stems = [path.with_name(path.name.removesuffix(".gz")).with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, stems), default=1) + 1):
        names = ["/".join(parts[-depth:]) for parts in stems]
        if len(set(names)) == len(names):
            return names
    twice = next(path for path, count in Counter(stems).items() if count > 1)
    raise XnerError(
        f"Two of the files are called {'/'.join(twice)}, expected different names, which become ids of docs."
    )


def convert_files(
    paths: Sequence[Path],
    lang: str | None,
    counts: Counter[str],
    format: Format = "auto",
    token_column: int | None = None,
    tag_column: str | None = None,
) -> Iterator[Doc]:
    """Read files of any format into docs with their meta.

    paths (Sequence[Path]): The files, in this order.
    lang (str | None): Language code of sentences that do not say it themselves.
    counts (Counter[str]): Is given the numbers of "docs", "unlabelled docs", "entities", "tokens split at an entity's
        boundary" and "empty texts left out".
    format, token_column, tag_column: As for `read_sentences`.
    RAISES: XnerError for a malformed file, an unknown language, or an id that occurs twice.
    """
    nlp = multilingual_blank("xx")
    ids: set[str] = set()
    for path, name in zip(paths, name_files(paths), strict=True):
        for doc, line, n_split in _docs_in(nlp, path, format, token_column, tag_column):
            if not len(doc):
                counts["empty texts left out"] += 1
                continue
            meta = {"id": f"{name}:{line}", "lang": lang, "score": 1.0, **meta_of(doc)}
            if not meta["lang"]:
                raise XnerError(f"{path}:{line}: the language is unknown, expected it by --lang, as --lang en.")
            meta["lang"] = normalise(meta["lang"])
            if meta["id"] in ids:
                raise XnerError(f"{path}:{line}: the id '{meta['id']}' occurs twice, expected distinct ids.")
            ids.add(meta["id"])
            step = {"step": "convert", "file": path.name, "line": line}
            doc._.xner_meta = with_step(meta, step)
            counts["docs"] += 1
            counts["unlabelled docs"] += not doc.has_annotation("ENT_IOB")
            counts["entities"] += len(doc.ents)
            counts["tokens split at an entity's boundary"] += n_split
            yield doc


def _docs_in(
    nlp: Language, path: Path, format: Format, token_column: int | None, tag_column: str | None
) -> Iterator[tuple[Doc, int, int]]:
    """Docs of a file with what it says of them as meta, the line (or number) of each, and how many tokens were split.

    Those of a DocBin stay as they are, with all that is set on them, and tokens whose labels are unknown.
    """
    if (detect_format(path) if format == "auto" else format) == "docbin":
        yield from ((doc, number, 0) for number, doc in enumerate(read_docs(path, nlp.vocab), start=1))
        return
    for sentence in read_sentences(path, format, token_column, tag_column):
        doc, n_split = doc_of_sentence(nlp, sentence)
        doc._.xner_meta = sentence.meta
        yield doc, sentence.line, n_split


def content_of(doc: Doc) -> tuple[list[str], list[tuple[int, int, str]] | None]:
    """What a doc teaches, for hashes: its tokens with the space after each, and its entities, None where unlabelled."""
    entities = [(entity.start, entity.end, entity.label_) for entity in doc.ents]
    return [token.text_with_ws for token in doc], entities if doc.has_annotation("ENT_IOB") else None


def hash_of(value: Any) -> str:
    """A hash of a value that `repr` tells from others, as of what `content_of` says."""
    return hashlib.sha256(repr(value).encode("utf8", "surrogatepass")).hexdigest()


def write_docs(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write docs with their meta to a DocBin file that appears whole; the same docs give the same bytes.

    RETURNS: the number of docs.
    RAISES: XnerError where there is none, since an empty corpus is a mistake somewhere before, and before the first doc
        where the file cannot be written.
    """
    check_writable(path)
    doc_bin = docbin_of(docs)
    if not len(doc_bin):
        raise XnerError(f"{path}: not written, because no doc is left. See the counts above for where they went.")
    with atomic_path(path) as temporary:
        temporary.write_bytes(doc_bin.to_bytes())
    return len(doc_bin)


def docs_by_id(docs: Iterable[Doc]) -> dict[str, Doc]:
    """Docs by the id in their meta. RAISES: XnerError where two have the same, so that nothing tells which is meant."""
    by_id: dict[str, Doc] = {}
    for doc in docs:
        if by_id.setdefault(meta_of(doc)["id"], doc) is not doc:
            raise XnerError(
                f"The id {meta_of(doc)['id']} is that of two source docs, expected an id for each. Convert the files "
                f"together: `xner corpus convert one two ...` gives distinct ids."
            )
    return by_id


def load_docs(path: str | Path) -> list[Doc]:
    """All docs of a DocBin file that `xner corpus` wrote, with the vocabulary of a new multilingual pipeline.

    RAISES: XnerError where a doc lacks the meta `id` or `lang`.
    """
    docs = list(read_docs(path, multilingual_blank("xx").vocab))
    for number, doc in enumerate(docs, start=1):
        if not {"id", "lang"} <= meta_of(doc).keys():
            raise XnerError(
                f"{path}: doc {number} has no id and language in doc._.xner_meta. Make the file with "
                f"`xner corpus convert {path} OUTPUT.spacy --lang CODE`."
            )
    return docs
