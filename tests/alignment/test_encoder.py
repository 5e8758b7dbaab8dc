"""Piece vectors: only the layers needed, any batch, any length."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.alignment.encoder import (
    PieceEncoder,
    default_layers,
    encodable,
    encodable_words,
    join_windows,
    pair_with_words,
    window_starts,
)
from spacy_xner.alignment.types import SpacedWords
from spacy_xner.alignment.word_kinds import unspaced_runs
from spacy_xner.encoders.origin import Origin, write_origin
from spacy_xner.errors import XnerError

SENTENCES = [["the", "President", "visited", "Berlin"], ["Paris"], ["日", "本"], [], ["שלום", "😀", "x" * 30]]


def reference(folder: Path, words: list[str]) -> torch.Tensor:
    """All layers of one sentence from the whole model, without special tokens: (n_layers + 1, n_pieces, width)."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModel.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        states = model(
            **tokenizer([words], is_split_into_words=True, return_tensors="pt"), output_hidden_states=True
        ).hidden_states
    return torch.stack(states)[:, 0, 1:-1]


@pytest.mark.parametrize("layers", [0, 1, 2, 3, [0, 3], [2, 1]])
def test_layers_are_the_models(tiny_encoder: Path, layers: int | list[int]) -> None:
    encoder = PieceEncoder(str(tiny_encoder), layers)
    chosen = [layers] if isinstance(layers, int) else layers
    assert len(encoder.model.encoder.layer) == max(chosen)  # the others are gone
    for words, encoded in zip(SENTENCES, encoder.encode(SENTENCES), strict=True):
        expected = reference(tiny_encoder, words)[chosen].numpy() if words else np.zeros((len(chosen), 0, 32))
        np.testing.assert_allclose(encoded.vectors, expected, atol=1e-5)
        assert encoded.vectors.dtype == np.float32


@given(st.integers(0, 300), st.integers(1, 40))
def test_windows_cover_everything(length: int, window: int) -> None:
    """Each piece comes back once, in order, and from a window that has it."""
    starts = window_starts(length, window)
    parts = [(start, np.arange(start, min(start + window, length), dtype="f").reshape(1, -1, 1)) for start in starts]
    joined = join_windows(parts).ravel().tolist() if parts else []
    assert joined == list(range(length))
    assert all(array.shape[1] == window for _, array in parts) or len(parts) == 1


