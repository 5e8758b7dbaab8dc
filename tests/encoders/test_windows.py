"""Spans of more word pieces than the encoder can read: every token is read, in prediction and in training."""

import itertools
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData

from spacy_xner.encoders import shim, windows
from spacy_xner.encoders.windows import cut_windows, fit_spans

from ..aggregation.util import make_config, make_pipeline, run_backward, tok2vec_of, torch_encoder
from ..conftest import TINY_MAX_LENGTH

MODEL = "components.transformer.model"
HASH = "ab" * 20  # the tiny tokenizer makes a piece of each letter


@pytest.fixture(scope="module")
def nlp(tiny_encoder: Path) -> Language:
    return make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1"))


@pytest.fixture(scope="module")
def slow(tiny_encoder: Path) -> Language:
    """With a tokenizer that gives no offsets."""
    settings_ = {f"{MODEL}.tokenizer_config": {"use_fast": False}}
    nlp = make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1", **settings_))
    assert not transformer_of(nlp).tokenizer.is_fast
    return nlp


def transformer_of(nlp: Language) -> Any:
    return nlp.get_pipe("transformer").model  # type: ignore[attr-defined]


def lengths(data: TransformerData) -> list[int]:
    return numpy.asarray(data.align.lengths).tolist()


def check_all_read(nlp: Language, docs: list[Doc], found: list[TransformerData]) -> None:
    """Each token that has pieces alone has pieces in its doc, and no span exceeds the encoder."""
    for doc, data in zip(docs, found, strict=True):
        alone = transformer_of(nlp).predict([nlp.make_doc(token.text) for token in doc]).doc_data
        for token, count, one in zip(doc, lengths(data), alone, strict=True):
            assert count > 0 or not any(lengths(one)), f"{token.text!r} was not read"
        if len(doc):
            assert max(data.wordpieces.lengths) <= TINY_MAX_LENGTH
            layers = data.model_output["last_hidden_state"]
            assert layers.shape[:2] == data.wordpieces.input_ids.shape


def paths_of(nlp: Language, docs: list[Doc], monkeypatch: pytest.MonkeyPatch) -> list[list[TransformerData]]:
    """The data of docs in prediction, in training without padding, and in training with it."""
    model = transformer_of(nlp)
    found = [model.predict(docs).doc_data, model(docs, is_train=True)[0].doc_data]
    with monkeypatch.context() as patch:
        patch.setattr(shim.EncoderShim, "can_update_packed", lambda self: False)
        return [*found, model(docs, is_train=True)[0].doc_data]


words = st.sampled_from(["a", "Berlin", "c" * 30, "d" * 62, "e" * 63, "f" * 90, "x" * 120, "\u200b", " ", "北京" * 9])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.lists(words, max_size=14), min_size=1, max_size=3))
def test_no_token_is_lost(nlp: Language, monkeypatch: pytest.MonkeyPatch, contents: list[list[str]]) -> None:
    docs = [Doc(nlp.vocab, words=text) for text in contents]
    if any(len(doc) for doc in docs):
        for found in paths_of(nlp, docs, monkeypatch):
            check_all_read(nlp, docs, found)


