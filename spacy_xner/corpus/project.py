"""Project the entities of labelled docs onto their translations, and write these to a file of any format."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, tee
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..annotations.attributes import is_fully_labelled, meta_of
from ..annotations.entities import PlainSpan, set_spans
from ..files import atomic_path, open_text
from ..journal import Journal, Progress
from ..projection import SpanProjector
from ..projection.types import Projection
from .docs import with_step, write_docs
from .formats.reading import detect_format
from .formats.write import WRITERS, check_labels
from .pairs import Pairs
from .provenance import Pair, made_from, text_hash

REVISION = 2  # of what this file makes of projections; see `corpus/provenance.py`
Result = dict[str, Any]
"""The projection of a pair as plain JSON: source (hash of its text), spans (see `PlainSpan`), missing (a number),
partial (whether the source is only partly labelled), score, dropped, counts."""


def project_corpus(
    output: Path,
    pairs: Pairs,
    projector: SpanProjector,
    counts: Counter[str],
    progress: Progress = lambda items, start, total: items,
) -> None:
    """Write the target docs with their projected entities. An interrupted run is resumed.

    An entity that was lost is missing annotation, never O: where a sentence has lost one for any reason, all its tokens
    outside of projected entities are without annotation, since any of them may belong to it; training ignores them. So
    it is where the source is only partly labelled. Text formats that cannot hold missing annotation leave such
    sentences out and count them (see `formats/write.py`). (On 400 sentences each of English-Spanish and English-French
    with manually projected spans and a minimum score of 0.9, 149 of the 739 tokens concerned belong to an entity. Of
    the tokens whose alignment links lead to O words alone, 5 of 443 do: the rule gives these up, to be never wrong.)

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
    counts.update(dict.fromkeys(projector.count_names, 0))
    with Journal(output, {"project": pairs.fingerprint, "revision": REVISION, **identity}) as journal:
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
        spans = [PlainSpan(s.start, s.end, s.label, round(s.score, 6), s.kb_id, s.span_id) for s in found.spans]
        yield {
            "source": text_hash(source.text),
            "spans": spans,
            "missing": len(found.missing),
            "partial": not is_fully_labelled(source),
            "score": round(found.score * meta_of(source).get("score", 1.0), 6),
            "dropped": found.dropped,
            "counts": counts_of(found, source),
        }


def counts_of(found: Projection, source: Doc) -> dict[str, int]:
    """The counts of a projection, without zeros, and of "partly labelled sources"."""
    counts = {name: n for name, n in found.counts.items() if n}
    return counts if is_fully_labelled(source) else {**counts, "partly labelled sources": 1}


def set_results(targets: Iterable[Doc], results: Iterable[Result], identity: dict[str, Any]) -> Iterator[Doc]:
    """Set the projected entities on target docs, and the step in their meta. Dropped sentences are left out.

    identity (dict[str, Any]): the projector's.
    """
    for target, result in zip(targets, results, strict=True):
        if result["dropped"]:
            continue
        complete = not result["missing"] and not result["partial"]
        set_spans(target, [PlainSpan(*span) for span in result["spans"]], complete=complete)
        step = {"step": "project", **identity, **made_from(result["source"], REVISION), "missing": result["missing"]}
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
