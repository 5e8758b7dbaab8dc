"""Filters of projected sentences: what each drops, for both algorithms; counts; names."""

from collections import Counter
from typing import Any

import pytest

from spacy_xner.cli.options import FilterName
from spacy_xner.errors import XnerError
from spacy_xner.projection import ProjectionAlgorithm, SpanProjector
from spacy_xner.projection.filters import NAMES, filter_pairs
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.projection.transport_projection import TransportProjection
from spacy_xner.projection.types import COUNTS

from .util import SomeLinks, doc_of

ALGORITHMS = pytest.mark.parametrize("algorithm", [LinkProjection(), TransportProjection()], ids=["links", "transport"])


@ALGORITHMS
@pytest.mark.parametrize(
    ("source", "entity", "target", "links", "expected"),
    [
        ("Ada Lovelace spoke", (0, 2), "Ada Lovelace sprach", [(0, 0), (1, 1), (2, 2)], []),
        ("Ada Lovelace spoke", (0, 2), "Lovelace sprach", [(1, 0), (2, 1)], ["unaligned"]),
        ("Bank of America", (0, 3), "Banco de la América", [(0, 0), (1, 1), (2, 3)], ["gaps"]),
        ("Mary , I said", (0, 1), "Mary sagte Mary", [(0, 0), (0, 2), (3, 1)], ["gaps"]),
        ("Bank of America", (0, 3), "Banco de la América", [(0, 0), (2, 3)], ["unaligned", "gaps"]),
        ("a b", (0, 1), "B", [(1, 0)], ["unaligned", "label_counts"]),
        ("a b", (0, 1), "", [], ["unaligned", "label_counts"]),
        # punctuation needs no link, fills no gap and makes none
        ("Jean - Paul spoke", (0, 3), "Jean Paul sprach", [(0, 0), (2, 1), (3, 2)], []),
        ("Jean Paul spoke", (0, 2), "Jean - Paul sprach", [(0, 0), (1, 2), (2, 3)], []),
        ("Jean - Paul spoke .", (0, 3), "Jean Paul sprach .", [(0, 0), (1, 3), (2, 1), (3, 2)], []),
        # of an entity that is punctuation alone it does
        ("the !! sang", (1, 2), "die !! sangen", [(0, 0), (1, 1), (2, 2)], []),
        ("the !! sang", (1, 2), "die sangen", [(0, 0), (2, 1)], ["unaligned", "label_counts"]),
    ],
)
def test_what_each_filter_drops(
    algorithm: ProjectionAlgorithm,
    source: str,
    entity: tuple[int, int],
    target: str,
    links: list[tuple[int, int]],
    expected: list[str],
) -> None:
    docs = doc_of(source, (*entity, "X")), doc_of(target)
    every = SpanProjector(SomeLinks(links), algorithm, 0, NAMES)(*docs)
    assert list(every.dropped_by) == expected
    kept = SpanProjector(SomeLinks(links), algorithm, 0)(*docs)
    for name in NAMES:
        alone = SpanProjector(SomeLinks(links), algorithm, 0, [name])(*docs)
        assert alone.dropped == (name in expected)
        assert (alone.spans, alone.dropped_spans) == (([], kept.spans) if alone.dropped else (kept.spans, []))
        assert alone.missing == kept.missing
        assert alone.complete == (kept.complete and not alone.dropped)


@ALGORITHMS
def test_counts(algorithm: ProjectionAlgorithm) -> None:
    """A sentence is counted under each filter that it fails, and once as dropped; no entity vanishes."""
    links = [(0, 0), (1, 2), (3, 3)]
    projector = SpanProjector(SomeLinks(links), algorithm, 0, ["label_counts", "gaps", "gaps"])
    assert projector.filters == ("gaps", "label_counts")
    assert projector.count_names == (*COUNTS, "dropped_by_gaps", "dropped_by_label_counts")
    found = projector(doc_of("a b c d", (0, 2, "X"), (2, 3, "Y"), (3, 4, "Z")), doc_of("A B C D"))
    assert {name: n for name, n in found.counts.items() if n} == {
        "sentences": 1,
        "entities": 3,
        "projected": 2,
        "missing": 1,
        "incomplete_sentences": 1,
        "dropped_sentences": 1,
        "dropped_entities": 2,
        "dropped_by_gaps": 1,
        "dropped_by_label_counts": 1,
    }
    assert (found.score, found.complete) == (0, False)


