"""Aligned sentence pairs of files, for the page of `xner align show`."""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..alignment.files import Warn, read_pairs, read_segmented_pairs, split_by
from ..alignment.types import SpacedWords, Words
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
    tokenize: bool = False,
    warn: Warn = warnings.warn,
) -> Iterator[ShownPair]:
    """Align the first `limit` pairs, and project the entities of labelled sources.

    file (Path): `source ||| target` a line; with `target`, labelled sentences in any format.
    target (Path | None): translations of the labelled sentences in `file`.
    tokenized (bool): split the sentences of a `.txt` at spaces.
    langs (tuple[str, str] | None): the languages of both sides; by default those that the files give.
    tokenize (bool): split the sentences of a file of pairs by `spacy_xner.MultilingualTokenizer.v1`, and not at spaces.
    warn (Callable): receives a warning of pairs in `file` that are not split into words.
    RAISES: XnerError for a file that cannot be read or is empty, for files that cannot be paired, and for `tokenize`
        with labelled sentences, which are tokenized.
    """
    if tokenize and target is not None:
        raise XnerError(f"{file}: these are labelled sentences, whose words are known. Leave out --tokenize.")
    nlp = multilingual_blank("xx")
    docs: list[tuple[Doc, Doc]]
    if target is None:
        split_pairs: Iterable[tuple[Words, Words]]
        if tokenize:
            split_pairs = islice(read_pairs(file, split_by(tokenize)), limit)
        else:
            split_pairs = read_segmented_pairs(file, warn, ", or show them with --tokenize", limit)
        docs = [(_doc_of(nlp.vocab, a), _doc_of(nlp.vocab, b)) for a, b in split_pairs]
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


def _doc_of(vocab: Vocab, words: Words) -> Doc:
    return Doc(vocab, words=list(words), spaces=list(words.spaces) if isinstance(words, SpacedWords) else None)


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
