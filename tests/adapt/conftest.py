"""A source pipeline with texts and translations, and few words for trimming."""

from pathlib import Path
from typing import Any

import pytest
import spacy

from .util import NAMES, PLACES


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source pipeline, texts, and a memory with their translations; in some of these a place has no counterpart."""
    room = tmp_path_factory.mktemp("adapt")
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": name} for name in NAMES])
    ruler.add_patterns([{"label": "GPE", "pattern": place} for place in PLACES])
    nlp.meta["license"] = "CC BY 4.0"
    nlp.to_disk(room / "source")
    english = [f"{name} visited {place} ." for name in NAMES for place in PLACES]
    german = [f"{name} besuchte {place} ." if name != "Grace" else f"{name} ." for name in NAMES for place in PLACES]
    (room / "texts.txt").write_text("".join(f"{line}\n" for line in english), encoding="utf8")
    lines = [f"{a}\t{b}\n" for a, b in zip(english, german, strict=True)]
    (room / "memory.tsv").write_text("en\tde\n" + "".join(lines), encoding="utf8")
    return room


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trimming by the frequent words of a language takes seconds."""
    monkeypatch.setattr("spacy_xner.adapt.trimming.N_WORDS", 100)