def test_a_complete_sentence_that_is_dropped_is_not_incomplete() -> None:
    found = SpanProjector(SomeLinks([(0, 0), (0, 2)]), LinkProjection(), 0, ["gaps"])(
        doc_of("a", (0, 1, "X")), doc_of("A B C")
    )
    assert (found.missing, found.counts["incomplete_sentences"], found.counts["dropped_entities"]) == ([], 0, 1)


def test_label_counts_are_those_after_the_minimum_score_and_renaming() -> None:
    docs = doc_of("a b", (0, 1, "X"), (1, 2, "Y")), doc_of("A B")
    links = [(0, 0), (1, 1)]
    for label_map, min_score, failed in (({"X": "Z", "Y": ""}, 0, ()), ({}, 0.9, ("label_counts",))):
        strict = SpanProjector(SomeLinks(links), LinkProjection(), min_score, ["label_counts"], label_map)
        assert strict(*docs).dropped_by == failed


def test_entities_of_white_space_have_no_words_to_align() -> None:
    blank = doc_of("\n", (0, 1, "X")), doc_of("A")
    assert SpanProjector(SomeLinks([]), LinkProjection(), 0, NAMES)(*blank).dropped_by == ("label_counts",)


def test_sentences_without_entities_are_kept() -> None:
    found = SpanProjector(SomeLinks([]), LinkProjection(), 0, NAMES)(doc_of("a b"), doc_of("A"))
    assert (found.dropped, found.complete, found.score) == (False, True, 1)


def test_pairs_whose_entities_anyone_has_projected() -> None:
    """Words are aligned for filters that need links, and for sources with entities alone."""
    source = doc_of("a b", (0, 1, "X"), (1, 2, "X"))
    targets = [doc_of("A B", (0, 1, "X"), (1, 2, "X")), doc_of("A B", (0, 1, "X"), (1, 2, "Y")), doc_of("A")]
    pairs = [*((source, target) for target in targets[:2]), (doc_of("a"), targets[2]), (source, targets[0])]
    aligner = SomeLinks([(0, 0), (0, 1)])
    found = list(filter_pairs(pairs, ["label_counts", "unaligned"], aligner))
    assert found == [("unaligned",), ("unaligned", "label_counts"), (), ("unaligned",)]
    assert aligner.n_aligned == 3
    assert list(filter_pairs(pairs, ["label_counts"], aligner)) == [(), ("label_counts",), (), ()]
    assert aligner.n_aligned == 3
    twice = doc_of("A B C", (0, 1, "X"), (1, 2, "X"), (2, 3, "X"))  # as translated markup can have it
    assert list(filter_pairs([(source, twice)], ["label_counts"], aligner)) == [("label_counts",)]


def test_identity() -> None:
    """The filters and their revision determine the projections; their order does not."""
    one, other, none = (
        SpanProjector(SomeLinks([]), filters=names).identity["filters"]
        for names in (["gaps", "unaligned"], ["unaligned", "gaps"], [])
    )
    assert one == other == {"unaligned": 1, "gaps": 1}
    assert none == {}


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            ["gap"],
            "The setting filters of the projection has 'gap', which is no filter: expected one of unaligned, gaps",
        ),
        ("gaps", "is 'gaps': expected a list of names from unaligned, gaps, label_counts"),
        (True, "is True: expected a list of names"),
    ],
)
def test_unknown_filters(filters: Any, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        SpanProjector(SomeLinks([]), filters=filters)


def test_the_command_has_the_same_names() -> None:
    assert tuple(FilterName) == NAMES
    assert len(Counter(NAMES)) == 3
