"""Both aligners: the same links, awkward text, settings that do not exist."""

import copy
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.loading import encoder_version
from spacy_xner.alignment.registry import embedding_aligner_v1, simalign_v1
from spacy_xner.alignment.simalign_package import SimAlignAligner
from spacy_xner.cli.options import make_aligner
from spacy_xner.errors import XnerError
from spacy_xner.projection import SpanProjector

from .util import Pair, corpus_pairs, start_of

# Control characters, no spaces, right to left, emoji with joiner, white space, a word of many pieces, special tokens.
AWKWARD: list[Pair] = [
    ([], []),
    ([], ["Berlin"]),
    (["Berlin"], []),
    (["Berlin"], ["Berlin"]),
    (["\x00", "Berlin", "\u200b"], ["Berlin", "\x07"]),
    (["\x00"], ["\x00", "\n"]),
    (["", "Paris", " ", "\n\t"], ["Paris", ""]),
    (["日", "本", "東京"], ["Tokyo", ",", "Japan"]),
    (["שלום", "עולם"], ["👩‍🚀", "🇩🇪", "hello"]),
    (["[CLS]", "the", "[SEP]"], ["the", "[PAD]"]),
    (["\ud800x"], ["x"]),
]


@pytest.fixture(scope="module")
def tiny_pairs() -> list[Pair]:
    """Pairs from the project's corpus, cut to what fits into the tiny encoder, which spells."""
    return [(start_of(source, 60), start_of(target, 60)) for source, target in corpus_pairs(240)]


def same(ours: Alignment, theirs: Alignment) -> bool:
    np.testing.assert_allclose(ours.similarity, theirs.similarity, atol=1e-5)
    return ours.links == theirs.links


@pytest.mark.parametrize("token_type", ["bpe", "word"])
@pytest.mark.parametrize(("method", "n"), [("inter", 80), ("itermax", 80), ("mwmf", 4)])
def test_links_are_simaligns(tiny_encoder: Path, tiny_pairs: list[Pair], method: Any, n: int, token_type: Any) -> None:
    ours = embedding_aligner_v1(str(tiny_encoder), layers=2, method=method, token_type=token_type, join_unspaced=False)
    theirs = simalign_v1(str(tiny_encoder), layer=2, method=method, token_type=token_type)
    pairs = tiny_pairs[:: 240 // n]  # of all languages
    assert sum(map(same, ours.align(pairs), theirs.align(pairs))) == n
    assert theirs.cut == 0


@pytest.mark.slow
@pytest.mark.parametrize("token_type", ["bpe", "word"])
@pytest.mark.parametrize("method", ["inter", "itermax", "mwmf"])
def test_links_are_simaligns_with_the_embedded_encoder(embedded_encoder: Path, method: str, token_type: str) -> None:
    pairs = corpus_pairs(240)
    ours = EmbeddingAligner(str(embedded_encoder), method=method, token_type=token_type, join_unspaced=False)
    theirs = SimAlignAligner(str(embedded_encoder), method=method, token_type=token_type)
    assert len(pairs) == 240
    assert sum(map(same, ours.align(pairs), theirs.align(pairs))) == 240


@pytest.mark.parametrize("method", ["transport", "itermax"])
def test_links_of_translations(embedded_encoder: Path, method: str) -> None:
    aligner = EmbeddingAligner(str(embedded_encoder), method=method)
    source = ["Angela", "Merkel", "visited", "New", "York", "on", "Monday", "."]
    target = ["Am", "Montag", "besuchte", "Angela", "Merkel", "New", "York", "."]
    (alignment,) = aligner.align([(source, target)])
    assert {(0, 3), (1, 4), (2, 2), (3, 5), (4, 6), (6, 1), (7, 7)} <= set(alignment.links)


@pytest.mark.parametrize("token_type", ["bpe", "word"])
@pytest.mark.parametrize("make", [EmbeddingAligner, SimAlignAligner])
def test_awkward_text(tiny_encoder: Path, make: type, token_type: str) -> None:
    pairs = AWKWARD if make is EmbeddingAligner else AWKWARD[:-1]  # the package knows no lone surrogates
    for (source, target), alignment in zip(
        pairs, make(str(tiny_encoder), 2, "itermax", token_type).align(pairs), strict=True
    ):
        assert alignment.similarity.shape == (len(source), len(target))
        assert alignment.similarity.dtype == np.float32
        assert all(source[i].strip() and target[j].strip() for i, j in alignment.links)
        assert ((alignment.similarity >= 0) & (alignment.similarity <= 1)).all()
        if "Berlin" in source and "Berlin" in target:
            assert alignment.links == [(source.index("Berlin"), target.index("Berlin"))]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.text(max_size=6), max_size=6), st.lists(st.text(max_size=6), max_size=6)), max_size=5
    )
)
def test_any_text_by_transport(tiny_encoder: Path, pairs: list[Pair]) -> None:
    for (source, target), alignment in zip(pairs, EmbeddingAligner(str(tiny_encoder), 2).align(pairs), strict=True):
        assert alignment.affinity is not None
        assert alignment.affinity.shape == alignment.similarity.shape == (len(source), len(target))
        assert np.isfinite(alignment.affinity).all()
        assert all(source[i].strip() and target[j].strip() for i, j in alignment.links)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.text(max_size=6), max_size=6), st.lists(st.text(max_size=6), max_size=6)), max_size=5
    )
)
def test_any_text(any_text_aligners: tuple[EmbeddingAligner, SimAlignAligner], pairs: list[Pair]) -> None:
    ours, theirs = any_text_aligners
    for (source, target), mine, reference in zip(pairs, ours.align(pairs), theirs.align(pairs), strict=True):
        assert mine.similarity.shape == (len(source), len(target))
        assert same(mine, reference)


