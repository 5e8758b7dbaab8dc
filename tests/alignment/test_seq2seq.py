"""Alignment by the encoders of translation models: their own states, in the languages of both sides."""

import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from spacy.util import registry

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.encoder import PieceEncoder
from spacy_xner.alignment.registry import simalign_v1
from spacy_xner.alignment.seq2seq import Seq2SeqAligner
from spacy_xner.alignment.seq2seq_encoder import Seq2SeqEncoder
from spacy_xner.alignment.slow_tokenizer import SlowTokenizer
from spacy_xner.errors import XnerError
from spacy_xner.translation.seq2seq import Seq2Seq

from ..translation.tiny_models import tiny_m2m100, tiny_marian, tiny_nllb, tiny_t5
from .test_aligners import AWKWARD

MAKE: dict[str, Callable[[Path], Path]] = {
    "marian": lambda folder: tiny_marian(folder, ["eng", "deu"], source="mul", target="mul"),
    "m2m100": tiny_m2m100,
    "nllb": tiny_nllb,
    "t5": tiny_t5,
}
WORDS = ["The", "young", "house", ",", "London."]
PREFIX = {"marian": [">>deu<< ", ">>eng<< "]}  # the text of each side begins with the language to translate into
SRC_LANG = {"m2m100": ["en", "de"], "nllb": ["eng_Latn", "deu_Latn"]}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {name: make(folder / name) for name, make in MAKE.items()}


def make_encoder(folder: Path, layers: Any = None, **settings: Any) -> Seq2SeqEncoder:
    return Seq2SeqEncoder(str(folder), "en", "de", layers, **settings)


def model_input(folder: Path, words: list[str], side: int) -> dict[str, torch.Tensor]:
    """What the model's own tokenizer makes of a text to translate."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    if folder.name in SRC_LANG:
        tokenizer.src_lang = SRC_LANG[folder.name][side]
    text = PREFIX.get(folder.name, ["", ""])[side] + " ".join(words)
    return dict(tokenizer(text, return_tensors="pt"))


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", MAKE)
def test_states_are_the_models(models: dict[str, Path], name: str, side: int) -> None:
    """Those of each layer, of sentences in both languages, for the pieces that the model's tokenizer gives."""
    from transformers import AutoModel

    inputs = model_input(models[name], WORDS, side)
    with torch.no_grad():
        own = AutoModel.from_pretrained(str(models[name])).eval().get_encoder()
        states = own(**inputs, output_hidden_states=True).hidden_states
    for layers in ([0, 1, 2], [0], [1], [1, 0]):
        encoder = make_encoder(models[name], layers)
        before, after = encoder.special[side]
        ((ids, *_),) = encoder.pieces([WORDS])
        assert [*before, *ids, *after] == inputs["input_ids"][0].tolist()
        (encoded,) = encoder.encode([WORDS], encoder.special[side])
        expected = torch.stack([states[layer][0, len(before) : -len(after)] for layer in layers]).numpy()
        np.testing.assert_allclose(encoded.vectors, expected, atol=1e-5)


@pytest.mark.parametrize("name", MAKE)
def test_every_piece_belongs_to_its_word(models: dict[str, Path], name: str) -> None:
    encoder = make_encoder(models[name])
    ((ids, pieces, of_words, content),) = encoder.pieces([["The", "house!"]])
    texts = [str(encoder_piece(encoder, ids[piece])) for piece in pieces]
    first = [text for text, word in zip(texts, of_words, strict=True) if word == 0]
    assert "".join(first).strip("▁") == "The"
    assert "".join(text for text, word in zip(texts, of_words, strict=True) if word == 1).strip("▁") == "house!"
    assert [text for text, kept in zip(texts, content, strict=True) if not kept] == ["!"]


def encoder_piece(encoder: Seq2SeqEncoder, piece: int) -> str:
    tokenizer = encoder.tokenizer.tokenizer if isinstance(encoder.tokenizer, SlowTokenizer) else encoder.tokenizer
    return str(tokenizer.convert_ids_to_tokens(piece))


@pytest.mark.parametrize("name", MAKE)
def test_batches_of_any_kind(models: dict[str, Path], name: str) -> None:
    """Padding, as on a GPU, and batches of sentences of other lengths change nothing."""
    encoder = make_encoder(models[name])
    sequences = [encoder.with_special_pieces(ids) for ids, *_ in encoder.pieces([WORDS, ["young"], WORDS[:2]])]
    padded = encoder._run_padded(sequences, torch.device("cpu"))
    for packed, other, ids in zip(encoder._run_packed(sequences), padded, sequences, strict=True):
        np.testing.assert_allclose(packed, other, atol=1e-5)
        np.testing.assert_allclose(packed, encoder._run_packed([ids])[0], atol=1e-5)


