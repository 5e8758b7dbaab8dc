"""Batches of docs that are limited in tokens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_xner.ner import batches, component
from spacy_xner.ner.batches import batch_by_tokens


@pytest.mark.parametrize(
    ("lengths", "max_docs", "expected"),
    [
        ([2, 3, 1, 4], None, [[2, 3], [1, 4]]),
        ([2, 9, 0, 1], None, [[2], [9, 0], [1]]),  # a longer one alone, an empty one with others
        ([0, 0, 9, 0], None, [[0, 0, 9, 0]]),
        ([1, 1, 1], 2, [[1, 1], [1]]),
        ([], None, []),
    ],
)
def test_batches(lengths: list[int], max_docs: int | None, expected: list[list[int]]) -> None:
    docs = [Doc(Vocab(), words=["a"] * length) for length in lengths]
    found = list(batch_by_tokens(docs, 5, max_docs))
    assert [[len(doc) for doc in batch] for batch in found] == expected
    assert [id(doc) for batch in found for doc in batch] == [id(doc) for doc in docs]


def test_a_full_batch_does_not_wait_for_the_next_doc() -> None:
    """A client may wait for the answer before it sends the next text, and a later text may raise an error."""
    n_read = 0

    def stream() -> Iterator[Doc]:
        nonlocal n_read
        for _ in range(4):
            n_read += 1
            yield Doc(Vocab(), words=["a"])
        raise ValueError("the source ended")

    batches_of_two = batch_by_tokens(stream(), 100, 2)
    assert len(next(batches_of_two)) == 2
    assert n_read == 2
    assert len(next(batches_of_two)) == 2
    with pytest.raises(ValueError, match="the source ended"):
        next(batches_of_two)


def test_batches_are_read_when_they_are_needed() -> None:
    stream = (Doc(Vocab(), words=["a"] * 3) for _ in range(10**9))
    assert len(next(batch_by_tokens(stream, 5))) == 1


def test_entities_do_not_depend_on_the_batches(tiny_pipeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = spacy.load(tiny_pipeline)
    texts = ["Angela Merkel visited Paris .", "", "Berlin", "London and Paris", "the house near the old river"] * 4
    expected = [doc.spans["xner"].attrs["scores"] for doc in nlp.pipe(texts)]
    sizes: list[int] = []

    def counted(docs: list[Doc], *limits: int) -> list[list[Doc]]:
        found = list(batch_by_tokens(docs, 7, *limits[1:]))
        sizes.append(len(found))
        return found

    monkeypatch.setattr(component, "batch_by_tokens", counted)
    found = [doc.spans["xner"].attrs["scores"] for doc in nlp.pipe(texts)]
    assert max(sizes) > 5
    assert sum(map(len, expected)) > 10
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert batches.PREDICTED_TOKENS <= batches.DECODED_TOKENS
