"""A span group with a score for each span, which stays right when tokens are merged or split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spacy.tokens import Doc, Span, SpanGroup

from .. import compat_spacy

SCORES = "scores"


class ScoredSpans(SpanGroup):
    """spaCy's span group, whose spans and `attrs["scores"]` follow `doc.retokenize` (and `merge_entities`).

    spaCy leaves the token numbers of a group's spans as they are when tokens are merged or split, so that the spans
    then stand for other words. This group finds its spans again by their characters when it is read. Spans that no
    longer begin and end where tokens do are removed, with their scores.

    Groups that were loaded (from bytes, a DocBin, another process) are spaCy's own and do not follow.
    """

    def __iter__(self) -> Iterator[Span]:
        self._follow_tokens()
        return iter([super(ScoredSpans, self).__getitem__(i) for i in range(super().__len__())])

    def __len__(self) -> int:
        self._follow_tokens()
        return super().__len__()

    def __getitem__(self, i: int) -> Span:
        if not self._fits(i):
            self._follow_tokens()
        return super().__getitem__(i)

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes of the group: `scores` has one number for each span."""
        self._follow_tokens()
        attrs: dict[str, Any] = SpanGroup.attrs.__get__(self)  # type: ignore[attr-defined]
        return attrs

    @attrs.setter
    def attrs(self, value: dict[str, Any]) -> None:
        SpanGroup.attrs.__set__(self, value)  # type: ignore[attr-defined]

    def to_bytes(self) -> bytes:
        """The group as bytes, as spaCy's."""
        self._follow_tokens()
        return super().to_bytes()

    def copy(self, doc: Doc | None = None) -> ScoredSpans:
        """A copy, for this doc or one with the same text. RAISES: ValueError as spaCy's, for another text."""
        plain = super().copy(doc)
        return ScoredSpans(plain.doc, name=plain.name, attrs=plain.attrs, spans=list(plain))

    def _fits(self, i: int) -> bool:
        """Whether the tokens of a span begin and end at its characters."""
        try:
            span = super().__getitem__(i)
        except IndexError:  # the doc has fewer tokens now
            return False
        doc = span.doc
        first, last = doc[span.start], doc[span.end - 1]
        return bool(first.idx == span.start_char and last.idx + len(last) == span.end_char)

    def _follow_tokens(self) -> None:
        """Find the spans again if tokens were merged or split since they were last read."""
        try:
            doc = self.doc
        except RuntimeError:  # the doc is gone; the scores can still be read, as with spaCy's group
            return
        if all(self._fits(i) for i in range(super().__len__())):
            return
        attrs: dict[str, Any] = SpanGroup.attrs.__get__(self)  # type: ignore[attr-defined]
        self.attrs = {}  # not needed in the bytes, and other code can put there what has no bytes
        found = [
            doc.char_span(span.start_char, span.end_char, label=span.label, kb_id=span.kb_id, span_id=span.id)
            for span in compat_spacy.unpack_spans(super().to_bytes())
        ]
        for key, values in attrs.items():
            if isinstance(values, list) and len(values) == len(found):
                attrs[key] = [value for value, span in zip(values, found, strict=True) if span is not None]
        kept = SpanGroup(doc, name=self.name, spans=[span for span in found if span is not None])
        self.from_bytes(kept.to_bytes())  # the only way to replace the spans in place
        self.attrs = attrs