@pytest.fixture(scope="module")
def any_text_aligners(tiny_encoder: Path) -> tuple[EmbeddingAligner, SimAlignAligner]:
    return EmbeddingAligner(str(tiny_encoder), 2, "itermax", join_unspaced=False), SimAlignAligner(str(tiny_encoder), 2)


@pytest.mark.parametrize("method", ["transport", "itermax"])
def test_batches_change_nothing(tiny_encoder: Path, tiny_pairs: list[Pair], method: str) -> None:
    pairs = tiny_pairs[:50]
    one, many = (EmbeddingAligner(str(tiny_encoder), 2, method, batch_size=size) for size in (1, 64))
    assert sum(map(same, one.align(pairs), many.align(pairs))) == 50


def test_sources_that_are_kept_are_encoded_once(
    tiny_encoder: Path, tiny_pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their links with other targets are the same; beyond the limit, sources are encoded again."""
    first = [(tuple(source), tuple(target)) for source, target in tiny_pairs[:12]]
    second = [(source, target[::-1]) for source, target in first]
    plain, keeping = EmbeddingAligner(str(tiny_encoder)), EmbeddingAligner(str(tiny_encoder))
    expected = [alignment.links for alignment in plain.align(second)]
    read: list[tuple[str, ...]] = []
    encode = keeping.encoder.encode

    def counted(sentences: Any) -> Any:
        read.extend(sentences)
        return encode(sentences)

    monkeypatch.setattr(keeping.encoder, "encode", counted)
    keeping.keep_sources = True
    list(keeping.align(first))
    read.clear()
    assert [alignment.links for alignment in keeping.align(second)] == expected
    sources = {source for source, _ in first}
    assert not sources & set(read)
    assert not pickle.loads(pickle.dumps(EmbeddingAligner(str(tiny_encoder))))._kept

    monkeypatch.setattr("spacy_xner.alignment.embedding.KEPT_PIECES", 100)
    keeping._kept.clear()
    list(keeping.align(first))
    assert 0 < len(keeping._kept) < len(sources)
    assert [alignment.links for alignment in keeping.align(second)] == expected


def test_several_layers(tiny_encoder: Path, tiny_pairs: list[Pair]) -> None:
    pairs = tiny_pairs[:5]
    single = [list(EmbeddingAligner(str(tiny_encoder), layer, "inter", "word").align(pairs)) for layer in (1, 3)]
    both = EmbeddingAligner(str(tiny_encoder), [1, 3], "inter", "word").align(pairs)
    for first, second, mean in zip(*single, both, strict=True):
        np.testing.assert_allclose(mean.similarity, (first.similarity + second.similarity) / 2, atol=1e-5)


@pytest.mark.parametrize("token_type", ["bpe", "word"])
def test_join_unspaced(embedded_encoder: Path, token_type: str) -> None:
    """Argentina is one piece and three words; without joining, each character is spelt by itself."""
    pair = ["Argentina", "won", "."], list("阿根廷赢了。")
    aligner = EmbeddingAligner(str(embedded_encoder), 6, "itermax", token_type)
    (joined,) = aligner.align([pair])
    assert joined.similarity.shape == (3, 6)
    assert {(0, 0), (0, 1), (0, 2)} <= set(joined.links) or token_type == "word"
    spaced = ["Argentina", "won", "."], ["阿根廷", "赢了", "。"]
    (other,) = aligner.align([spaced])
    assert {(0, 0), (1, 1), (2, 2)} <= set(other.links)


def test_it_streams(tiny_encoder: Path) -> None:
    """The first result comes long before the last pair is read."""
    read = 0

    def pairs() -> Iterator[Pair]:
        nonlocal read
        for _ in range(10_000):
            read += 1
            yield ["Berlin"], ["Paris", "Berlin"]

    alignments = EmbeddingAligner(str(tiny_encoder), 1, "inter", batch_size=4).align(pairs())
    assert next(alignments).links == [(0, 1)]
    assert read <= 32


def test_sentences_longer_than_the_encoder(tiny_encoder: Path) -> None:
    """Nothing is cut by ours; the package's cut is counted and said."""
    ours = EmbeddingAligner(str(tiny_encoder), 2, "inter")
    numbers = [str(i) for i in range(200)]
    (alignment,) = ours.align([(numbers, numbers)])
    assert alignment.links == [(i, i) for i in range(200)]
    words = ["the", "President", "visited", "Berlin"] * 40
    theirs = SimAlignAligner(str(tiny_encoder), 2, "inter")
    with pytest.warns(UserWarning, match="truncates a sentence of 160 word pieces to the 62 that fit"):
        (cut,) = theirs.align([(words, words[:8])])
    assert theirs.cut == 1
    assert cut.similarity.shape == (160, 8)
    assert max(i for i, _ in cut.links) < 62


def test_10_000_words(tiny_encoder: Path) -> None:
    words = [f"{'abcdefghij'[i % 10]}{i % 7}" for i in range(10_000)]
    (alignment,) = EmbeddingAligner(str(tiny_encoder), 1, "inter").align([(words, ["a0", "b1", "Berlin"])])
    assert alignment.similarity.shape == (10_000, 3)
    assert alignment.similarity[-1].min() > 0


@pytest.mark.parametrize("make", [EmbeddingAligner, SimAlignAligner])
def test_identity(tiny_encoder: Path, make: type) -> None:
    identity = make(str(tiny_encoder), method="inter").identity
    assert identity["layers"] == [2]
    assert identity["method"] == "inter"
    assert identity["name"].startswith("spacy_xner.")


def test_segmenters_are_part_of_the_identity_where_they_are_used(tiny_encoder: Path) -> None:
    transport, inter = (EmbeddingAligner(str(tiny_encoder), method=method) for method in ("transport", "inter"))
    assert transport.identity["segmenters"].keys() == {"jieba", "icu4py"}
    assert inter.identity["segmenters"] == {}


def test_links_of_characters_are_those_of_their_words(embedded_encoder: Path) -> None:
    pytest.importorskip("jieba")
    (alignment,) = EmbeddingAligner(str(embedded_encoder)).align(
        [(["Angela", "visited", "Beijing"], list("安格拉访问北京"))]
    )
    assert alignment.links == [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)]
    assert len(set(alignment.scores[:3])) == len(set(alignment.scores[3:5])) == len(set(alignment.scores[5:])) == 1
    np.testing.assert_allclose(alignment.masses[1], [1 / 9] * 3 + [1 / 6] * 4)


