"""What carried and projected entities agree on."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner.alignment.types import Alignment, Words
from spacy_xner.corpus.carry import carry_docs
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.types import MissingSpan, ProjectedSpan, Projection, SourceSpan
from spacy_xner.translation.label_carriers import Xml

TEXT = "Ada Obi saw Rome , Oslo and Lima"
ENTITIES = [(0, 2, "PER"), (3, 4, "LOC"), (5, 6, "LOC"), (7, 8, "LOC")]


class Engine:
    """Loses the tags of the last entity, and repeats the second one."""

    identity: dict[str, Any] = {"name": "Engine", "source": "en", "target": "es"}  # noqa: RUF012

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        for text in texts:
            yield text.replace("<d>", "").replace("</d>", "").replace(",", "<b>Roma</b> y").replace("saw", "vio")


class Aligner:
    identity: dict[str, Any] = {"name": "none"}  # noqa: RUF012

    def align(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[Alignment]:
        return (Alignment.empty(len(source), len(target)) for source, target in pairs)


class Algorithm:
    """Places Ada Obi on a word too many, Oslo nowhere, and other entities on the word that is the same."""

    def project(self, spans: Sequence[SourceSpan], source: Words, target: Words, alignment: Alignment) -> Projection:
        found = Projection()
        for span in spans:
            word = source[span.start]
            if word == "Oslo":
                found.missing.append(MissingSpan(span.start, span.end, span.label, "missing"))
            else:
                end = span.end + 1 if word == "Ada" else target.index(word) + 1
                found.spans.append(ProjectedSpan(target.index(word), end, span.label, 0.9, span.start, span.end))
        return found


@pytest.fixture
def source() -> Doc:
    doc = Doc(Vocab(), words=TEXT.split())
    doc.ents = [Span(doc, *span, kb_id="Q1", span_id="1") for span in ENTITIES]
    doc._.xner_meta = {"id": "a:1", "lang": "en", "provenance": [], "score": 0.5}
    return doc


def run(docs: list[Doc], complete: bool = False) -> tuple[list[Doc], Counter[str]]:
    counts: Counter[str] = Counter()
    projector = SpanProjector(Aligner(), Algorithm())
    return list(carry_docs(docs, Engine(), "es", counts, Xml(), complete, False, projector)), counts


def test_only_what_agrees_is_kept(source: Doc) -> None:
    (found,), counts = run([source])
    assert found.text == "Ada Obi vio Rome Roma y Oslo and Lima"
    assert [(ent.text, ent.label_, ent.kb_id_, ent.id_) for ent in found.ents] == [("Rome", "LOC", "Q1", "1")]
    assert {token.ent_iob_ for token in found if not token.ent_type} == {""}  # missing annotation, not O
    kinds = {"agreed": 1, "at another place": 2, "only carried": 1, "only projected": 1}
    assert kinds.items() <= counts.items()
    assert (counts["arrived"], counts["lost"], counts["duplicated"], counts["lost: no tag"]) == (3, 1, 1, 1)
    meta = found._.xner_meta
    assert (meta["score"], meta["provenance"][-1]["missing"]) == (0.0, 3)
    assert meta["provenance"][-1]["agree"]["aligner"] == {"name": "none"}


@pytest.mark.parametrize(
    ("part", "kept", "counted"),
    [(slice(2, 4), ["Rome"], (0, 0)), (slice(5, 7), None, (1, 0)), (slice(3), None, (1, 0))],
)
def test_complete(source: Doc, part: slice, kept: list[str] | None, counted: tuple[int, int]) -> None:
    """A doc stays where all of its entities agree."""
    doc = source[part].as_doc()
    doc._.xner_meta = source._.xner_meta
    found, counts = run([doc], complete=True)
    assert [[ent.text for ent in each.ents] for each in found] == ([kept] if kept else [])
    assert (counts["docs left out"], counts["entities left out"]) == counted
    assert all(each._.xner_meta["score"] == 0.5 for each in found)


def test_a_doc_without_entities(source: Doc) -> None:
    plain = Doc(source.vocab, words=["so", "what"])
    plain.set_ents([], default="outside")
    plain._.xner_meta = {"id": "a:3", "lang": "en"}
    (found,), counts = run([plain], complete=True)
    assert (found._.xner_meta["score"], found.has_annotation("ENT_IOB"), counts["agreed"]) == (1.0, True, 0)
