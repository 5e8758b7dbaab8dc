"""From teachers to a corpus that a student learns from: soft labels, and which sentences are worth learning."""

import base64
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin, Span

from ..annotations.attributes import meta_of
from ..annotations.entities import set_spans
from ..corpus.docs import content_of, hash_of, is_translation, with_step, write_docs
from ..corpus.formats import docbin_of, docs_of
from ..encoders.memory import release_memory
from ..errors import XnerError
from ..journal import Journal, Progress
from ..pipelines import fingerprint_of
from ..projection import ProjectedSpan, SpanProjector
from .teachers import Opinion, Teachers

BATCH = 256  # texts
Entities = set[tuple[int, int, str]]


@dataclass(frozen=True)
class Selection:
    """Which sentences a student gets.

    certainty (float): those whose least sure decision is at least so sure, in [0, 1].
    agreement (float): where projected entities are known, those on which teacher and projection agree at least so
        much: F1 of the teacher's entities against the projected ones, in [0, 1]; two empty sets agree.
    RAISES: XnerError for numbers outside [0, 1].
    """

    certainty: float = 0.0
    agreement: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("certainty", self.certainty), ("agreement", self.agreement)):
            if not 0 <= value <= 1:
                raise XnerError(f"The least {name} is {value}, expected a number from 0 to 1.")


class Distiller:
    """Makes docs that a student can learn from: text as the teachers' tokenizer cuts it, with their soft labels.

    Where the sentence that a text translates is among `sources`, the teachers label that too, in the language that they
    were taught in, and the entities that they find there are projected: they become the doc's entities, beside the
    soft labels (how both are weighed is the student's `soft_weight`), and decide about agreement. Other docs have soft
    labels alone.

    sources (Mapping[str, Doc] | None): source sentences, unlabelled or not, by id; their labels are not looked at.
    projector (SpanProjector | None): needed with `sources`.
    """

    def __init__(
        self,
        teachers: Teachers,
        selection: Selection,
        sources: Mapping[str, Doc] | None = None,
        projector: SpanProjector | None = None,
    ) -> None:
        self.teachers, self.selection, self.projector = teachers, selection, projector
        self.sources = sources if projector is not None else None
        self._known: dict[str, Entities] = {}  # a sentence with translations in several languages is labelled once

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What the result depends on beside the docs, as plain JSON."""
        identity: dict[str, Any] = {
            "teachers": [fingerprint_of(nlp) for nlp in self.teachers.pipelines],
            "certainty": self.selection.certainty,
            "agreement": self.selection.agreement,
        }
        if self.sources is not None and self.projector is not None:
            texts = sorted((name, doc.text) for name, doc in self.sources.items())
            identity |= {"sources": hash_of(texts), "projector": self.projector.identity}
        return identity

    def check(self, docs: Sequence[Doc]) -> None:
        """RAISES: XnerError for docs that are labelled, that teachers cut differently, or with none of the sources."""
        for doc in docs:
            check_unlabelled(doc)
        self.teachers.check_tokens(doc.text for doc in docs)
        if docs and self.sources is not None and not any(meta_of(doc)["id"] in self.sources for doc in docs):
            raise XnerError(
                f"None of the {len(docs):,} texts has the id of a source sentence ({meta_of(docs[0])['id']} and so on "
                f"against {next(iter(self.sources), 'none')}). Expected the file that was translated, or none."
            )

    def distill(self, docs: Sequence[Doc], counts: Counter[str]) -> Iterator[Doc]:
        """Yield the docs that are worth learning.

        docs (Sequence[Doc]): unlabelled, with meta.
        counts (Counter[str]): is given the numbers of "docs", "unsure", "kept", and with sources those "without a
            source", "not fully projected", where "teacher and projection disagree", "kept with projected entities",
            and of those "with a source by id alone", which nothing says to be a translation.
        RAISES: XnerError as `check`, before anything is labelled.
        """
        self.check(docs)
        for start in range(0, len(docs), BATCH):
            yield from self.distill_batch(docs[start : start + BATCH], counts)

    def distill_batch(self, docs: Sequence[Doc], counts: Counter[str]) -> list[Doc]:
        """As `distill`, of checked docs that are labelled together."""
        counts.update(dict.fromkeys(("docs", "unsure", "kept"), 0))
        step = {"step": "distill", "teachers": self.teachers.identity, "certainty": self.selection.certainty}
        step |= {"agreement": self.selection.agreement} if self.sources is not None else {}
        opinions = list(self.teachers.label(doc.text for doc in docs))
        projected = self._project(docs, opinions)
        kept = []
        for i, (doc, opinion) in enumerate(zip(docs, opinions, strict=True)):
            counts["docs"] += 1
            made = opinion.doc
            if opinion.certainty < self.selection.certainty:
                counts["unsure"] += 1
                continue
            if i not in projected:
                made.set_ents([], default="missing")
                if self.sources is not None:
                    counts["without a source"] += 1
            elif (spans := projected[i]) is None:
                counts["not fully projected"] += 1
                continue
            elif agreement(entities_of(made), {(s.start, s.end, s.label) for s in spans}) < self.selection.agreement:
                counts["teacher and projection disagree"] += 1
                continue
            else:
                set_spans(made, spans)
                counts["kept with projected entities"] += 1
                if not is_translation(doc):
                    counts["with a source by id alone"] += 1
            made.spans.clear()
            made._.xner_meta = with_step(meta_of(doc), step, score=round(opinion.certainty, 6))
            counts["kept"] += 1
            kept.append(made)
        release_memory()
        return kept

    def _project(self, docs: Sequence[Doc], opinions: Sequence[Opinion]) -> dict[int, list[ProjectedSpan] | None]:
        """The teachers' entities of source sentences on their translations, by position; None: not all arrived."""
        if self.sources is None or self.projector is None:
            return {}
        sources, known = self.sources, self._known
        ids = {i: meta_of(doc)["id"] for i, doc in enumerate(docs) if meta_of(doc)["id"] in sources}
        new = list(dict.fromkeys(name for name in ids.values() if name not in known))
        for name, opinion in zip(new, self.teachers.label(sources[name].text for name in new), strict=True):
            known[name] = entities_of(opinion.doc)

        def source_of(name: str) -> Doc:
            doc = self.teachers.pipelines[0].make_doc(sources[name].text)
            doc.set_ents([Span(doc, *entity) for entity in sorted(known[name])])
            return doc

        found = self.projector.project((source_of(name), opinions[i].doc) for i, name in ids.items())
        projected: dict[int, list[ProjectedSpan] | None] = {}
        for i, projection in zip(ids, found, strict=True):
            projected[i] = projection.spans if projection.complete else None
        return projected


