"""Shuffling by a buffer of bounded size, and folders of DocBin shards."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_xner.corpus.doc_shards import write_doc_shards
from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.reader import Corpus, create_corpus_reader
from spacy_xner.corpus.shuffle import shuffle_stream
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

NLP = multilingual_blank("xx")
N_DOCS, SHARD_SIZE = 57, 5


def labels(item: int) -> set[str]:
    return {str(item % 7)}


@given(n_items=st.integers(0, 60), size=st.integers(1, 70), seed=st.integers(0, 5))
def test_each_item_once(n_items: int, size: int, seed: int) -> None:
    """By the seed alone, with no more items in memory than the buffer has, and new labels first."""
    n_read = 0

    def stream() -> Iterator[int]:
        nonlocal n_read
        for item in range(n_items):
            n_read += 1
            yield item

    found = []
    for item in shuffle_stream(stream(), size, Random(seed), labels):
        found.append(item)
        assert n_read - len(found) <= size
        assert item <= len(found) + size
    assert sorted(found) == list(range(n_items))
    assert found == list(shuffle_stream(range(n_items), size, Random(seed), labels))
    n_labels = len({item % 7 for item in range(min(size, n_items))})
    assert len({item % 7 for item in found[:n_labels]}) == n_labels


def test_all_places_are_as_likely() -> None:
    """With a buffer of 20, a stream of 40 is mixed well: the first items are found in both halves."""
    places = [list(shuffle_stream(range(40), 20, Random(seed), lambda _: set())).index(0) for seed in range(400)]
    assert 0.25 < sum(place >= 20 for place in places) / 400 < 0.5  # (19/20)^20 / e: 0.36 stay until the end


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of 57 docs; the label RARE occurs in one."""
    docs = [NLP(f"text {number}") for number in range(N_DOCS)]
    for number, doc in enumerate(docs):
        doc.set_ents([Span(doc, 0, 1, "RARE" if number == 7 else "USUAL")])
        doc._.xner_meta = {"id": str(number), "lang": "en"}
    folder = tmp_path_factory.mktemp("shards") / "corpus"
    assert write_doc_shards(folder, iter(docs), SHARD_SIZE) == N_DOCS
    return folder


def texts(examples: Iterable[Example]) -> list[str]:
    return [example.reference.text for example in examples]


def test_shards(shards: Path) -> None:
    """Files of equal size, in one folder, read in the order in which they were written."""
    names = sorted(path.name for path in shards.iterdir())
    assert names[0] == "shard-00000.spacy"
    assert [len(load_docs(shards / name)) for name in names] == [SHARD_SIZE] * 11 + [2]
    assert texts(create_corpus_reader(shards)(NLP)) == [f"text {number}" for number in range(N_DOCS)]


def test_small_corpora_are_shuffled_as_a_whole(shards: Path) -> None:
    """As before there was a buffer."""
    docs = [f"text {number}" for number in range(N_DOCS)]
    Random(3).shuffle(docs)
    usual = next(text for text in docs if text != "text 7")
    first = sorted([usual, "text 7"], key=docs.index)
    expected = first + [text for text in docs if text not in first]
    for size in (0, N_DOCS, 100_000):
        assert texts(create_corpus_reader(shards, shuffle=True, seed=3, shuffle_buffer=size)(NLP)) == expected
    assert texts(create_corpus_reader(shards, shuffle=True, seed=3)(NLP)) == expected


@pytest.mark.parametrize("size", [1, 10, N_DOCS - 1])
def test_large_corpora_are_streamed(shards: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    n_read = 0
    read_docs = Corpus.read_docs

    def counted(self: Corpus, *arguments: Any) -> Iterator[Doc]:
        nonlocal n_read
        for doc in read_docs(self, *arguments):
            n_read += 1
            yield doc

    monkeypatch.setattr(Corpus, "read_docs", counted)
    reader, again = (create_corpus_reader(shards, shuffle=True, seed=3, shuffle_buffer=size) for _ in range(2))
    epochs = []
    for epoch in range(3):
        n_read, seen = 0 if epoch else -size - 1, []  # the first epoch finds out that the docs do not fit
        for example in reader(NLP):
            seen.append(example.reference.text)
            assert n_read - len(seen) <= size
        epochs.append(seen)
        assert n_read == N_DOCS
    assert epochs == [texts(again(NLP)) for _ in range(3)]
    assert all(Counter(epoch) == Counter(f"text {number}" for number in range(N_DOCS)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    files = [int(text.split()[1]) // SHARD_SIZE for text in epochs[0]]
    assert size > 10 or {*files[:6]} != {*range(1 + size // SHARD_SIZE)}  # the order of the files is another one


def test_repeat_and_registered_name(shards: Path) -> None:
    reader = spacy.registry.readers.get("spacy_xner.Corpus.v1")(
        path=str(shards), shuffle=True, repeat=True, shuffle_buffer=8
    )
    seen = texts(islice(reader(NLP), 3 * N_DOCS))
    assert Counter(seen) == Counter({f"text {number}": 3 for number in range(N_DOCS)})


def test_bad_settings(shards: Path, tmp_path: Path) -> None:
    with pytest.raises(XnerError, match="shuffle_buffer of the corpus is -1, expected a number of docs"):
        create_corpus_reader(shards, shuffle=True, shuffle_buffer=-1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letters.txt").write_text("Dear")
    with pytest.raises(XnerError, match=r"mine holds something else than shards, such as letters\.txt, which would be"):
        write_doc_shards(tmp_path / "mine", [NLP("a")], 5)
    with pytest.raises(XnerError, match=r"letters\.txt is a file, expected a folder"):
        write_doc_shards(tmp_path / "mine/letters.txt", [NLP("a")], 5)
    with pytest.raises(XnerError, match="empty: not written, because no doc is left"):
        write_doc_shards(tmp_path / "empty", [], 5)


def test_shards_of_an_earlier_run_are_replaced_or_stay(tmp_path: Path) -> None:
    """The folder is the new one or, after an error, the old one."""
    docs = [NLP(f"{number}") for number in range(6)]
    write_doc_shards(tmp_path / "a", docs, 2)

    def failing() -> Iterator[Doc]:
        yield from docs
        raise XnerError("line 7")

    with pytest.raises(XnerError, match="line 7"):
        write_doc_shards(tmp_path / "a", failing(), 5)
    assert len(list((tmp_path / "a").iterdir())) == 3
    write_doc_shards(tmp_path / "a", docs, 5)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["shard-00000.spacy", "shard-00001.spacy"]
