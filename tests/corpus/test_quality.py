"""Quality of translations by alignment: the share of both sentences that has a counterpart."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from spacy.tokens import Doc

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.affinity import PairAffinity
from spacy_xner.alignment.transport_alignment import TransportAlignment
from spacy_xner.alignment.types import Words
from spacy_xner.corpus.quality import alignment_quality
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank


class KnownAligner:
    """Gives one alignment, and notes what it was asked for."""

    def __init__(self, alignment: Alignment) -> None:
        self.identity = {"name": "known"}
        self.alignment = alignment
        self.asked: list[tuple[Words, Words]] = []

    def align(self, pairs: Iterable[tuple[Words, Words]]) -> Iterator[Alignment]:
        for pair in pairs:
            self.asked.append(pair)
            yield self.alignment


def doc(text: str) -> Doc:
    return multilingual_blank("xx").make_doc(text)


def quality_of(alignment: Alignment) -> float:
    (quality,) = alignment_quality(KnownAligner(alignment))([(doc("a b"), doc("A B"))])
    assert quality is not None
    return quality


def test_by_hand() -> None:
    """Both words have counterparts; one of two; none."""
    both, one, none = (
        quality_of(TransportAlignment(PairAffinity.of_words(np.array(affinity, dtype=np.float32))))
        for affinity in ([[0.9, -0.9], [-0.9, 0.9]], [[0.9, -0.9], [-0.9, -0.9]], [[-0.9, -0.9], [-0.9, -0.9]])
    )
    assert both == pytest.approx(1, abs=0.03)
    assert one == pytest.approx(0.5, abs=0.03)
    assert none == pytest.approx(0, abs=0.03)


def test_characters_count_as_the_unit_that_they_are() -> None:
    """A name of eight characters has no counterpart, and the other word of its sentence has one: half is aligned."""
    units = np.array([[-0.9, -0.9], [-0.9, 0.9]], dtype=np.float32)
    rows, columns = np.arange(2), np.array([0] * 8 + [1])
    words = units[:, columns]
    pieces = (rows, rows), (np.arange(9), columns)
    for affinity in (
        PairAffinity(words, units, words, rows, columns, *pieces),
        PairAffinity(words.T, units.T, words.T, columns, rows, *reversed(pieces)),
    ):
        assert quality_of(TransportAlignment(affinity)) == pytest.approx(0.5, abs=0.03)
    assert quality_of(TransportAlignment(PairAffinity.of_words(words))) < 0.15  # one word of nine


def test_white_space_is_no_word() -> None:
    aligner = KnownAligner(TransportAlignment(PairAffinity.of_words(np.eye(2, dtype=np.float32))))
    list(alignment_quality(aligner)([(doc("a \n b"), doc("A  B"))]))
    assert [tuple(map(list, pair)) for pair in aligner.asked] == [(["a", "b"], ["A", "B"])]


def test_an_aligner_without_affinities() -> None:
    with pytest.raises(XnerError, match='Quality by alignment needs an aligner with the method "transport"'):
        quality_of(Alignment([(0, 0)], np.ones((2, 2), dtype=np.float32)))