@pytest.mark.parametrize("make", [EmbeddingAligner, SimAlignAligner])
def test_a_copy_loads_its_own_encoder(tiny_encoder: Path, make: type) -> None:
    aligner = make(str(tiny_encoder), 2)
    pair = (["Berlin"], ["Berlin"])
    assert next(aligner.align([pair])).links == [(0, 0)]
    for twin in (pickle.loads(pickle.dumps(aligner)), copy.copy(aligner)):
        assert not {"encoder", "package"} & twin.__dict__.keys()
        assert next(twin.align([pair])).links == [(0, 0)]


@pytest.mark.parametrize("make", [EmbeddingAligner, SimAlignAligner])
def test_settings_that_do_not_exist(tiny_encoder: Path, make: type) -> None:
    with pytest.raises(XnerError, match="Unknown alignment method 'x'"):
        make(str(tiny_encoder), method="x")
    with pytest.raises(XnerError, match="Unknown token type 'letter': expected one of bpe, word"):
        make(str(tiny_encoder), token_type="letter")
    with pytest.raises(XnerError, match=r"layers 0 \(embeddings\) to 3"):
        next(make(str(tiny_encoder), 9).align([(["a"], ["a"])]))
    with pytest.raises(XnerError, match="takes lists of words, and got the text 'a b'"):
        next(make(str(tiny_encoder)).align([("a b", ["a"])]))


def test_one_default_for_all(tiny_encoder: Path) -> None:
    """Python, the command line, a config and the component align alike."""
    nlp = spacy.blank("de")
    aligner = {"@misc": "spacy_xner.EmbeddingAligner.v1", "model": str(tiny_encoder)}
    component = nlp.add_pipe("xner_projector", config={"aligner": aligner})
    aligners = [
        EmbeddingAligner(str(tiny_encoder)),
        make_aligner(str(tiny_encoder), None, "transport"),
        embedding_aligner_v1(str(tiny_encoder)),
        component.projector.aligner,  # type: ignore[attr-defined]
        SpanProjector(EmbeddingAligner(str(tiny_encoder))).aligner,
    ]
    first, *others = (aligner.identity for aligner in aligners)
    assert first["join_unspaced"] is True
    assert all(identity == first for identity in others)
    assert SpanProjector().aligner.join_unspaced  # type: ignore[attr-defined]


def test_batch_size() -> None:
    with pytest.raises(XnerError, match="batch_size is 0"):
        EmbeddingAligner(batch_size=0)


def test_the_version_is_of_the_weights_that_are_there(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, folder)
    before = encoder_version(str(folder))
    assert before == encoder_version(str(tiny_encoder))
    (folder / "ORIGIN.json").write_text('{"name": "x", "sha256": {"model.safetensors": "0"}}', encoding="utf8")
    assert encoder_version(str(folder)) == before
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"more")
    assert encoder_version(str(folder)) != before
