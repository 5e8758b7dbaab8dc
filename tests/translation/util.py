"""Translators that tests use: they say what they were asked, and make mistakes on demand."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any


class Reverser:
    """Gives every text backwards, in batches; None for texts with a question mark.

    asked (list[str]): all that it was asked. surplus (int): texts to give beyond those that it got, or if negative to
    hold back. crash_at (str): a text at which it stops.
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