def distill_file(
    output: Path,
    docs: Sequence[Doc],
    distiller: Distiller,
    counts: Counter[str],
    progress: Progress = lambda items, start, total: items,
) -> tuple[int, float]:
    """Write what `Distiller.distill` yields to a DocBin. A stopped run is gone on with, from its last batch on.

    counts (Counter[str]): as there, those of an earlier part of the run among them.
    progress: is given the batches as they come, how many there were from an earlier run, and their number.
    RETURNS: the number of docs, and the seconds that the batches took, in all parts of the run.
    RAISES: XnerError as `Distiller.check`, and where no doc is left.
    """
    distiller.check(docs)
    batches = [docs[start : start + BATCH] for start in range(0, len(docs), BATCH)]
    digest = hash_of([(meta_of(doc), content_of(doc)) for doc in docs])
    with Journal(output, {"distill": digest, "batch": BATCH, **distiller.identity}) as journal:

        def results() -> Iterator[dict[str, Any]]:
            for batch in batches[journal.done :]:
                of_batch: Counter[str] = Counter()
                start = time.perf_counter()
                kept = docbin_of(distiller.distill_batch(batch, of_batch)).to_bytes()
                seconds = round(time.perf_counter() - start, 3)
                yield {"docs": base64.b64encode(kept).decode(), "counts": of_batch, "seconds": seconds}

        for _ in progress(journal.add(results()), journal.done, len(batches)):
            pass
        seconds = 0.0
        for result in journal:
            counts.update(result["counts"])
            seconds += result["seconds"]
        vocab = distiller.teachers.pipelines[0].vocab
        made = (docs_of(DocBin().from_bytes(base64.b64decode(result["docs"])), vocab) for result in journal)
        n_docs = write_docs(output, chain.from_iterable(made))
        journal.remove()
    return n_docs, seconds


def check_unlabelled(doc: Doc) -> Doc:
    """RAISES: XnerError for a doc that is labelled."""
    if doc.has_annotation("ENT_IOB"):
        raise XnerError(
            f"The doc {meta_of(doc).get('id')} is labelled ('{doc.text[:60]}'), expected unlabelled text: labels would "
            f"be lost. Give plain text (`xner corpus convert --format plain`), or what `xner corpus translate` writes."
        )
    return doc


def entities_of(doc: Doc) -> Entities:
    return {(entity.start, entity.end, entity.label_) for entity in doc.ents}


def agreement(one: Entities, other: Entities) -> float:
    """F1 of two sets of entities; 1 where both are empty."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0
