"""Entities of source docs onto their translations, as docs of a corpus."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from spacy.tokens import Doc, Span

from ..errors import XnerError
from ..projection import Projection, SpanProjector
from ..tokens import meta_of, set_scored_entities
from .docs import with_step

Pair = tuple[Doc, Doc]


def pair_docs(source: Sequence[Doc], translated: Sequence[Doc], counts: Counter[str]) -> list[Pair]:
    """Pair translated docs with their source docs by the id in their meta, in the order of the translated ones.

    counts (Counter[str]): Is given the numbers of "pairs", "translations without their source" and "sources without a
        translation".
    RAISES: XnerError where nothing pairs, or a source is unlabelled.
    """
    by_id = {meta_of(doc)["id"]: doc for doc in source}
    pairs = [(by_id[meta_of(doc)["id"]], doc) for doc in translated if meta_of(doc)["id"] in by_id]
    counts["pairs"] = len(pairs)
    counts["translations without their source"] = len(translated) - len(pairs)
    counts["sources without a translation"] = len(by_id.keys() - {meta_of(doc)["id"] for _, doc in pairs})
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


def as_plain(source: Doc, projection: Projection) -> dict[str, Any]:
    """What a projection says of the target, as plain JSON: `spans`, `missing`, `score`."""
    score = projection.score * meta_of(source).get("score", 1.0)
    return {
        "spans": [(span.start, span.end, span.label, round(span.score, 6)) for span in projection.spans],
        "missing": len(projection.missing),
        "score": round(score, 6),
    }


def set_projected(target: Doc, found: dict[str, Any], identity: dict[str, Any]) -> Doc:
    """Give a doc what was projected onto it (see `as_plain`), in its meta also by whom."""
    spans = [Span(target, start, end, label=label) for start, end, label, _ in found["spans"]]
    set_scored_entities(target, spans, [score for *_, score in found["spans"]])
    step = {"step": "project", **identity, "missing": found["missing"]}
    target._.xner_meta = with_step(meta_of(target), step, score=found["score"])
    return target
