"""Convert files of any format into docs with entities and meta."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Span

from ..annotations.attributes import CONFIDENCE, install_extensions, meta_of
from ..annotations.entities import SPANS_KEY
from ..errors import XnerError
from ..languages.codes import normalise_code
from ..languages.tokenizer import MultilingualTokenizer, multilingual_tokenizer
from ..lines import without_compression
from .docs import with_step
from .formats.docbin import read_labelled_docs
from .formats.reading import Format, detect_format, read_sentences
from .formats.report import Report
from .formats.sentence import CharSpan, Sentence, SpanDetails


def convert_files(
    paths: Sequence[Path],
    lang: str | None,
    counts: Counter[str],
    format: Format = "auto",
    report: Report | None = None,
    **options: Any,
) -> Iterator[Doc]:
    """Read files of any format into docs with their meta.

    paths (Sequence[Path]): the files, in this order.
    lang (str | None): language code of sentences whose file does not give it.
    counts (Counter[str]): receives counts of "docs", "unlabelled docs", "entities", "tokens split at an entity's
        boundary" and "empty texts left out".
    format, report, options: as in `read_sentences`. The report receives ids that were changed, too.
    RAISES: XnerError for a malformed file, an unknown language, or an id that occurs twice in a file.

    An id of an earlier file is made distinct by the name of the later one: `1` in `b.jsonl` becomes `b/1`.
    """
    tokenizer = multilingual_tokenizer()
    report = Report() if report is None else report
    ids: set[str] = set()
    first_with: dict[str, tuple[Path, int]] = {}
    for path, name in zip(paths, name_files(paths), strict=True):
        ids_of_file: set[str] = set()
        for doc, line, n_split, tokens_of in _read_file(tokenizer, path, format, report, {"lang": lang, **options}):
            if not len(doc):
                counts["empty texts left out"] += 1
                continue
            first_with.setdefault(tokens_of, (path, line))
            meta = complete_meta(meta_of(doc), path, name, line, lang)
            if meta["id"] in ids_of_file:
                raise XnerError(
                    f"{path}:{line}: the id '{meta['id']}' occurs twice in the file, expected distinct ids. Remove one "
                    f"of the two, or all ids: then they are the file's name and the line."
                )
            ids_of_file.add(meta["id"])
            if meta["id"] in ids:
                report.note("ids of an earlier file too, made distinct as FILE/ID", path, line)
                meta["id"] = f"{name}/{meta['id']}"
                if meta["id"] in ids:
                    raise XnerError(
                        f"{path}:{line}: the id '{meta['id']}' is that of another doc, expected distinct ids."
                    )
            ids.add(meta["id"])
            doc._.xner_meta = with_step(meta, convert_step(path, line))
            counts["docs"] += 1
            counts["unlabelled docs"] += not doc.has_annotation("ENT_IOB")
            counts["entities"] += len(doc.ents)
            counts["tokens split at an entity's boundary"] += n_split
            yield doc
    if len(first_with) > 1:
        report.note("sources of tokens: those of files, beside those of spacy-xner", *first_with["file"], 2)


def complete_meta(found: dict[str, Any], path: Path, name: str, line: int, lang: str | None) -> dict[str, Any]:
    """The meta that a file gives, with the values that it lacks: an id of the file's name and the line, the language, 1
    as score.

    name (str): the file's name in ids, see `name_files`.
    RAISES: XnerError for an unknown language.
    """
    meta = {"id": f"{name}:{line}", "lang": lang, "score": 1.0, **found}
    if not meta["lang"]:
        raise XnerError(f"{path}:{line}: the language is unknown, expected --lang, for example --lang en.")
    meta["lang"] = normalise_code(meta["lang"])
    return meta


def convert_step(path: Path, line: int) -> dict[str, Any]:
    """The provenance step of a doc that was read from a line of a file (in a DocBin: from the doc of this number)."""
    return {"step": "convert", "file": path.name, "line": line}


def _read_file(
    tokenizer: MultilingualTokenizer, path: Path, format: Format, report: Report, options: dict[str, Any]
) -> Iterator[tuple[Doc, int, int, str]]:
    """Yield (doc, line, number of split tokens, "file" or "tokenizer" for where tokens are from) of a file.

    The doc's meta is what the file itself contains.

    Docs of a DocBin keep all their annotation, including tokens with missing entity annotation. Their line is their
    number in the file.
    """
    if (detect_format(path) if format == "auto" else format) == "docbin":
        chosen = {key: options[key] for key in ("spans_key", "overlaps") if options.get(key) is not None}
        docs = read_labelled_docs(path, report or Report(), tokenizer.vocab, **chosen)
        yield from ((doc, number, 0, "file") for number, doc in enumerate(docs, start=1))
        return
    for sentence in read_sentences(path, format, report, **options):
        doc, n_split = doc_of_sentence(tokenizer, sentence)
        doc._.xner_meta = sentence.meta
        yield doc, sentence.line, n_split, "tokenizer" if sentence.words is None else "file"


def name_files(paths: Sequence[Path]) -> list[str]:
    """A short distinct name for each file: its stem, with as many parent folders as are needed to distinguish them."""
    stems = [path.with_name(without_compression(path)).with_suffix("").parts for path in paths]
    for depth in range(1, max(map(len, stems), default=1) + 1):
        names = ["/".join(parts[-depth:]) for parts in stems]
        if len(set(names)) == len(names):
            return names
    repeated = next(path for path, count in Counter(stems).items() if count > 1)
    raise XnerError(
        f"Two of the files are called {'/'.join(repeated)}, expected different names: ids of docs are made of them."
    )


def doc_of_sentence(tokenizer: Tokenizer | MultilingualTokenizer, sentence: Sentence) -> tuple[Doc, int]:
    """Make a doc with entities from a sentence; without entity annotation if the sentence is unlabelled.

    Tokens in the file are kept. Otherwise the tokenizer makes them; a token is split where an entity begins or ends
    inside it, so that no entity is lost.

    RETURNS (tuple[Doc, int]): the doc (its meta is not set), and the number of tokens that were split.
    """
    spans = sentence.spans or ()
    if sentence.words is not None:
        words, spaces, n_split = list(sentence.words), list(sentence.spaces or ()), 0
    else:
        boundaries = {offset for start, end, _ in spans for offset in (start, end)}
        words, spaces, n_split = split_tokens(tokenizer(sentence.text), boundaries)
    doc = Doc(tokenizer.vocab, words=words, spaces=spaces)
    if sentence.spans is not None:
        doc.set_ents([_make_span(doc, span, sentence) for span in spans], missing=_missing_spans(doc, sentence))
        _set_scores(doc, sentence)
    return doc, n_split


def _set_scores(doc: Doc, sentence: Sentence) -> None:
    """Set the scores of entities that have one, where `set_scored_entities` sets them; other annotation stays."""
    scores = [
        (ent, details.score)
        for ent in doc.ents
        if (details := sentence.details.get((ent.start_char, ent.end_char, ent.label_))) and details.score is not None
    ]
    if scores:
        install_extensions()
        for ent, score in scores:
            ent._.set(CONFIDENCE, score)
        doc.spans[SPANS_KEY] = [ent for ent, _ in scores]
        doc.spans[SPANS_KEY].attrs["scores"] = [score for _, score in scores]


def _missing_spans(doc: Doc, sentence: Sentence) -> list[Span]:
    """The tokens without annotation. A token of which a part is not annotated has none."""
    return [
        doc[token.i : token.i + 1]
        for token in doc
        if any(start < token.idx + len(token) and token.idx < end for start, end in sentence.unlabelled)
    ]


def _make_span(doc: Doc, span: CharSpan, sentence: Sentence) -> Span:
    start, end, label = span
    details = sentence.details.get(span, SpanDetails())
    found = doc.char_span(start, end, label, kb_id=details.kb_id, span_id=details.span_id)
    if found is None:
        raise XnerError(
            f"{sentence.file}:{sentence.line}: the entity {span} does not begin and end at tokens of '{doc.text}'."
        )
    return found


def split_tokens(doc: Doc, boundaries: set[int]) -> tuple[list[str], list[bool], int]:
    """Split tokens of a doc at character offsets. RETURNS: words, spaces, and the number of tokens that were split."""
    words: list[str] = []
    spaces: list[bool] = []
    n_split = 0
    for token in doc:
        inner = sorted(offset - token.idx for offset in boundaries if token.idx < offset < token.idx + len(token))
        n_split += bool(inner)
        edges = [0, *inner, len(token)]
        words += [token.text[i:j] for i, j in itertools.pairwise(edges)]
        spaces += [False] * len(inner) + [bool(token.whitespace_)]
    return words, spaces, n_split
