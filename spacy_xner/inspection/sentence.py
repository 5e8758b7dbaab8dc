"""A sentence of a labelled corpus folder, with its place in the folder."""

from dataclasses import dataclass
from pathlib import Path

from ..corpus.formats.sentence import CharSpan


@dataclass(frozen=True)
class CorpusSentence:
    """A sentence of the corpus folder. The splits "translations" (of the memory) and "unlabelled" have no labels."""

    lang: str
    split: str
    path: Path
    line: int
    text: str
    spans: tuple[CharSpan, ...] = ()

    @property
    def place(self) -> str:
        """Language, split, file and line, for messages."""
        return f"{self.lang}/{self.split}/{self.path.stem}:{self.line}"

    @property
    def names(self) -> list[tuple[str, str]]:
        """The entities as (name, label)."""
        return [(self.text[start:end], label) for start, end, label in self.spans]
