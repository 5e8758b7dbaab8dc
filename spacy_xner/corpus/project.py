"""Project the entities of labelled docs onto their translations, and write these to a file of any format."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from pathlib import Path
from typing import Any, Literal, NamedTuple

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..annotations.entities import set_spans
from ..errors import XnerError
from ..files import atomic_path, open_text
from ..journal import Journal, Progress
from ..projection import SpanProjector
from ..projection.types import COUNTS
from .docs import content_of, docs_by_id, is_translation, with_step, write_docs
from .formats.reading import detect_format
from .formats.write import check_labels, write_columns, write_inline, write_jsonl

Pair = tuple[Doc, Doc]
Result = dict[str, Any]
"""The projection of a pair as plain JSON: spans (see `SpanResult`), missing (a number), score, dropped, counts."""

WRITERS = {"columns": write_columns, "inline": write_inline, "jsonl": write_jsonl}


@dataclass(frozen=True)
class Pairs:
    """Labelled docs and their translations. They can be iterated any number of times.

    sources, targets (Callable[[], Iterable[Doc]]): return the docs in the order of the pairs, unchanged by earlier use.
    n_pairs (int): their number.
    labels (frozenset[str]): labels of the source docs.
    paired_by (str): "id" or "order".
    fingerprint (Any): what projections depend on beside the projector, as plain JSON.
    """

    sources: Callable[[], Iterable[Doc]]
    targets: Callable[[], Iterable[Doc]]
    n_pairs: int
    labels: frozenset[str]
    paired_by: Literal["id", "order"]
    fingerprint: Any

    def __len__(self) -> int:
        return self.n_pairs

    def __iter__(self) -> Iterator[Pair]:
        return zip(self.sources(), self.targets(), strict=True)


class SpanResult(NamedTuple):
    """A projected span in a journal: tokens `start` to `end`, end exclusive."""

    start: int
    end: int
    label: str
    score: float
    kb_id: str
    span_id: str


def pair_docs(source: Sequence[Doc], translated: Sequence[Doc], counts: Counter[str]) -> Pairs:
    """Pair translated docs with their source docs by the id in their meta, in the order of the translated ones.

    counts (Counter[str]): receives counts of "pairs", "translations without their source", "sources without a
        translation", and of pairs "by id alone": their provenance does not say that one translates the other.
    RAISES: XnerError if there are no pairs, a source is unlabelled, or two sources have the same id.
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
    sources, targets = [doc for doc, _ in pairs], [doc for _, doc in pairs]
    labels = frozenset(entity.label_ for doc in sources for entity in doc.ents)
    return Pairs(lambda: sources, lambda: targets, len(pairs), labels, "id", fingerprint_docs(pairs))


def fingerprint_docs(pairs: Iterable[Pair]) -> str:
    """A hash of what projections depend on: ids, texts, tokens, and the source's entities and score."""
    digest = hashlib.sha256()
    for source, target in pairs:
        identifiers = [(entity.kb_id_, entity.id_) for entity in source.ents]
        score = meta_of(source).get("score", 1.0)
        parts = [meta_of(target)["id"], content_of(source), identifiers, content_of(target)[0], score]
        digest.update(repr(parts).encode("utf8", "surrogatepass"))
    return digest.hexdigest()


def project_corpus(
    output: Path,
    pairs: Pairs,
    projector: SpanProjector,
    counts: Counter[str],
    progress: Progress = lambda items, start, total: items,
) -> None:
    """Write the target docs with their projected entities. An interrupted run is resumed.

    Entities have scores (`span._.confidence`, `doc.spans["xner"].attrs["scores"]`). The score in a doc's meta is the
    lowest of them (0 if an entity is missing, 1 if the source has none) times the source's own. Dropped sentences are
    not written.

    output (Path): its ending determines the format: columns (`.iob`, `.conll`, ...), `.jsonl`, `.spacy`, `.txt`
        (inline).
    counts (Counter[str]): receives the sum of `Projection.counts`, including earlier parts of the run; and of "empty
        sentences left out", which text formats cannot hold.
    progress: receives the results as they come, the number of results of earlier parts of the run, and the number of
        all pairs.
    RAISES: XnerError for labels that the output's format cannot hold, and if no doc is left for a `.spacy` file.
    """
    renamed = {projector.label_map.get(label, label) for label in pairs.labels}
    check_labels(sorted(renamed - {""}), detect_format(output), output)
    identity = projector.identity
    counts.update(dict.fromkeys(COUNTS, 0))
    with Journal(output, {"project": pairs.fingerprint, **identity}) as journal:
        for earlier in journal:
            counts.update(earlier["counts"])
        results = journal.add(project_pairs(islice(pairs, journal.done, None), projector))
        for result in progress(results, journal.done, len(pairs)):
            counts.update(result["counts"])
        write_output(output, set_results(pairs.targets(), journal, identity), counts)
        journal.remove()


def project_pairs(pairs: Iterable[Pair], projector: SpanProjector) -> Iterator[Result]:
    """Project pairs lazily, in order. YIELDS: a `Result` for each."""
    to_project, pairs = tee(pairs)  # the projector reads at most a block ahead
    for found, (source, _) in zip(projector.project(to_project), pairs, strict=True):
        spans = [SpanResult(s.start, s.end, s.label, round(s.score, 6), s.kb_id, s.span_id) for s in found.spans]
        yield {
            "spans": spans,
            "missing": len(found.missing),
            "score": round(found.score * meta_of(source).get("score", 1.0), 6),
            "dropped": found.dropped,
            "counts": {name: n for name, n in found.counts.items() if n},
        }


def set_results(targets: Iterable[Doc], results: Iterable[Result], identity: dict[str, Any]) -> Iterator[Doc]:
    """Set the projected entities on target docs, and the step in their meta. Dropped sentences are left out.

    identity (dict[str, Any]): the projector's.
    """
    for target, result in zip(targets, results, strict=True):
        if result["dropped"]:
            continue
        set_spans(target, [SpanResult(*span) for span in result["spans"]])
        step = {"step": "project", **identity, "missing": result["missing"]}
        target._.xner_meta = with_step(meta_of(target), step, score=result["score"])
        yield target


def write_output(output: Path, docs: Iterable[Doc], counts: Counter[str]) -> None:
    """Write docs in the format of the file's ending. No partial file is left."""
    format = detect_format(output)
    if format == "docbin":
        write_docs(output, docs)
        return
    with atomic_path(output) as temporary, open_text(temporary) as file:
        WRITERS[format](file, docs, counts)
