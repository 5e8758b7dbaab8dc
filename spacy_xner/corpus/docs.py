"""Corpus docs and their meta (`doc._.xner_meta`): provenance, ids, hashes, reading and writing DocBin files."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..files import atomic_path, check_writable
from ..languages.tokenizer import multilingual_tokenizer
from .formats.docbin import docbin_of, read_docs
from .formats.report import Report

MAX_TOKEN_BYTES = 2**32 - 1  # msgpack writes the length of a DocBin's tokens as 32 bits
TRANSLATION_STEPS = frozenset({"translate", "carry"})  # provenance steps whose result is a translation


def with_step(meta: dict[str, Any], step: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of a doc's meta with one more provenance step and with changed values."""
    return {**meta, **changes, "provenance": [*meta.get("provenance", []), step]}


def is_translation(doc: Doc) -> bool:
    """Whether a doc is a translation according to its provenance."""
    return any(step.get("step") in TRANSLATION_STEPS for step in meta_of(doc).get("provenance", []))


def content_of(doc: Doc) -> tuple[list[str], list[tuple[int, int, str]] | None]:
    """A doc's tokens, each with the space after it, and its entities (None if it is unlabelled), for hashes.

    In a partly labelled doc, each token without annotation counts as an entity with the label "", so that its hash is
    not that of a doc where these tokens are O.
    """
    entities = [(entity.start, entity.end, entity.label_) for entity in doc.ents]
    if doc.has_annotation("ENT_IOB"):
        entities += [(i, i + 1, "") for i in (doc.to_array("ENT_IOB") == 0).nonzero()[0].tolist()]
        return [token.text_with_ws for token in doc], entities
    return [token.text_with_ws for token in doc], None


def hash_of(value: Any) -> str:
    """SHA-256 of a value's `repr`, in hex; for plain values such as the result of `content_of`."""
    return hashlib.sha256(repr(value).encode("utf8", "surrogatepass")).hexdigest()


def write_docs(path: str | Path, docs: Iterable[Doc], *, allow_empty: bool = False) -> int:
    """Write docs with their meta to a DocBin file. The same docs give the same bytes; no partial file is left.

    allow_empty (bool): write a DocBin without docs where there are none.
    RETURNS (int): the number of docs.
    RAISES: XnerError if there are no docs, since an empty corpus points to an earlier mistake; before the first doc is
        read, if the file cannot be written; and at the first doc that is too many for one DocBin (some 1.65 million
        docs of 25 tokens).
    """
    check_writable(path)
    doc_bin = docbin_of(_check_size(path, docs))
    if not len(doc_bin) and not allow_empty:
        raise XnerError(f"{path}: not written, because no doc is left. The counts above show where they were dropped.")
    with atomic_path(path) as temporary:
        temporary.write_bytes(doc_bin.to_bytes())
    return len(doc_bin)


def _check_size(path: str | Path, docs: Iterable[Doc]) -> Iterator[Doc]:
    """Yield docs as long as they fit one DocBin."""
    token_bytes = 8 * len(DocBin().attrs)
    n_tokens, most = 0, MAX_TOKEN_BYTES // token_bytes
    for number, doc in enumerate(docs, start=1):
        n_tokens += len(doc)
        if n_tokens > most:
            raise XnerError(
                f"{path}: not written, because doc {number:,} is too many: a DocBin has at most {most:,} tokens. Write "
                f"several files into a folder, --output FOLDER/ --shard-size 10000, or divide the input."
            )
        yield doc


def load_docs(path: str | Path) -> list[Doc]:
    """All docs of a DocBin file that `xner corpus` wrote, with a new vocabulary of the multilingual tokenizer.

    RAISES: XnerError if a doc lacks the meta `id` or `lang`.
    """
    docs = list(read_docs(path, multilingual_tokenizer().vocab))
    check_meta(path, docs)
    return docs


def load_labelled_docs(path: str | Path, report: Report) -> Iterator[Doc]:
    """Yield the docs of a file as `load_docs`, without those that have no entity annotation.

    report (Report): receives how many were left out, and the number of the first.
    """
    for number, doc in enumerate(load_docs(path), start=1):
        if len(doc) and not doc.has_annotation("ENT_IOB"):
            report.note("texts without labels left out", Path(path), number)
        else:
            yield doc


def check_meta(path: str | Path, docs: Iterable[Doc], first: int = 1) -> None:
    """RAISES: XnerError if a doc lacks the meta `id` or `lang`. path, first: file and first number, for the message."""
    for number, doc in enumerate(docs, start=first):
        if not {"id", "lang"} <= meta_of(doc).keys():
            raise XnerError(
                f"{path}: doc {number} has no id and language in doc._.xner_meta. Make the file with "
                f"`xner corpus convert {path} --output NAME.spacy --lang CODE`."
            )


def docs_by_id(docs: Iterable[Doc]) -> dict[str, Doc]:
    """Docs by the id in their meta. RAISES: XnerError if two docs have the same id, which would be ambiguous."""
    by_id: dict[str, Doc] = {}
    for doc in docs:
        if by_id.setdefault(meta_of(doc)["id"], doc) is not doc:
            raise XnerError(
                f"Two source docs have the id {meta_of(doc)['id']}, expected distinct ids. Convert the files together: "
                f"`xner corpus convert one two ...` gives distinct ids."
            )
    return by_id
