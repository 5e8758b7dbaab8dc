"""Distillation of docs: unlabelled text becomes docs with the teachers' soft labels."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, Span

from .. import __version__
from ..annotations.attributes import meta_of
from ..annotations.entities import ScoredSpan, set_spans
from ..corpus.capitals import capitalised_labels
from ..corpus.docs import hash_of, with_step
from ..corpus.provenance import check_sources, source_hash_of
from ..encoders.memory import release_memory
from ..errors import XnerError
from ..pipelines import fingerprint_of
from ..projection import SpanProjector
from ..projection.types import SourceSpan
from .combination import combine_spans
from .selection import Selection, entities_of, entity_agreement, without_lower_case
from .teachers import TeacherPrediction, Teachers

BATCH_SIZE = 256  # texts
REVISION = 2  # of what teachers and distillation give; see `corpus/provenance.py`

EntitiesByDoc = Mapping[int, Sequence[ScoredSpan] | None]
"""The entities of docs, by the number of the doc, for docs for which they are known; None if not all have arrived."""
FindEntities = Callable[[Sequence[Doc], Sequence[TeacherPrediction]], EntitiesByDoc]
"""Finds the entities of the docs of a batch, in the tokens of the teachers' docs."""


class Distiller:
    """Makes docs that a student learns from: text in the tokens of the teachers, with the teachers' soft labels.

    With `sources`, the teachers also label the source sentence of each translation, in the language that they were
    trained on. The entities that they find there are projected. They become the doc's entities, beside the soft labels
    (the student's `soft_weight` weighs both), and count for agreement. Other docs have soft labels only.

    sources (Mapping[str, Doc] | None): source sentences by id; their labels are ignored.
    projector (SpanProjector | None): required with `sources`. Without them, it is for the callers of
        `project_sources`.
    batch_size (int): how many texts to label at a time.
    combine (bool): where the teachers' entities and projected ones differ, keep the label with the higher score alone,
        see `combination.combine_spans`. Otherwise tokens have both labels.
    source_file, target_file (Path | str): files of `sources` and of the docs to label, for messages.
    """

    def __init__(
        self,
        teachers: Teachers,
        selection: Selection,
        sources: Mapping[str, Doc] | None = None,
        projector: SpanProjector | None = None,
        batch_size: int = BATCH_SIZE,
        source_file: Path | str = "SOURCES",
        target_file: Path | str = "TEXTS",
        combine: bool = False,
    ) -> None:
        self.teachers, self.selection, self.projector = teachers, selection, projector
        self.sources = sources if projector is not None else None
        self.batch_size = batch_size
        self.combine = combine
        self.source_file, self.target_file = source_file, target_file
        # A source sentence with translations in several languages is labelled only once.
        self._source_entities: dict[str, list[SourceSpan]] = {}

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything besides the docs (and their sources, if there is a projector but no `sources`) that determines the
        result, as plain JSON."""
        identity: dict[str, Any] = {
            "revision": REVISION,
            "teachers": [fingerprint_of(nlp) for nlp in self.teachers.pipelines],
            "certainty": self.selection.certainty,
            "agreement": self.selection.agreement,
        }
        if self.combine:
            identity["combine"] = True
        if self.projector is not None:
            if self.sources is not None:
                identity["sources"] = hash_of(sorted((name, doc.text) for name, doc in self.sources.items()))
            identity["projector"] = self.projector.identity
            if self.selection.agreement and self.teachers.capitalised:
                identity["capitalised"] = {name: sorted(each) for name, each in self.teachers.capitalised.items()}
        return identity

    def check(self, docs: Sequence[Doc]) -> None:
        """RAISES: XnerError for labelled docs, for text that the teachers tokenize differently, if no doc has the id of
        a source sentence, and for a doc that was made from another text than that of its source.
        """
        for doc in docs:
            check_unlabelled(doc)
        self.teachers.check_tokens(doc.text for doc in docs)
        if docs and self.sources is not None and not any(meta_of(doc)["id"] in self.sources for doc in docs):
            raise XnerError(
                f"None of the {len(docs):,} texts has the id of a source sentence: the first text is "
                f"{meta_of(docs[0])['id']}, the first source {next(iter(self.sources), 'none')}. Expected as sources "
                f"the file that was translated, or no sources."
            )
        if self.sources is not None:
            pairs = [(self.sources[name], doc) for doc in docs if (name := meta_of(doc)["id"]) in self.sources]
            check_sources(pairs, self.source_file, self.target_file, self.sources.values())

    def batches(self, docs: Sequence[Doc]) -> list[Sequence[Doc]]:
        """The docs in batches that are labelled together."""
        return [docs[start : start + self.batch_size] for start in range(0, len(docs), self.batch_size)]

    def distill(self, docs: Sequence[Doc], counts: Counter[str]) -> Iterator[Doc]:
        """Yield the docs that pass the selection.

        docs (Sequence[Doc]): unlabelled, with meta.
        counts (Counter[str]): receives counts of "docs", "unsure" and "kept"; with sources also of docs "without a
            source" and "not fully projected", of those where "teacher and projection disagree", of those "kept with
            projected entities", and among the latter of those "with a source by id alone": their provenance has
            no hash of the text that was translated.
        RAISES: XnerError as `check`, before anything is labelled.
        """
        self.check(docs)
        for batch in self.batches(docs):
            yield from self.distill_batch(batch, counts)

    def distill_batch(self, docs: Sequence[Doc], counts: Counter[str]) -> list[Doc]:
        """As `distill`, for one batch of docs that `check` has accepted."""
        find = None if self.sources is None else self._project_sources
        return [labelled for _, labelled in self.label_batch(docs, counts, find)]

    def label_batch(
        self, docs: Sequence[Doc], counts: Counter[str], find_entities: FindEntities | None
    ) -> list[tuple[int, Doc]]:
        """Label docs, with entities from elsewhere beside the soft labels; keeps nothing from batch to batch.

        find_entities (FindEntities | None): finds the entities that the docs get; None: none, and there is nothing to
            agree with.
        counts (Counter[str]): as in `distill`; those that are there with sources, with `find_entities`.
        RETURNS (list[tuple[int, Doc]]): the docs that pass the selection, each with its number among `docs`.
        """
        counts.update(dict.fromkeys(("docs", "unsure", "kept"), 0))
        code = {"revision": REVISION, "version": __version__}
        step = {"step": "distill", **code, "teachers": self.teachers.identity, "certainty": self.selection.certainty}
        step |= {"combine": True} if self.combine else {}
        step |= {"agreement": self.selection.agreement} if find_entities is not None else {}
        predictions = list(self.teachers.label(doc.text for doc in docs))
        projected = {} if find_entities is None else find_entities(docs, predictions)
        kept = []
        for i, (doc, prediction) in enumerate(zip(docs, predictions, strict=True)):
            counts["docs"] += 1
            labelled = prediction.doc
            if prediction.certainty < self.selection.certainty:
                counts["unsure"] += 1
                continue
            if i not in projected:
                labelled.set_ents([], default="missing")
                if find_entities is not None:
                    counts["without a source"] += 1
            elif (spans := projected[i]) is None:
                counts["not fully projected"] += 1
                continue
            elif self._agreement(labelled, spans, meta_of(doc)["lang"]) < self.selection.agreement:
                counts["teacher and projection disagree"] += 1
                continue
            else:
                if self.combine:
                    combine_spans(labelled, spans, counts)
                else:
                    set_spans(labelled, spans)
                counts["kept with projected entities"] += 1
                if source_hash_of(doc) is None:
                    counts["with a source by id alone"] += 1
            labelled.spans.clear()
            labelled._.xner_meta = with_step(meta_of(doc), step, score=round(prediction.certainty, 6))
            counts["kept"] += 1
            kept.append((i, labelled))
        release_memory()
        return kept

    def _agreement(self, labelled: Doc, spans: Iterable[ScoredSpan], lang: str) -> float:
        """The agreement of a teacher's entities with projected ones, both in the convention that the teacher learned:
        projection carries a capital letter's name over to a word without one (`a French film`, `un film français`)."""
        labels = capitalised_labels(lang, self.teachers.capitalised)
        both = entities_of(labelled), {(span.start, span.end, span.label) for span in spans}
        return entity_agreement(*(without_lower_case(labelled, entities, labels) for entities in both))

    def _project_sources(self, docs: Sequence[Doc], predictions: Sequence[TeacherPrediction]) -> EntitiesByDoc:
        """Project the teachers' entities in source sentences onto the translations, see `FindEntities`."""
        if self.sources is None:
            return {}
        sources, known = self.sources, self._source_entities
        ids = {i: meta_of(doc)["id"] for i, doc in enumerate(docs) if meta_of(doc)["id"] in sources}
        new = list(dict.fromkeys(name for name in ids.values() if name not in known))
        known.update(zip(new, self.label_sources(sources[name].text for name in new), strict=True))
        return self.project_sources({i: (sources[name].text, known[name]) for i, name in ids.items()}, predictions)

    def label_sources(self, texts: Iterable[str]) -> Iterator[list[SourceSpan]]:
        """Yield the teachers' entities in each source text."""
        for prediction in self.teachers.label(texts):
            yield [SourceSpan(e.start, e.end, e.label_, e.kb_id_, e.id_) for e in prediction.doc.ents]

    def project_sources(
        self, sources: Mapping[int, tuple[str, list[SourceSpan]]], predictions: Sequence[TeacherPrediction]
    ) -> EntitiesByDoc:
        """Project entities of source texts onto translations.

        sources (Mapping[int, tuple[str, list[SourceSpan]]]): text and entities by the number of the translation.
        predictions (Sequence[TeacherPrediction]): those for all translations.
        RAISES: XnerError without a projector.
        """
        if self.projector is None:
            raise XnerError("The distiller has no projector, expected one: it projects the entities of the sources.")

        def labelled_source(text: str, spans: list[SourceSpan]) -> Doc:
            doc = self.teachers.pipelines[0].make_doc(text)
            doc.set_ents([Span(doc, s.start, s.end, s.label, kb_id=s.kb_id, span_id=s.span_id) for s in spans])
            return doc

        found = self.projector.project((labelled_source(*each), predictions[i].doc) for i, each in sources.items())
        return {
            i: projection.spans if projection.complete else None for i, projection in zip(sources, found, strict=True)
        }


def check_unlabelled(doc: Doc) -> None:
    """RAISES: XnerError for a labelled doc."""
    if doc.has_annotation("ENT_IOB"):
        raise XnerError(
            f"The doc {meta_of(doc).get('id')} is labelled ('{doc.text[:60]}'), expected unlabelled text: labels would "
            f"be lost. Give plain text (`xner corpus convert --format plain`), or output of `xner corpus translate`."
        )
