"""From teachers to a corpus that a student learns from: soft labels, and which sentences are worth learning."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from spacy.tokens import Doc, Span

from ..encoders.memory import release_memory
from ..errors import XnerError
from ..projection import SpanProjector
from ..tokens import meta_of
from .docs import with_step
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


def distil(
    docs: Iterable[Doc],
    teachers: Teachers,
    selection: Selection,
    counts: Counter[str],
    sources: Mapping[str, Doc] | None = None,
    projector: SpanProjector | None = None,
) -> Iterator[Doc]:
    """Yield docs that a student can learn from: text as the teachers' tokenizer cuts it, with their soft labels.

    Where the sentence that a text translates is among `sources`, the teachers label that too, in the language that they
    were taught in, and the entities that they find there are projected: they become the doc's entities, beside the
    soft labels (how both are weighed is the student's `soft_weight`), and decide about agreement. Other docs have soft
    labels alone.

    docs (Iterable[Doc]): unlabelled, with meta.
    sources (Mapping[str, Doc] | None): source sentences, unlabelled or not, by id; their labels are not looked at.
    projector (SpanProjector | None): needed with `sources`.
    counts (Counter[str]): is given the numbers of "docs", "unsure", "teacher and projection disagree", "not fully
        projected", "kept", "kept with projected entities".
    RAISES: XnerError for docs that are labelled already.
    """
    counts.update({"docs": 0, "unsure": 0, "kept": 0})
    step = {"step": "distil", "teachers": teachers.identity, "certainty": selection.certainty}
    step |= {"agreement": selection.agreement} if sources else {}
    remaining = iter(docs)
    known: dict[str, Entities] = {}
    while batch := [check_unlabelled(doc) for doc in islice(remaining, BATCH)]:
        counts["docs"] += len(batch)
        opinions = list(teachers.label(doc.text for doc in batch))
        projected = (
            project_opinions(batch, opinions, teachers, sources, projector, known) if sources and projector else {}
        )
        for i, (doc, opinion) in enumerate(zip(batch, opinions, strict=True)):
            if opinion.certainty < selection.certainty:
                counts["unsure"] += 1
                continue
            made = opinion.doc
            if i not in projected:
                made.set_ents([], default="missing")
            elif (spans := projected[i]) is None:
                counts["not fully projected"] += 1
                continue
            elif agreement(entities_of(made), {(s.start, s.end, s.label_) for s in spans}) < selection.agreement:
                counts["teacher and projection disagree"] += 1
                continue
            else:
                made.set_ents(spans)
                counts["kept with projected entities"] += 1
            made.spans.clear()
            made._.xner_meta = with_step(meta_of(doc), step, score=round(opinion.certainty, 6))
            counts["kept"] += 1
            yield made
        release_memory()


def project_opinions(
    docs: Sequence[Doc],
    opinions: Sequence[Opinion],
    teachers: Teachers,
    sources: Mapping[str, Doc],
    projector: SpanProjector,
    known: dict[str, Entities],
) -> dict[int, list[Span] | None]:
    """The teachers' entities of source sentences on their translations, by position; None where not all arrived.

    known (dict[str, Entities]): the teachers' entities of sources by id; new ones are added, so that a sentence with
        translations in several languages is labelled once.
    """
    ids = {i: meta_of(doc)["id"] for i, doc in enumerate(docs) if meta_of(doc)["id"] in sources}
    new = list(dict.fromkeys(name for name in ids.values() if name not in known))
    for name, opinion in zip(new, teachers.label(sources[name].text for name in new), strict=True):
        known[name] = entities_of(opinion.doc)

    def source_of(name: str) -> Doc:
        doc = teachers.pipelines[0].make_doc(sources[name].text)
        doc.set_ents([Span(doc, *entity) for entity in sorted(known[name])])
        return doc

    found = projector.project((source_of(name), opinions[i].doc) for i, name in ids.items())
    projected: dict[int, list[Span] | None] = {}
    for i, projection in zip(ids, found, strict=True):
        doc = opinions[i].doc
        spans = [Span(doc, span.start, span.end, label=span.label) for span in projection.spans]
        projected[i] = spans if projection.complete else None
    return projected


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
