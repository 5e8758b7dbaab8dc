"""Entities of source docs onto their translations, as docs of a corpus."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, tee
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, Span

from ..annotations.attributes import meta_of
from ..annotations.entities import set_scored_entities
from ..errors import XnerError
from ..journal import Journal, Progress
from ..projection import Projection, SpanProjector
from ..projection.projector import COUNTS, identifiers_of
from .docs import content_of, docs_by_id, is_translation, with_step, write_docs

Pair = tuple[Doc, Doc]


def pair_docs(source: Sequence[Doc], translated: Sequence[Doc], counts: Counter[str]) -> list[Pair]:
    """Pair translated docs with their source docs by the id in their meta, in the order of the translated ones.

    counts (Counter[str]): Is given the numbers of "pairs", "translations without their source" and "sources without a
        translation", and of pairs "by id alone", in which nothing says that one translates the other.
    RAISES: XnerError where nothing pairs, a source is unlabelled, or two have the same id.
    """
    by_id = docs_by_id(source)
    pairs = [(by_id[meta_of(doc)["id"]], doc) for doc in translated if meta_of(doc)["id"] in by_id]
    counts["pairs"] = len(pairs)
    counts["translations without their source"] = len(translated) - len(pairs)
    counts["sources without a translation"] = len(by_id.keys() - {meta_of(doc)["id"] for _, doc in pairs})
    if by_id_alone := sum(not is_translation(doc) for _, doc in pairs):
        counts["by id alone"] = by_id_alone
    if not pairs:
        raise XnerError(
            "No translated doc has the id of a source doc. Expected the file that was translated as source."
        )
    for doc, _ in pairs:
        if not doc.has_annotation("ENT_IOB"):
            raise XnerError(f"The source doc {meta_of(doc)['id']} is unlabelled, expected entities to project.")
    return pairs


def project_docs(pairs: Sequence[Pair], projector: SpanProjector) -> Iterator[Doc]:
    """Yield each translated doc with the entities that arrived; `projector.report` counts what did not.

    The doc's entities carry their scores (`span._.confidence`, `doc.spans["xner"].attrs["scores"]`); the score in its
    meta is the lowest of them, 0 where an entity is missing, 1 for a doc whose source has none, times the source's own.
    Docs that the completeness filter drops are not yielded.
    """
    identity = projector.identity
    for (source, target), projection in zip(pairs, projector.project(pairs), strict=True):
        if projection.dropped:
            continue
        yield set_projected(target, as_plain(source, projection), identity)


def project_corpus(
    output: Path,
    pairs: Sequence[Pair],
    projector: SpanProjector,
    counts: Counter[str],
    progress: Progress = lambda items, start, total: items,
) -> int:
    """Write the docs of `project_docs` to a DocBin. A stopped run is gone on with.

    counts (Counter[str]): is given the projector's counts, those of an earlier part of the run among them.
    progress: is given the results as they come, how many there were from an earlier run, and the number of pairs.
    RETURNS: the number of docs. RAISES: XnerError where none is left.
    """
    identity = projector.identity
    counts.update(dict.fromkeys(COUNTS, 0))
    with Journal(output, {"project": digest_of(pairs), **identity}) as journal:
        project_pairs(journal, pairs, len(pairs), projector, counts, progress)

        def docs() -> Iterator[Doc]:
            for (_, target), result in zip(pairs, journal, strict=True):
                if not result["dropped"]:
                    yield set_projected(target, result, identity)

        n_docs = write_docs(output, docs())
        journal.remove()
    return n_docs


def digest_of(pairs: Iterable[Pair]) -> str:
    """A hash of what a projection depends on: ids, texts, tokens, and the source's entities and score."""
    digest = hashlib.sha256()
    for source, target in pairs:
        score = meta_of(source).get("score", 1.0)
        parts = [meta_of(target)["id"], content_of(source), content_of(target)[0], score]
        digest.update(repr(parts).encode("utf8", "surrogatepass"))
    return digest.hexdigest()


def project_pairs(
    journal: Journal,
    pairs: Iterable[Pair],
    n_pairs: int,
    projector: SpanProjector,
    counts: Counter[str],
    progress: Progress,
) -> None:
    """Add what becomes of pairs to a journal, but for those that it has from an earlier run; count all of them."""
    for earlier in journal:
        counts.update(earlier["counts"])
    results = journal.add(results_of(islice(pairs, journal.done, None), projector))
    for result in progress(results, journal.done, n_pairs):
        counts.update(result["counts"])


def results_of(pairs: Iterable[Pair], projector: SpanProjector) -> Iterator[dict[str, Any]]:
    """What became of each pair, as plain JSON."""
    before: Counter[str] = Counter(projector.report)
    to_project, sources = tee(pairs)  # the projector reads no more than a block ahead
    for found, (source, _) in zip(projector.project(to_project), sources, strict=True):
        counts = {key: n for key, n in (projector.report - before).items() if n}
        before = Counter(projector.report)
        yield {**as_plain(source, found), "dropped": found.dropped, "counts": counts}


def as_plain(source: Doc, projection: Projection) -> dict[str, Any]:
    """What a projection says of the target, as plain JSON: `spans`, `missing`, `score`.

    A span is [start, end, label, score, kb_id, span_id].
    """
    score = projection.score * meta_of(source).get("score", 1.0)
    return {
        "spans": [
            (span.start, span.end, span.label, round(span.score, 6), *identifiers_of(source, span))
            for span in projection.spans
        ],
        "missing": len(projection.missing),
        "score": round(score, 6),
    }


def set_projected(target: Doc, found: dict[str, Any], identity: dict[str, Any]) -> Doc:
    """Give a doc what was projected onto it (see `as_plain`), in its meta also by whom."""
    spans, scores = [], []
    for start, end, label, score, kb_id, span_id in found["spans"]:
        spans.append(Span(target, start, end, label=label, kb_id=kb_id, span_id=span_id))
        scores.append(score)
    set_scored_entities(target, spans, scores)
    step = {"step": "project", **identity, "missing": found["missing"]}
    target._.xner_meta = with_step(meta_of(target), step, score=found["score"])
    return target
