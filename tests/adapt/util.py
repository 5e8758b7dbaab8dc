"""What the tests of adaptations share: names, a translator, and the command with a tiny encoder."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from spacy_xner.cli import app

NAMES, PLACES = ("Ada", "Alan", "Grace", "Edsger", "Barbara"), ("Paris", "Berlin", "London", "Nairobi", "Lima")


class Copies:
    """A translator that returns the texts."""

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": "copies", "source": "en", "target": "de"}

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        return iter(texts)


def adapt(room: Path, encoder: Path, *more: object) -> Any:
    arguments = ["adapt", room / "source", "--texts", room / "texts.txt", "--to", "de", "--translator", "memory"]
    arguments += ["--memory", room / "memory.tsv", "--output", room / "out", "--encoder", encoder, "--build", "none"]
    arguments += ["--steps", "2", "--batch-words", "80", "--min-score", "0.6", "--yes"]
    return CliRunner().invoke(app, [str(part) for part in (*arguments, *more)], env={"COLUMNS": "200"})
