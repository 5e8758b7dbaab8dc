"""Generated inputs for robustness.py: what each part of the package gets, and what must hold of its result."""

import functools
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import spacy
from robustness_records import make_page
from robustness_samples import SAMPLES
from robustness_text import damage, make_spans, make_text, make_words
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs
from spacy_xner.corpus.formats.docbin import docbin_of
from spacy_xner.corpus.formats.reading import find_files
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import MultilingualTokenizer, multilingual_tokenizer
from spacy_xner.projection import SpanProjector


class BrokenPromiseError(Exception):
    """A result that is not what it must be."""


@functools.cache
def load(pipeline: str) -> Language:
    """The pipeline, once in a process."""
    return spacy.load(pipeline)


@functools.cache
def tokenizer() -> MultilingualTokenizer:
    """The tokenizer, once in a process."""
    return multilingual_tokenizer()


@functools.cache
def projector() -> SpanProjector:
    """The default projector, once in a process."""
    return SpanProjector()


def tokenize(rng: random.Random, pipeline: str) -> None:
    """The tokenizer keeps each text, to the character."""
    text = make_text(rng)
    doc = tokenizer()(text)
    if doc.text != text or any(not token.text for token in doc):
        raise BrokenPromiseError(f"{text!r} became {doc.text!r}")


def read_file(rng: random.Random, pipeline: str) -> None:
    """A damaged file is read, or refused; what is read can be written."""
    name = rng.choice([*SAMPLES, "sample.spacy"])
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "in" / name
        path.parent.mkdir()
        path.write_bytes(damage(rng, SAMPLES.get(name) or sample_docbin(), list(SAMPLES.values())))
        if name.endswith(".ann"):
            path.with_suffix(".txt").write_text("Ada left Rome", encoding="utf8")
        with patch("spacy_xner.corpus.convert.multilingual_tokenizer", tokenizer):  # making one takes most of the time
            docs = list(convert_files(find_files([path.parent]), "en", Counter()))
        if docs:
            write_docs(Path(room) / "out.spacy", docs)


@functools.cache
def sample_docbin() -> bytes:
    """A DocBin with an entity."""
    nlp = spacy.blank("xx")
    doc = nlp("Ada left Rome")
    doc.set_ents([Span(doc, 0, 1, "PER")])
    content: bytes = docbin_of([doc]).to_bytes()
    return content


def project(rng: random.Random, pipeline: str) -> None:
    """Each span of the source has a place in the target, without overlaps, or is missing."""
    vocab = spacy.blank("xx").vocab
    source, target = (Doc(vocab, words=make_words(rng)) for _ in range(2))
    spans = make_spans(rng, len(source))
    source.set_ents([Span(source, *span) for span in spans])
    projection = projector()(source, target)
    n_spans = len(projection.spans) + len(projection.missing) + len(projection.dropped_spans)
    ends = [0, *(span.end for span in projection.spans)]
    in_order = all(end <= span.start < span.end for end, span in zip(ends, projection.spans, strict=False))
    if n_spans != len(spans) or not in_order or ends[-1] > len(target):
        raise BrokenPromiseError(f"{spans} in {source.text!r} became {projection} in {target.text!r}")


def recognise(rng: random.Random, pipeline: str) -> None:
    """Texts keep their characters; each entity has a score; white space is not at its edges."""
    texts = [make_text(rng, rng.choice((5, 20, 20, 20, 200))) for _ in range(8)]
    for text, doc in zip(texts, load(pipeline).pipe(texts), strict=True):
        scores = doc.spans["xner"].attrs["scores"] if doc.ents else []
        edges = [token for ent in doc.ents for token in (ent[0], ent[-1]) if token.is_space]
        if doc.text != text or edges or len(scores) != len(doc.ents) or not all(0 <= score <= 1 for score in scores):
            raise BrokenPromiseError(f"{text!r}: entities {doc.ents}, scores {scores}")


KINDS: dict[str, tuple[Callable[[random.Random, str], None], float, int]] = {
    "tokenizer": (tokenize, 0.44, 1),
    "readers": (read_file, 0.4, 1),
    "projector": (project, 0.05, 1),
    "recogniser": (recognise, 0.1, 8),
    "reports": (make_page, 0.01, 1),
}
"""Name -> the function, the share of all inputs, and the inputs of a call."""


def try_one(kind: str, seed: int, pipeline: str) -> str | None:
    """One call. RETURNS: how it failed; None for a good result, and for a refusal by an `XnerError`."""
    try:
        KINDS[kind][0](random.Random(f"{kind} {seed}"), pipeline)
    except XnerError:
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None
