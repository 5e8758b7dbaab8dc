"""Translators and dictionaries for tests."""

import gzip
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from spacy_xner.translation.freedict import DIGITS


class Reverser:
    """Reverses each text, in batches; None for texts with a question mark.

    surplus (int): number of additional translations at the end; if negative, of missing ones in each batch.
    crash_at (str | None): text at which it raises an error.

    `asked` has all texts that it received.
    """

    def __init__(
        self,
        source: str = "en",
        target: str = "es",
        batch_size: int = 3,
        surplus: int = 0,
        crash_at: str | None = None,
        name: str = "Reverser",
    ) -> None:
        self.source, self.target, self.batch_size, self.name = source, target, batch_size, name
        self.surplus, self.crash_at = surplus, crash_at
        self.asked: list[str] = []

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": self.name, "source": self.source, "target": self.target}

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        stream = iter(texts)
        while batch := list(islice(stream, self.batch_size)):
            self.asked += batch
            for text in batch[: self.surplus if self.surplus < 0 else None]:
                if text == self.crash_at:
                    raise RuntimeError("out of memory")
                yield None if "?" in text else text[::-1]
        yield from ["?"] * self.surplus


def encode_number(number: int) -> str:
    """A number in FreeDict's base 64."""
    digits = {value: digit for digit, value in DIGITS.items()}
    return (encode_number(number // 64) if number >= 64 else "") + digits[number % 64]


def write_freedict(base: Path, entries: dict[str, str]) -> Path:
    """Write entries by head as a FreeDict dictionary. RETURNS: its index."""
    data = b""
    lines = []
    for head, entry in entries.items():
        lines.append(f"{head}\t{encode_number(len(data))}\t{encode_number(len(entry.encode()))}\n")
        data += entry.encode()
    index = base.with_name(f"{base.name}.index")
    index.write_text("".join(lines), encoding="utf8")
    base.with_name(f"{base.name}.dict.dz").write_bytes(gzip.compress(data))
    return index
