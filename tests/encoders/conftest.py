"""A tiny file in the embedded encoder's format, written independently of the reader."""

import struct
from pathlib import Path

import numpy as np
import pytest

HIDDEN, LAYERS, FF, VOCAB, POSITIONS, TYPES = 32, 1, 64, 10, 8, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "▁a", "é"]
NORMALIZATION = {"\x07": "", "\u200b": " ", "ﬁ": "fi"}


def four_bit(nibbles: np.ndarray, scales: np.ndarray) -> bytes:
    """Blocks of 32: an f16 scale, then 16 bytes whose low nibbles are weights 0..15 and high ones 16..31."""
    rows = nibbles.reshape(-1, 32)
    return b"".join(
        struct.pack("<e", scale)
        + bytes(int(low) | int(high) << 4 for low, high in zip(row[:16], row[16:], strict=True))
        for scale, row in zip(scales, rows, strict=True)
    )


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """The file, and its tensors (float32, flat) by their names in the file."""
    random = np.random.default_rng(0)
    shapes = {"emb.word": VOCAB * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": TYPES * HIDDEN}
    shapes |= {"emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
    for name in ("q", "k", "v", "ao"):
        shapes |= {f"l0.{name}.w": HIDDEN * HIDDEN, f"l0.{name}.b": HIDDEN}
    shapes |= {"l0.fi.w": FF * HIDDEN, "l0.fi.b": FF, "l0.fo.w": HIDDEN * FF, "l0.fo.b": HIDDEN}
    shapes |= {f"l0.{norm}.{part}": HIDDEN for norm in ("aln", "oln") for part in "wb"}

    tensors, contents = {}, {}
    for name, count in shapes.items():
        if (name.endswith(".w") and "ln" not in name) or name == "emb.word":
            nibbles, scales = random.integers(0, 16, count), random.uniform(0.01, 0.02, count // 32).astype("f2")
            tensors[name] = ((nibbles.reshape(-1, 32) - 8) * scales[:, None].astype("f4")).astype("f4").ravel()
            contents[name] = (1, four_bit(nibbles, scales))
        else:
            tensors[name] = random.normal(size=count).astype("f4")
            contents[name] = (0, tensors[name].tobytes())

    blob = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, blob)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, 4, FF, VOCAB, POSITIONS, TYPES, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, offsets[-1])
    head += offsets.tobytes() + np.linspace(0, -7, len(PIECES), dtype="<f4").tobytes() + b"".join(blob)
    entries = b"".join(
        struct.pack(f"<IB{len(to)}I", ord(character), len(to), *map(ord, to)) for character, to in NORMALIZATION.items()
    )
    head += struct.pack("<iI", len(NORMALIZATION), len(entries)) + entries + struct.pack("<i", len(contents))
    size = len(head) + sum(2 + len(name) + 21 for name in contents)
    body = b""
    for name, (dtype, content) in contents.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", dtype, shapes[name], size + len(body), len(content))
        body += content
    path = tmp_path_factory.mktemp("embedded") / "tiny.bin"
    path.write_bytes(head + body)
    return path, tensors
