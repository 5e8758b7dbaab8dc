"""Aligned sentence pairs of files, for the page of `xner align show`."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc, Span

from ..alignment.files import read_pairs
from ..annotations.attributes import meta_of
from ..corpus.project_files import pair_files
from ..errors import XnerError
from ..languages.tokenizer import multilingual_blank
from ..projection import SpanProjector
from ..projection.doc_words import DocWords
from .alignment_page import ShownPair


def shown_pairs(
    file: Path,
    target: Path | None,
    limit: int,
    tokenized: bool,
    projector: SpanProjector,
    langs: tuple[str, str] | None = None,
) -> Iterator[ShownPair]:
    """Align the first `limit` pairs, and project the entities of labelled sources.

    file (Path): `source ||| target` a line; with `target`, labelled sentences in any format.
    target (Path | None): translations of the labelled sentences in `file`.
    tokenized (bool): split the sentences of a `.txt` at spaces.
    langs (tuple[str, str] | None): the languages of both sides; by default those that the files give.
    RAISES: XnerError for a file that cannot be read or is empty, and for files that cannot be paired.
    """
    nlp = multilingual_blank("xx")
    docs: list[tuple[Doc, Doc]]
    if target is None:
        docs = [
            (Doc(nlp.vocab, words=list(a)), Doc(nlp.vocab, words=list(b))) for a, b in islice(read_pairs(file), limit)
        ]
    else:
        docs = list(islice(pair_files(file, target, Counter(), tokenized=tokenized), limit))
    if not docs:
        raise XnerError(f"{file}: found nothing to show, expected sentence pairs.")
    pairs = [(without_space(source), without_space(translation)) for source, translation in docs]
    alignments = list(projector.aligner.align((DocWords.of(a).words, DocWords.of(b).words) for a, b in pairs))
    projections = list(projector.project_aligned(pairs, alignments)) if target is not None else [None] * len(pairs)
    for i, (docs_of_pair, pair) in enumerate(zip(docs, pairs, strict=True)):
        source_lang, target_lang = langs or map(lang_of, docs_of_pair)
        yield ShownPair(i + 1, *pair, alignments[i], projections[i], (source_lang, target_lang))


def lang_of(doc: Doc) -> str:
    """The language of a doc of a corpus; "" if it is not known."""
    lang = str(meta_of(doc).get("lang", ""))
    return "" if lang == "xx" else lang


def without_space(doc: Doc) -> Doc:
    """The doc without tokens of white space, which are not aligned."""
    if not any(token.is_space for token in doc):
        return doc
    kept = [token for token in doc if not token.is_space]
    copy = Doc(doc.vocab, words=[token.text for token in kept], spaces=[True] * len(kept))
    place = {token.i: i for i, token in enumerate(kept)}
    spans = []
    for entity in doc.ents:
        inside = [place[i] for i in range(entity.start, entity.end) if i in place]
        spans.append(Span(copy, inside[0], inside[-1] + 1, label=entity.label_))
    copy.set_ents(spans)
    return copy