def test_batches_of_a_gpu_are_measured_in_word_pieces(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Padded batches have at most `PADDED_PIECES`, but for a single longer sequence, and change no vector."""
    monkeypatch.setattr("spacy_xner.alignment.encoder.PADDED_PIECES", 12)
    encoder = PieceEncoder(str(tiny_encoder), [1, 3])
    sequences = [[*range(5, 5 + length)] for length in (3, 20, 4, 6, 3, 2)]
    shapes: list[tuple[int, ...]] = []
    pad = encoder.pad

    def recorded(batch: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        ids, mask = pad(batch)
        shapes.append(tuple(ids.shape))
        return ids, mask

    monkeypatch.setattr(encoder, "pad", recorded)
    padded = encoder._run_padded(sequences, torch.device("cpu"))
    assert shapes == [(1, 20), (2, 6), (3, 3)]
    for found, expected in zip(padded, encoder._run_packed(sequences), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_long_sentence_is_not_cut(tiny_encoder: Path) -> None:
    encoder = PieceEncoder(str(tiny_encoder), 2)
    words = ["the", "President", "visited", "Berlin"] * 500
    encoded = encoder.encode([words])[0]
    assert encoded.vectors.shape == (1, 2000, 32)
    assert encoded.words.tolist() == list(range(2000))
    # the first pieces are those of the first window
    first = encoder.encode([words[:62]])[0]
    np.testing.assert_allclose(encoded.vectors[:, :50], first.vectors[:, :50], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "depth", "expected"),
    [("x", 12, 6), ("x", 3, 2), ("x", 1, 1), ("bert-base-multilingual-cased", 12, 8), ("x/distil-mbert", 6, 3)],
)
def test_default_layer(name: str, depth: int, expected: int) -> None:
    from transformers import BertConfig

    assert default_layers(name, BertConfig(num_hidden_layers=depth), beside=0) == (expected,)


@pytest.mark.parametrize(
    ("name", "depth", "beside", "expected"),
    [
        ("x", 12, 1, (6, 7, 8)),  # around 7/12 of the depth
        ("x", 24, 1, (13, 14, 15)),
        ("x", 6, 1, (3, 4, 5)),
        ("x", 3, 1, (1, 2, 3)),
        ("x", 1, 1, (0, 1)),
        ("x", 12, 2, (5, 6, 7, 8, 9)),
        ("bert-base-multilingual-cased", 12, 1, (7, 8, 9)),  # around SimAlign's choice
    ],
)
def test_default_layers(name: str, depth: int, beside: int, expected: tuple[int, ...]) -> None:
    from transformers import BertConfig

    assert default_layers(name, BertConfig(num_hidden_layers=depth), beside) == expected


def test_default_layer_of_a_fetched_mbert(tmp_path: Path) -> None:
    from transformers import BertConfig

    write_origin(tmp_path, Origin("bert-base-multilingual-cased", "the hub"))
    assert default_layers(str(tmp_path), BertConfig(num_hidden_layers=12), beside=0) == (8,)
    assert default_layers(str(tmp_path), BertConfig(num_hidden_layers=12), beside=1) == (7, 8, 9)


def test_layers_that_an_encoder_was_taught(tmp_path: Path) -> None:
    from transformers import BertConfig

    write_origin(tmp_path, Origin("x (aligned)", "a folder", aligned={"layers": [2, 3], "steps": 1, "pairs": 1}))
    assert default_layers(str(tmp_path), BertConfig(num_hidden_layers=12), beside=1) == (2, 3)
    assert default_layers(str(tmp_path), BertConfig(num_hidden_layers=12), beside=0) == (3,)


@pytest.mark.parametrize("layers", [4, -1, [1, 7], []])
def test_layer_out_of_range(tiny_encoder: Path, layers: int | list[int]) -> None:
    with pytest.raises(XnerError, match=r"has layers 0 \(embeddings\) to 3, but the setting `layers` asks for"):
        PieceEncoder(str(tiny_encoder), layers)


def test_no_fast_tokenizer(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoTokenizer, BertTokenizer

    slow = BertTokenizer.from_pretrained(str(tiny_encoder))
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *args, **kwargs: slow)
    with pytest.raises(XnerError, match=r"no fast tokenizer \(BertTokenizer was loaded\)"):
        PieceEncoder(str(tiny_encoder), None)


def test_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(XnerError):
        PieceEncoder(str(tmp_path), None)


def test_joined_words_share_pieces() -> None:
    assert unspaced_runs(["a", "日", "本", "x", "東京", "都", "", "の"]) == [[0], [1, 2], [3], [4, 5], [6], [7]]
    units, words = [[0], [1, 2, 3]], ["x", "阿", "根", "廷边"]
    # x | ▁ | 阿根廷 | 边, in characters of their unit; real tokenizers give the lone ▁ the first character
    offsets = [(0, 1), (0, 1), (0, 3), (3, 4)]
    pieces, of_words = pair_with_words([0, 1, 1, 1], offsets, [False, True, False, False], units, words)
    pairs = list(zip(pieces.tolist(), of_words.tolist(), strict=True))
    assert pairs == [(0, 0), (2, 1), (2, 2), (2, 3), (3, 3)]


def test_the_mark_of_a_start_is_no_part_of_the_first_character(embedded_encoder: Path) -> None:
    """In Chinese, SentencePiece puts a lone ▁ before most runs, with the offsets of the first character."""
    encoder = PieceEncoder(str(embedded_encoder), [0])
    words = list("阿根廷边锋")
    ((ids, pieces, of_words, _),) = encoder.pieces([words])
    assert encoder.tokenizer.convert_ids_to_tokens(ids)[0] == "▁"
    assert set(of_words.tolist()) == set(range(5))
    assert 0 not in pieces


class CountedWords(list[str]):
    """Words that count how often one is read."""

    n_read = 0

    def __getitem__(self, index: Any) -> Any:
        self.n_read += 1
        return super().__getitem__(index)


def test_work_grows_with_the_length_of_an_unspaced_run() -> None:
    """With each word read for each piece, 8,000 characters would take 64 million steps."""
    n = 8000
    words = CountedWords("字" * n)
    offsets = [(i, i + 1) for i in range(n)]
    pieces, of_words = pair_with_words([0] * n, offsets, [False] * n, [list(range(n))], words)
    assert pieces.tolist() == of_words.tolist() == list(range(n))
    assert words.n_read <= 2 * n


@pytest.mark.parametrize(
    ("spaces", "expected"),
    [
        ([False, True, False, False], [[0, 1], [2, 3]]),  # 北京 上海
        ([True, True, True, True], [[0, 1, 2, 3]]),  # split into words: the spaces say nothing
        ([False, False, False, True], [[0, 1, 2, 3]]),
    ],
)
def test_white_space_ends_a_run(spaces: list[bool], expected: list[list[int]]) -> None:
    words = SpacedWords("北京上海", spaces)
    assert unspaced_runs(words) == expected
    assert unspaced_runs(list(words)) == [[0, 1, 2, 3]]  # a plain list says nothing of white space


def test_words_with_other_spaces_are_others() -> None:
    one, other = SpacedWords("北京", [False, False]), SpacedWords("北京", [True, False])
    assert one != other
    assert len({one, other, SpacedWords("北京", [False, False])}) == 2
    assert pickle.loads(pickle.dumps(other)) == other
    assert encodable_words(SpacedWords(["a\ud800"], [True])) == SpacedWords(["a\ufffd"], [True])


@given(st.lists(st.sampled_from(["a", "日", "本語", "ไทย", "", ".", "ー"])))
def test_units_hold_every_word(words: list[str]) -> None:
    assert [i for unit in unspaced_runs(words) for i in unit] == list(range(len(words)))


def test_lone_surrogates_become_text() -> None:
    assert encodable("a\ud800b") == "a\ufffdb"
    assert encodable("😀") == "😀"


def test_an_encoder_of_another_build(tmp_path: Path, tiny_encoder: Path) -> None:
    """It goes through its own forward function, and gives the same vectors."""
    from transformers import AutoTokenizer, DistilBertConfig, DistilBertModel

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_encoder))
    config = DistilBertConfig(vocab_size=len(tokenizer), dim=16, hidden_dim=16, n_layers=2, n_heads=2)
    DistilBertModel(config).save_pretrained(str(tmp_path))
    tokenizer.save_pretrained(str(tmp_path))
    encoder = PieceEncoder(str(tmp_path), [1, 2])
    (encoded,) = encoder.encode([SENTENCES[0]])
    ids = tokenizer([SENTENCES[0]], is_split_into_words=True, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        states = DistilBertModel.from_pretrained(str(tmp_path)).eval()(ids, output_hidden_states=True).hidden_states
    expected = torch.stack([states[1], states[2]])[:, 0, 1:-1]
    np.testing.assert_allclose(encoded.vectors, expected.numpy(), atol=1e-5)