@pytest.mark.parametrize(("name", "window"), [("marian", 46), ("m2m100", 38), ("nllb", 38), ("t5", 1023)])
def test_long_sentences_are_read_in_windows(models: dict[str, Path], name: str, window: int) -> None:
    """Of as many pieces as the encoder can read, besides language and end."""
    encoder = make_encoder(models[name])
    assert encoder.window == window
    words = ["house"] * 300
    ((ids, *_),) = encoder.pieces([words])
    assert len(ids) > window
    (whole,) = encoder.encode([words], encoder.special[0])
    assert whole.vectors.shape == (1, len(ids), 16)
    before, after = encoder.special[0]
    (first,) = encoder._run([[*before, *ids[:window], *after]])
    np.testing.assert_allclose(whole.vectors[:, :20], first[:, len(before) :][:, :20], atol=1e-5)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("inference", ["bfloat16", "int8"])
def test_fast_inference_is_close(models: dict[str, Path], name: str, inference: str) -> None:
    from spacy_xner.encoders.precision import cpu_computes_int8

    if inference == "int8" and not cpu_computes_int8():
        pytest.skip("torch does not multiply 8-bit integers on this processor")
    (exact,), (fast,) = (make_encoder(models[name], inference=i).encode([WORDS]) for i in ("float32", inference))
    cosines = (exact.vectors * fast.vectors).sum(-1) / np.linalg.norm(exact.vectors, axis=-1)
    assert (cosines / np.linalg.norm(fast.vectors, axis=-1)).mean() > 0.95


def test_only_the_layers_requested_run_and_a_translator_keeps_all(models: dict[str, Path]) -> None:
    translator = Seq2Seq(str(models["nllb"]), "en", "de", num_beams=1)
    expected = list(translator.translate(["She gave up"]))
    encoder = make_encoder(models["nllb"], 1)
    assert encoder.model.layers[0] is translator.model.get_encoder().layers[0]  # the weights are shared
    assert (len(encoder.model.layers), len(translator.model.get_encoder().layers)) == (1, 2)
    encoder.encode([WORDS])
    assert list(translator.translate(["She gave up"])) == expected


def test_the_same_sentence_on_both_sides(models: dict[str, Path]) -> None:
    """It is read in the language of its side."""
    aligner = Seq2SeqAligner(str(models["nllb"]), "en", "de")
    ((source, target),) = aligner.encode([(tuple(WORDS), tuple(WORDS))])
    encoder = aligner.encoder
    for side, encoded in enumerate((source, target)):
        np.testing.assert_array_equal(encoded.vectors, encoder.encode([WORDS], encoder.special[side])[0].vectors)
    assert not np.allclose(source.vectors, target.vectors, atol=1e-3)


@pytest.mark.parametrize("method", ["transport", "itermax"])
@pytest.mark.parametrize("name", MAKE)
def test_awkward_text(models: dict[str, Path], name: str, method: str) -> None:
    aligner = Seq2SeqAligner(str(models[name]), "en", "de", method=method, batch_size=2)
    for alignment, (source, target) in zip(aligner.align(AWKWARD), AWKWARD, strict=True):
        assert alignment.similarity.shape == (len(source), len(target))
        assert all(i < len(source) and j < len(target) for i, j in alignment.links)


def test_the_slow_tokenizer_gives_offsets(models: dict[str, Path]) -> None:
    """Of characters in the word as it was given, whatever SentencePiece makes of them."""
    tokenizer = make_encoder(models["marian"]).tokenizer
    (encoding,) = tokenizer([["ﬁr", "\u200b", "e\u0301a", "早上好"]], add_special_tokens=False).encodings
    pieces = [*zip(encoding.tokens, encoding.word_ids, encoding.offsets, strict=True)]
    assert pieces == [
        ("▁", 0, (0, 1)), ("f", 0, (0, 1)), ("i", 0, (0, 1)), ("r", 0, (1, 2)),
        ("▁", 2, (0, 1)), ("é", 2, (0, 2)), ("a", 2, (2, 3)),
        ("▁", 3, (0, 1)), ("早", 3, (0, 1)), ("上", 3, (1, 2)), ("好", 3, (2, 3)),
    ]  # fmt: skip


