"""`CarriedDoc`: a translation with the spans that arrived in it, before they are set."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span, SpanGroup

from ..annotations.attributes import confidence_of, is_fully_labelled, meta_of
from ..annotations.entities import PlainSpan, set_spans
from ..languages.tokenizer import MultilingualTokenizer
from ..translation.labelled_text import LabelledTranslation
from .convert import split_tokens
from .docs import with_step


class SourceSpan(NamedTuple):
    """A span of a source doc. entity (int | None): its number in `doc.ents`; None if it is one of a span group."""

    span: Span
    entity: int | None


Places = dict[tuple[int, int], list[SourceSpan]]
"""The spans of a source doc by their start and end in characters; in order, longer ones first."""


def find_places(doc: Doc, spans_key: str) -> Places:
    """The places of a doc's entities, and of the spans in a group ("" for none)."""
    spans = [SourceSpan(entity, number) for number, entity in enumerate(doc.ents)]
    spans += [SourceSpan(span, None) for span in doc.spans.get(spans_key, ())]
    places: Places = {}
    for each in sorted(spans, key=lambda each: (each.span.start_char, -each.span.end_char)):
        places.setdefault((each.span.start_char, each.span.end_char), []).append(each)
    return places


@dataclass
class CarriedDoc:
    """A translation without annotation, and the spans to set on it.

    entities (list[PlainSpan]), sources (list[int]): its entities, and for each the number of its source entity.
    group (list[PlainSpan]): spans for the span group.
    missing (int): number of entities that are not among these, although the source has them.
    whole (bool): whether each entity is there exactly once.
    """

    source: Doc
    target: Doc
    entities: list[PlainSpan]
    sources: list[int]
    group: list[PlainSpan]
    missing: int
    whole: bool

    @classmethod
    def of(
        cls, source: Doc, places: Places, found: LabelledTranslation, tokenizer: MultilingualTokenizer
    ) -> "CarriedDoc":
        """Make the doc of a translation.

        places (Places): those of the source, which `found.sources` numbers.
        """
        # Tokens are split where a span begins or ends inside them, so that none is lost.
        edges = {offset for start, end, _ in found.spans for offset in (start, end)}
        words, spaces, _ = split_tokens(tokenizer(found.text), edges)
        target = Doc(tokenizer.vocab, words=words, spaces=spaces)
        carried = cls(source, target, [], [], [], found.lost, not found.lost and not found.duplicated)
        at_place = list(places.values())
        for (start, end, _), number in zip(found.spans, found.sources, strict=True):
            span = target.char_span(start, end)
            assert span is not None  # tokens end at its edges
            for origin, entity in at_place[number]:
                plain = PlainSpan(span.start, span.end, origin.label_, score_of(origin), origin.kb_id_, origin.id_)
                (carried.group if entity is None else carried.entities).append(plain)
                carried.sources += [] if entity is None else [entity]
        return carried

    def finish(self, step: dict[str, Any], lang: str, spans_key: str) -> Doc:
        """The target with its spans and meta.

        step (dict[str, Any]): the provenance step, without "missing".
        """
        doc, meta = self.target, meta_of(self.source)
        set_spans(doc, self.entities, complete=not self.missing and is_fully_labelled(self.source))
        if spans_key in self.source.spans:
            spans = [Span(doc, s.start, s.end, s.label, kb_id=s.kb_id, span_id=s.span_id) for s in self.group]
            doc.spans[spans_key] = SpanGroup(doc, name=spans_key, spans=spans)
        score = meta.get("score", 1.0) if self.whole else 0.0
        doc._.xner_meta = with_step(meta, {**step, "missing": self.missing}, lang=lang, score=score)
        return doc


def score_of(span: Span) -> float:
    """The score of a span; 1 where it has none."""
    score = confidence_of(span)
    return 1.0 if score is None else score
