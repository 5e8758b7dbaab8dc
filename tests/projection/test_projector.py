"""Docs in, projections out: filters, counts, white space, streaming."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from spacy.tokens import Doc, Span

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.types import SpacedWords
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank
from spacy_xner.projection import Projection, SpanProjector
from spacy_xner.projection.doc_words import DocWords
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.projection.types import COUNTS

from .util import GERMAN, SomeLinks, doc_of, source_doc


@pytest.fixture(scope="module")
def aligner(tiny_encoder: Path) -> EmbeddingAligner:
    return EmbeddingAligner(str(tiny_encoder), 0, "inter", "word")


def projector(aligner: EmbeddingAligner, min_score: float = 0.0) -> SpanProjector:
    return SpanProjector(aligner, LinkProjection(), min_score)


def sum_counts(*found: Projection) -> Counter[str]:
    counts: Counter[str] = Counter()
    for projection in found:
        counts.update(projection.counts)
    return counts


def test_offsets_are_the_docs(aligner: EmbeddingAligner) -> None:
    """White space is a token for spaCy and none for the aligner."""
    source = doc_of("\n Angela Merkel visited \t Berlin", (1, 3, "PER"), (5, 6, "LOC"))
    target = doc_of("Berlin \t visited Angela \n Merkel \n\n")
    assert source[0].is_space
    (found,) = projector(aligner).project([(source, target)])
    assert [(s.start, s.end, s.label, s.source_start, s.source_end) for s in found.spans] == [
        (0, 1, "LOC", 5, 6),
        (3, 6, "PER", 1, 3),
    ]


def test_entities_of_white_space_are_missing(aligner: EmbeddingAligner) -> None:
    """They have no words, and are not forgotten."""
    source = doc_of("Angela \n slept", (0, 1, "PER"), (1, 2, "MISC"))
    alone = doc_of("\n", (0, 1, "MISC"))
    both, blank = projector(aligner).project([(source, doc_of("Angela schlief")), (alone, doc_of("Angela"))])
    assert [(span.start, span.end, span.label) for span in both.spans] == [(0, 1, "PER")]
    assert [(lost.start, lost.end, lost.label, lost.reason) for lost in both.missing] == [(1, 2, "MISC", "missing")]
    assert (blank.counts["entities"], blank.counts["missing"], blank.complete) == (1, 1, False)


def test_counts_and_filters() -> None:
    docs = doc_of("a b c d", (0, 1, "X"), (1, 2, "Y"), (2, 3, "Z")), doc_of("A B C D")
    links = [(0, 0), (1, 0), (2, 2), (3, 2)]  # X and Y both at A, Z shares C with a word of no span
    for min_score, complete in ((0.0, False), (0.35, False), (0.0, True)):
        filters = ["label_counts"] * complete
        every = SpanProjector(SomeLinks(links), LinkProjection(), min_score, filters)
        found, other = every.project([docs, (doc_of("a"), doc_of("A"))])
        report = sum_counts(found, other)
        assert set(report) == {*COUNTS, *(["dropped_by_label_counts"] if complete else [])}
        assert (report["sentences"], report["entities"], report["overlapping"]) == (2, 3, 1)
        below = report["below_min_score"]
        assert report["entities"] == report["projected"] + report["missing"] + report["overlapping"] + below
        assert report["incomplete_sentences"] == 1
        assert report["dropped_sentences"] == found.dropped == complete
        assert report["dropped_entities"] == (2 if complete else 0)
        assert len(found.spans) == (0 if complete else 2)
        assert [lost.reason for lost in found.missing] == ["overlapping"]


def test_identifiers_of_the_source() -> None:
    source = doc_of("a \n b")
    source.ents = [Span(source, 0, 1, "X", kb_id="Q1", span_id="one"), Span(source, 2, 3, "Y", kb_id="Q2")]
    found = SpanProjector(SomeLinks([(0, 1), (1, 0)]), LinkProjection())(source, doc_of("B A"))
    assert [(span.label, span.kb_id, span.span_id) for span in found.spans] == [("Y", "Q2", ""), ("X", "Q1", "one")]


def test_min_score() -> None:
    pair = doc_of("a b c", (0, 1, "X"), (1, 3, "Y")), doc_of("A B")
    strict = SpanProjector(SomeLinks([(0, 0), (1, 1)]), LinkProjection(), 0.5)
    (found,) = strict.project([pair])
    assert [span.label for span in found.spans] == ["X"]  # 0.6
    assert [(lost.label, lost.reason) for lost in found.missing] == [("Y", "below_min_score")]  # 0.6 * 2/3
    assert (found.counts["projected"], found.counts["below_min_score"], found.counts["missing"]) == (1, 1, 0)


def test_nothing_arrives_from_an_empty_translation(aligner: EmbeddingAligner) -> None:
    some = projector(aligner)
    found = list(some.project([(source_doc(), doc_of("")), (doc_of(""), doc_of("")), (doc_of(""), doc_of("Berlin"))]))
    assert [len(f.missing) for f in found] == [2, 0, 0]
    assert sum_counts(*found)["missing"] == 2
    assert found[1].complete
    assert found[1].score == 1


def test_docs_without_entities_are_not_aligned() -> None:
    class Refuses(SomeLinks):
        def align(self, pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Iterator[Alignment]:
            for _ in pairs:
                raise AssertionError
            yield from ()

    found = SpanProjector(Refuses([]), LinkProjection()).project([(doc_of("a b"), doc_of("A"))] * 3)
    assert [f.spans for f in found] == [[], [], []]


def test_it_streams_in_order(tiny_encoder: Path) -> None:
    read = 0

    def pairs() -> Iterator[tuple[Doc, Doc]]:
        nonlocal read
        for i in range(1000):
            read += 1
            entities = [(0, 1, f"L{i}")] if i % 3 else []
            yield doc_of("Berlin x", *entities), doc_of("Berlin x y")

    results = projector(EmbeddingAligner(str(tiny_encoder), 0, batch_size=2)).project(pairs())
    first = [next(results) for _ in range(10)]
    assert read < 50
    assert [[s.label for s in f.spans] for f in first] == [[f"L{i}"] if i % 3 else [] for i in range(10)]


def test_wrong_input(aligner: EmbeddingAligner) -> None:
    with pytest.raises(XnerError, match=r"min_score of the projection is 2: expected a score from 0 to 1"):
        projector(aligner, 2)
    with pytest.raises(XnerError, match=r"pairs of docs and got a str: expected a spacy\.tokens\.Doc"):
        next(projector(aligner).project([("a", doc_of("a"))]))  # type: ignore[list-item]


def test_real_translation(embedded_encoder: Path) -> None:
    some = projector(EmbeddingAligner(str(embedded_encoder)))
    target = doc_of(GERMAN, lang="de")
    (found,) = some.project([(source_doc(), target)])
    assert [(target[s.start : s.end].text, s.label) for s in found.spans] == [
        ("Angela Merkel", "PER"),
        ("New York", "LOC"),
    ]
    assert found.complete
    assert 0.5 < found.score <= 1
    assert target.ents == ()


def test_words_know_where_the_text_has_white_space() -> None:
    words = DocWords.of(multilingual_blank()("北京 上海\n\n市")).words
    assert words == SpacedWords("北京上海市", [False, True, False, True, False])
