"""Docs as aligner and projection algorithm read them: words without white space, source spans in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spacy.tokens import Doc

from ..alignment.types import SpacedWords
from ..errors import XnerError
from .second_opinion import SecondOpinion
from .types import MissingSpan, Projection, SourceSpan


@dataclass(frozen=True)
class DocWords:
    """The words of a doc: its tokens without those of white space.

    words (SpacedWords): their texts, and between which of them the doc has white space.
    tokens (tuple[int, ...]): the index of each word's token.
    """

    words: SpacedWords
    tokens: tuple[int, ...]

    @classmethod
    def of(cls, doc: Doc) -> "DocWords":
        """The words of `doc`."""
        tokens = tuple(token.i for token in doc if not token.is_space)
        spaces = [bool(doc[i].whitespace_) or (i + 1 < len(doc) and doc[i + 1].is_space) for i in tokens]
        return cls(SpacedWords((doc[i].text for i in tokens), spaces), tokens)

    def to_tokens(self, start: int, end: int) -> tuple[int, int]:
        """Convert a span of words to a span of tokens, end exclusive."""
        return self.tokens[start], self.tokens[end - 1] + 1


@dataclass(frozen=True)
class PairWords:
    """The words of a source doc and its translation, and the source spans to project.

    blank (list[MissingSpan]): source spans of white space alone, in tokens; they have no words to project.
    opinion (SecondOpinion | None): a teacher's opinion on the target.
    """

    source: DocWords
    target: DocWords
    spans: list[SourceSpan]
    blank: list[MissingSpan]
    opinion: SecondOpinion | None = None

    @classmethod
    def of(cls, source: Doc, target: Doc, label_map: Mapping[str, str]) -> "PairWords":
        """Read a pair of docs.

        label_map (Mapping[str, str]): see `SpanProjector`.
        RAISES: XnerError for anything else than docs.
        """
        if not isinstance(source, Doc) or not isinstance(target, Doc):
            wrong = type(target if isinstance(source, Doc) else source).__name__
            raise XnerError(f"Projection takes pairs of docs and got a {wrong}: expected a spacy.tokens.Doc.")
        words = DocWords.of(source)
        word_of = {token: word for word, token in enumerate(words.tokens)}
        spans, blank = [], []
        for entity in source.ents:
            inside = [word_of[i] for i in range(entity.start, entity.end) if i in word_of]
            label = label_map.get(entity.label_, entity.label_)
            if inside and label:
                spans.append(SourceSpan(inside[0], inside[-1] + 1, label, entity.kb_id_, entity.id_))
            elif label:
                blank.append(MissingSpan(entity.start, entity.end, label, "missing"))
        return cls(words, DocWords.of(target), spans, blank)

    def to_tokens(self, projection: Projection) -> Projection:
        """Convert the offsets of a projection from words to tokens, and add the blank spans to the missing ones."""
        spans = []
        for span in projection.spans:
            start, end = self.target.to_tokens(span.start, span.end)
            source_start, source_end = self.source.to_tokens(span.source_start, span.source_end)
            spans.append(replace(span, start=start, end=end, source_start=source_start, source_end=source_end))
        missing = []
        for lost in projection.missing:
            start, end = self.source.to_tokens(lost.start, lost.end)
            missing.append(replace(lost, start=start, end=end))
        return Projection(spans, sorted([*missing, *self.blank], key=lambda span: span.start))

    @property
    def n_unknown(self) -> int:
        """Number of spans whose label the teacher does not know; 0 without a teacher."""
        return 0 if self.opinion is None else sum(not self.opinion.knows(span.label) for span in self.spans)