def test_words_without_spaces_share_a_unit(models: dict[str, Path]) -> None:
    ((_, pieces, of_words, _),) = make_encoder(models["marian"]).pieces([["早", "上", "好"]])
    assert [*zip(pieces.tolist(), of_words.tolist(), strict=True)] == [(1, 0), (2, 1), (3, 2)]


def test_pieces_of_bytes_belong_to_the_whole_word(models: dict[str, Path]) -> None:
    import sentencepiece

    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["The house"] * 9), model_writer=file, vocab_size=300, hard_vocab_limit=False,
        byte_fallback=True, minloglevel=2,
    )  # fmt: skip
    tokenizer = make_encoder(models["marian"]).tokenizer
    tokenizer.processor = sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
    (encoding,) = tokenizer([["日ho"]]).encodings
    assert encoding.tokens[1:4] == ["<0xE6>", "<0x97>", "<0xA5>"]
    assert set(encoding.offsets) == {(0, 3)}


@pytest.mark.parametrize(
    ("source", "target", "languages", "message"),
    [
        ("eng", "deu", ("en", "de"), r"cannot align 'de': its encoder reads only 'en'"),
        ("mul", "en", ("en", "de"), r"cannot align 'en': its encoder reads no 'en', into which it translates"),
        ("mul", "en", ("de", "fr"), None),
        ("ROMANCE", "en", ("it", "fr"), None),
    ],
)
def test_marian_models_that_read_one_language(
    tmp_path: Path, source: str, target: str, languages: tuple[str, str], message: str | None
) -> None:
    aligner = Seq2SeqAligner(str(tiny_marian(tmp_path, source=source, target=target)), *languages)
    if message is None:
        assert aligner.encoder.special == [([], [0]), ([], [0])]
    else:
        with pytest.raises(XnerError, match=message):
            _ = aligner.encoder


def test_what_cannot_align(models: dict[str, Path], tiny_encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"does not support the language 'xh'"):
        _ = Seq2SeqAligner(str(models["nllb"]), "en", "xh").encoder
    with pytest.raises(XnerError, match=r"is a bert model, expected one for translation"):
        _ = Seq2SeqAligner(str(tiny_encoder), "en", "de").encoder
    with pytest.raises(XnerError, match=r"has layers 0 \(embeddings\) to 2"):
        make_encoder(models["nllb"], 3)
    with pytest.raises(XnerError):
        Seq2SeqAligner("x", "en", "german language")
    shutil.copytree(models["nllb"], tmp_path / "x", ignore=shutil.ignore_patterns("*.safetensors"))
    (tmp_path / "x/pytorch_model.bin").write_bytes(b"")
    with pytest.raises(XnerError, match=r"has no model\.safetensors"):
        make_encoder(tmp_path / "x")


def test_a_slow_tokenizer_of_another_kind(tiny_encoder: Path) -> None:
    from transformers import BertTokenizer

    with pytest.raises(XnerError, match=r"\(BertTokenizer\) is neither a fast one nor one of SentencePiece"):
        SlowTokenizer(BertTokenizer.from_pretrained(str(tiny_encoder)), "x")


def test_other_aligners_name_this_one(models: dict[str, Path]) -> None:
    for load in (
        lambda model: EmbeddingAligner(model).encoder,
        lambda model: PieceEncoder(model, None),
        lambda model: simalign_v1(model).package,
    ):
        with pytest.raises(XnerError, match=r"has a decoder \(m2m_100\).*spacy_xner\.Seq2SeqAligner\.v1"):
            load(str(models["nllb"]))


def test_in_a_config(models: dict[str, Path]) -> None:
    settings = {"@misc": "spacy_xner.Seq2SeqAligner.v1", "model": str(models["m2m100"]), "source": "en", "target": "de"}
    aligner = registry.resolve({"aligner": settings})["aligner"]
    (alignment,) = aligner.align([(WORDS, WORDS)])
    assert alignment.links
    assert aligner.identity["layers"] == [2]  # the last one
    assert aligner.identity["name"] == settings["@misc"]
    assert (aligner.identity["source"], aligner.identity["target"]) == ("en", "de")
    copied = pickle.loads(pickle.dumps(aligner))
    assert "encoder" not in copied.__dict__
    assert [each.links for each in copied.align([(WORDS, WORDS)])] == [alignment.links]
