"""Turns what annotation tools say into sentences: offsets, white space at edges, overlaps, several annotators."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from ...errors import XnerError
from .annotated import Annotated, Mark, Place, RefusalError
from .offsets import OFFSET_UNITS, Offsets, OffsetUnit
from .report import Report
from .sentence import CharSpan, Sentence, SpanDetails, overlapping

Overlaps = Literal["refuse", "longest"]

OTHER_UNIT = "entities whose offsets do not count characters from 0 to the character after the entity, converted"
NO_ENTITIES = "texts with an empty list of entities, in a file without any entity: is it annotated?"
PREDICTIONS = "predictions, which are not annotations, not read"


class Settler:
    """Makes the sentences of one file.

    annotator (str | None): keep the annotation of this annotator alone.
    overlaps (Overlaps): "refuse" an entity that overlaps another one; or keep the "longest", the first of equal ones.
    offsets (OffsetUnit): the unit of the file's offsets.
    """

    def __init__(
        self,
        path: Path,
        report: Report,
        annotator: str | None = None,
        overlaps: Overlaps = "refuse",
        offsets: OffsetUnit = "auto",
    ) -> None:
        if overlaps not in ("refuse", "longest"):
            raise XnerError(f"overlaps is '{overlaps}', expected refuse or longest.")
        if offsets not in OFFSET_UNITS:
            raise XnerError(f"offsets is '{offsets}', expected one of {', '.join(OFFSET_UNITS)}.")
        self.path, self.report = path, report
        self.annotator, self.overlaps = annotator, overlaps
        self.offsets = Offsets(offsets)
        self.annotators: set[str] = set()
        self.n_entities = self.n_without = 0  # entities; labelled texts without any
        self.first_without = 1
        self.known: dict[str, tuple[bytes, str, Place]] = {}  # by group: hash of the annotation, annotator, place

    def settle(self, items: Iterable[Annotated]) -> Iterator[Sentence]:
        """The sentences of items, in order. RAISES: RefusalError."""
        for item in items:
            if item.annotator:
                self.annotators.add(item.annotator)
            if self.annotator and item.annotator != self.annotator and item.marks is not None:
                self.note("annotations of other annotators left out", item)
                continue
            sentence = self.sentence_of(item)
            if item.marks is None or not item.group or not self._is_known(item, sentence):
                self._count(sentence, item.place.line)
                yield sentence

    def _count(self, sentence: Sentence, line: int) -> None:
        self.n_entities += len(sentence.spans or ())
        if sentence.spans == ():
            self.first_without = self.first_without if self.n_without else line
            self.n_without += 1

    def finish(self) -> None:
        """Call it after the last item.

        RAISES: XnerError where the annotator that was asked for has done nothing; RefusalError of `Offsets.finish`.
        """
        self.offsets.finish()
        if self.n_without and not self.n_entities:
            self.report.note(NO_ENTITIES, self.path, self.first_without, self.n_without)
        if self.annotator and self.annotator not in self.annotators:
            names = ", ".join(sorted(self.annotators)) or "none"
            raise XnerError(f"{self.path}: found no annotation of '{self.annotator}', expected one of: {names}.")

    def note(self, what: str, item: Annotated, count: int = 1) -> None:
        self.report.note(what, self.path, item.place.line, count)

    def _is_known(self, item: Annotated, sentence: Sentence) -> bool:
        digest = hashlib.sha256(repr((sentence.text, sentence.spans)).encode("utf8", "surrogatepass")).digest()
        known, annotator, place = self.known.setdefault(item.group, (digest, item.annotator, item.place))
        if place == item.place and annotator == item.annotator:
            return False
        if known != digest:
            names = " and ".join(sorted({annotator or "someone", item.annotator or "someone"}))
            raise RefusalError(
                f"found other entities than at {place} for the same text (annotated by {names}). Expected one "
                "annotation of each text: choose an annotator, as --annotator "
                f"{annotator or item.annotator or 'NAME'}, or remove the annotation that does not count"
            )
        self.note("annotations that are equal to one before for the same text left out", item)
        return True

    def sentence_of(self, item: Annotated) -> Sentence:
        """The sentence of an item. RAISES: RefusalError."""
        number = item.place.record or item.place.line
        if item.marks is None:
            return Sentence(item.text, None, self.path, number, item.words, item.spaces or None, meta=item.meta)
        found: dict[CharSpan, SpanDetails] = {}
        places = self.offsets.settle(item.text, item.marks)
        for mark, (start, end) in zip(item.marks, places, strict=True):
            if (start, end) != (mark.start, mark.end):
                self.note(OTHER_UNIT, item)
            span = self._trim(item, mark, start, end)
            details = SpanDetails(mark.kb_id, mark.span_id, mark.score)
            if span in found:
                self.note("entities that occur twice at the same place left out", item)
            if span not in found or found[span] == SpanDetails():
                found[span] = details
        spans = self._without_overlaps(item, sorted(found))
        unlabelled = [*item.unlabelled, *(_outside(spans, len(item.text)) if item.only_marks else ())]
        return Sentence(
            item.text,
            tuple(spans),
            self.path,
            number,
            item.words,
            item.spaces or None,
            item.meta,
            tuple(unlabelled),
            {span: found[span] for span in spans if found[span] != SpanDetails()},
        )

    def _trim(self, item: Annotated, mark: Mark, start: int, end: int) -> CharSpan:
        name = item.text[start:end]
        if not name.strip():
            raise RefusalError(
                f"found the entity {[mark.start, mark.end, mark.label]}, which is blank. Expected a name; correct "
                "it in the tool",
                mark.line,
            )
        if name != name.strip():
            self.note("entities with white space at their edges trimmed", item)
        return start + len(name) - len(name.lstrip()), end - (len(name) - len(name.rstrip())), mark.label

    def _without_overlaps(self, item: Annotated, spans: list[CharSpan]) -> list[CharSpan]:
        for left, right in overlapping(spans):
            if self.overlaps == "refuse":
                raise RefusalError(
                    f"found the overlapping entities {list(left)} and {list(right)}. Expected entities that do not "
                    "overlap: correct them, or keep the longest ones: --overlaps longest"
                )
        kept: list[CharSpan] = []
        for span in sorted(spans, key=lambda span: (span[0] - span[1], span)):
            if all(span[1] <= other[0] or other[1] <= span[0] for other in kept):
                kept.append(span)
            else:
                self.note("entities that overlap a longer one left out", item)
        return sorted(kept)


def _outside(spans: list[CharSpan], length: int) -> Iterator[tuple[int, int]]:
    """The ranges between the spans."""
    edges = [0, *(edge for start, end, _ in spans for edge in (start, end)), length]
    return ((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end)
