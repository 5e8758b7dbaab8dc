"""Weights as they are stored: float16, and word embeddings in 8 bits."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import spacy
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertModel

from spacy_xner.distillation.weights import half_encoders
from spacy_xner.encoders.serialisation import compact, weights_to_bytes
from spacy_xner.encoders.storage import SCALE, dequantise_rows, quantise_rows, read_stored, stored_weights
from spacy_xner.errors import XnerError

EMBEDDINGS = "embeddings.word_embeddings.weight"


def make_encoder() -> BertModel:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    return BertModel(BertConfig(vocab_size=11, **sizes), add_pooling_layer=False)


def test_float32_is_stored_as_it_is() -> None:
    encoder = make_encoder()
    state = stored_weights(encoder)
    assert state.keys() == encoder.state_dict().keys()
    assert all(torch.equal(weight, state[name]) for name, weight in encoder.state_dict().items())


def test_word_embeddings_of_a_float16_encoder_are_stored_in_8_bits() -> None:
    encoder = make_encoder()
    before = encoder.state_dict()[EMBEDDINGS].clone()
    state = stored_weights(encoder.half())
    assert state[EMBEDDINGS].dtype == torch.int8
    assert state[EMBEDDINGS + SCALE].shape == (11, 1)
    others = {name: weight for name, weight in state.items() if not name.startswith(EMBEDDINGS)}
    assert {weight.dtype for weight in others.values() if weight.is_floating_point()} == {torch.float16}

    weights = read_stored(state)
    assert weights.keys() == encoder.state_dict().keys()
    assert {weight.dtype for weight in weights.values() if weight.is_floating_point()} == {torch.float32}
    steps = before.abs().amax(1, keepdim=True) / 127
    rounded = before.abs() / 1024  # what float16 loses
    assert ((weights[EMBEDDINGS] - before).abs() <= 0.51 * steps + rounded + 1e-6).all()
    assert torch.equal(weights[EMBEDDINGS][0], torch.zeros(8))  # the padding's row is zero, without a division by zero
    make_encoder().load_state_dict(weights)


def test_rows_by_hand() -> None:
    integers, scales = quantise_rows(torch.tensor([[127.0, -63.4, 0.0], [0.0, 0.0, 0.0], [0.5, 1.0, -2.54]]))
    assert integers.tolist() == [[127, -63, 0], [0, 0, 0], [25, 50, -127]]
    assert scales.flatten().tolist() == pytest.approx([1.0, 1.0, 0.02])
    back = dequantise_rows("w", integers, scales)
    assert back.tolist() == [[127.0, -63.0, 0.0], [0.0, 0.0, 0.0], pytest.approx([0.5, 1.0, -2.54])]


@given(st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), min_size=1, max_size=5))
def test_the_error_is_half_a_step(rows: list[list[float]]) -> None:
    weight = torch.tensor(rows)
    back = dequantise_rows("w", *quantise_rows(weight))
    steps = weight.abs().amax(1, keepdim=True) / 127
    assert ((back - weight).abs() <= 0.501 * steps + 1e-30).all()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"w": torch.zeros(2, 3), f"w{SCALE}": torch.ones(2, 1)}, "expected torch.int8"),
        ({"w": torch.zeros(2, 3, dtype=torch.int8), f"w{SCALE}": torch.ones(3, 1)}, "one scale a row"),
        ({f"w{SCALE}": torch.ones(2, 1)}, "not its weight"),
    ],
)
def test_scales_that_do_not_fit(state: dict[str, torch.Tensor], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read_stored(state)


def test_weights_are_a_safetensors_file() -> None:
    state = stored_weights(make_encoder().half())
    assert weights_to_bytes(state) == safetensors.torch.save(state)


@given(st.dictionaries(st.text(), st.floats(allow_nan=False) | st.text() | st.integers() | st.none()))
def test_a_compact_file_says_the_same(content: dict[str, object]) -> None:
    file = json.dumps(content, indent=2, ensure_ascii=False).encode("utf8", "surrogatepass")
    found = compact("tokenizer.json", file)
    assert json.loads(found) == content
    assert len(found) <= len(file)
    assert compact("vocab.txt", file) == file


def test_a_small_pipeline_reads_the_same_pieces(tiny_pipeline: Path, tmp_path: Path) -> None:
    """The tokenizer of a package has no indentation, and is the same otherwise."""
    nlp = spacy.load(tiny_pipeline)
    half_encoders(nlp)
    nlp.to_disk(tmp_path)
    content = (tmp_path / "transformer/model").read_bytes()
    assert b'{"version":"1.0"' in content
    assert b'{"version":"1.0"' not in (tiny_pipeline / "transformer/model").read_bytes()
    before, after = (spacy.load(folder).get_pipe("transformer").model.tokenizer for folder in (tiny_pipeline, tmp_path))  # type: ignore[attr-defined]
    text = "Angela Merkel besuchte die Universität Wien 😀 — «Ελλάδα»"
    assert before(text)["input_ids"] == after(text)["input_ids"]
    assert before.get_vocab() == after.get_vocab()
