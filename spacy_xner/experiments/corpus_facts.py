"""What checks, splits and digests need to know of a study's corpora, without keeping the docs in memory."""

import functools
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from spacy.tokens import Doc

from ..annotations.attributes import confidence_of, meta_of
from ..annotations.soft_labels import get_soft_labels
from ..corpus.docs import content_of, hash_of, load_docs
from ..corpus.reader import find_docbins
from ..files import Stamps, file_stamps


class DocFacts(NamedTuple):
    """What is known of a doc.

    steps: names of the steps in its provenance.
    digest: hash of its tokens, entities, missing annotation and soft labels.
    """

    id: str
    lang: str
    text: str
    n_tokens: int
    labelled: bool
    steps: frozenset[str]
    digest: str


def read_all(path: str) -> Iterator[Doc]:
    """The docs of a DocBin file or of a folder of them."""
    for file in find_docbins(path):
        yield from load_docs(file)


def read_facts(path: str) -> list[DocFacts]:
    """Facts about the docs of a DocBin file or folder. Cached until one of its files changes."""
    return _read_facts(path, file_stamps(find_docbins(path)))


@functools.lru_cache(maxsize=32)
def _read_facts(path: str, stamps: Stamps) -> list[DocFacts]:
    found = []
    for doc in read_all(path):
        meta = meta_of(doc)
        steps = frozenset(str(step.get("step")) for step in meta.get("provenance", []))
        labelled = doc.has_annotation("ENT_IOB")
        digest = hash_of((content_of(doc), *_soft_content(doc)))
        found.append(DocFacts(meta["id"], meta["lang"], doc.text, len(doc), labelled, steps, digest))
    return found


def _soft_content(doc: Doc) -> tuple[Any, ...]:
    """The soft labels of a doc, for hashes; nothing if it has none."""
    found = get_soft_labels(doc)
    if found is None:
        return ()
    tags, probabilities = found
    return tags, np.ascontiguousarray(probabilities, dtype="<f4").tobytes()


def mean_score(path: str) -> float:
    """The mean score of the entities in a file or folder, rounded to three digits; 1 for an entity without a score.

    For trainings that weigh labels by scores: `corpus_digest` leaves scores out, since their last digits differ from
    machine to machine.
    """
    return _mean_score(path, file_stamps(find_docbins(path)))


@functools.lru_cache(maxsize=32)
def _mean_score(path: str, stamps: Stamps) -> float:
    scores = [confidence_of(entity) for doc in read_all(path) for entity in doc.ents]
    return round(float(np.mean([1.0 if score is None else score for score in scores] or [1.0])), 3)


def corpus_digest(path: str) -> str:
    """A hash of the training-relevant content of a file or folder: ids, languages, tokens, entities, missing
    annotation and soft labels.

    Scores and provenance are left out: their last digits differ from machine to machine.
    """
    return _corpus_digest(path, file_stamps(find_docbins(path)))


@functools.lru_cache(maxsize=32)
def _corpus_digest(path: str, stamps: Stamps) -> str:
    digest = hashlib.sha256()
    for doc in _read_facts(path, stamps):
        digest.update(repr((doc.id, doc.lang, doc.digest)).encode("utf8", "surrogatepass"))
    return digest.hexdigest()[:16]