def test_no_token_is_lost_with_a_slow_tokenizer(slow: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = [Doc(slow.vocab, words=[HASH, "Berlin", HASH, "f" * 90, "visited", HASH, "Paris"]), slow.make_doc("London")]
    for found in paths_of(slow, docs, monkeypatch):
        check_all_read(slow, docs, found)


def test_paths_read_the_same(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = [Doc(nlp.vocab, words=[HASH, "Berlin", HASH, "visited", HASH, "Paris"]), nlp.make_doc("London")]
    predicted, packed, padded = paths_of(nlp, docs, monkeypatch)
    for one, two, three in zip(predicted, packed, padded, strict=True):
        assert lengths(one) == lengths(two) == lengths(three)
        for row, length in enumerate(one.wordpieces.lengths):
            rows = [numpy.asarray(data.model_output["last_hidden_state"])[row, :length] for data in (one, two, three)]
            numpy.testing.assert_allclose(rows[0], rows[1], atol=1e-4)
            numpy.testing.assert_allclose(rows[0], rows[2], atol=1e-4)


def test_windows_of_a_doc(nlp: Language) -> None:
    """Limit 64: 62 pieces in a window, of which the next one repeats at most 15."""
    doc = Doc(nlp.vocab, words=["Berlin", "c" * 20, "Paris", "d" * 30, "London", "e" * 40, "a"])
    ((first, second),), ((one, two),) = fit_spans([[doc[:]]], transformer_of(nlp).tokenizer, 64)
    assert (first.start, first.end, len(one)) == (0, 5, 2 + 1 + 20 + 1 + 30 + 1)
    assert (second.start, second.end, len(two)) == (4, 7, 2 + 1 + 40 + 1)


def test_the_first_pieces_of_a_giant_token_are_read(nlp: Language) -> None:
    doc = Doc(nlp.vocab, words=["Berlin", "f" * 90, "Paris"])
    (data,) = transformer_of(nlp).predict([doc]).doc_data
    assert lengths(data) == [1, 63, 1]  # after [CLS]
    assert data.wordpieces.lengths == [3, 64, 3]


def test_gradients_of_split_spans(nlp: Language) -> None:
    """Training sends gradients through all windows."""
    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    vectors, _ = run_backward(nlp, [f"{HASH} Berlin {HASH} visited Paris"])
    assert [bool(vector.any()) for vector in vectors[0]] == [True] * 5
    ids = transformer_of(nlp).tokenizer.convert_tokens_to_ids(["Berlin", "Paris"])
    gradient: Any = encoder.get_input_embeddings().weight.grad  # type: ignore[operator]
    assert all(gradient[i].any() for i in ids)
    assert tok2vec_of(nlp).predict([nlp(HASH)])[0].any()


def test_texts_that_fit_are_tokenized_once(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    stock = windows.tokenize_spans

    def counted(tokenizer: Any, spans: Any) -> Any:
        calls.append(len(spans))
        return stock(tokenizer, spans)

    monkeypatch.setattr(windows, "tokenize_spans", counted)
    transformer_of(nlp).predict([nlp.make_doc("Berlin visited Paris"), nlp.make_doc("London")])
    assert calls == [2]


@given(st.lists(st.sampled_from([0, 1, 2, 5, 9, 30]), min_size=2, max_size=20), st.integers(-2, 30))
def test_cut_windows(counts: list[int], room: int) -> None:
    if sum(counts) <= room:
        return
    found = cut_windows(numpy.array(counts), room)
    assert (found[0][0], found[-1][1]) == (0, len(counts))
    for start, end in found:
        assert 0 < end - start < len(counts)
        assert sum(counts[start:end]) <= room or end - start == 1
    for (start, end), (next_start, next_end) in itertools.pairwise(found):
        assert start < next_start <= end < next_end


@pytest.mark.parametrize(
    ("counts", "room", "expected"),
    [
        ([1] * 10, 8, [(0, 8), (2, 10)]),  # the last one is full
        ([1] * 14, 8, [(0, 8), (6, 14)]),
        ([1] * 15, 8, [(0, 8), (6, 14), (7, 15)]),
        ([3, 20, 3, 3], 9, [(0, 1), (1, 2), (2, 4)]),  # a long token is read alone
        ([2, 2, 2, 6, 1], 8, [(0, 3), (2, 4), (3, 5)]),  # as much context as the next token leaves room for
    ],
)
def test_windows(counts: list[int], room: int, expected: list[tuple[int, int]]) -> None:
    assert cut_windows(numpy.array(counts), room) == expected


def test_positions_limit_the_windows_too(tiny_encoder: Path) -> None:
    """A tokenizer that names no limit: the encoder has no more positions."""
    settings_ = {f"{MODEL}.tokenizer_config": {"use_fast": True, "model_max_length": 10**9}}
    nlp = make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1", **settings_))
    doc = nlp(f"{HASH} {HASH} Berlin")
    assert max(doc._.trf_data.wordpieces.lengths) <= TINY_MAX_LENGTH
    check_all_read(nlp, [doc], [doc._.trf_data])
