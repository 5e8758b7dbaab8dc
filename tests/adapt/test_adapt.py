"""`xner adapt`: all steps on a small text, going on, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from typer.testing import CliRunner

from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs
from spacy_xner.tokens import meta_of

NAMES, PLACES = ("Ada", "Alan", "Grace", "Edsger", "Barbara"), ("Paris", "Berlin", "London", "Nairobi", "Lima")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source pipeline, texts, and a memory with their translations; in some of these a place has no counterpart."""
    room = tmp_path_factory.mktemp("adapt")
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": name} for name in NAMES])
    ruler.add_patterns([{"label": "GPE", "pattern": place} for place in PLACES])
    nlp.to_disk(room / "source")
    english = [f"{name} visited {place} ." for name in NAMES for place in PLACES]
    german = [f"{name} besuchte {place} ." if name != "Grace" else f"{name} ." for name in NAMES for place in PLACES]
    (room / "texts.txt").write_text("".join(f"{line}\n" for line in english), encoding="utf8")
    lines = [f"{a}\t{b}\n" for a, b in zip(english, german, strict=True)]
    (room / "memory.tsv").write_text("en\tde\n" + "".join(lines), encoding="utf8")
    return room


def adapt(room: Path, encoder: Path, *more: object) -> Any:
    arguments = ["adapt", room / "source", "--texts", room / "texts.txt", "--to", "de", "--translator", "memory"]
    arguments += ["--memory", room / "memory.tsv", "--output", room / "out", "--encoder", encoder, "--no-build"]
    arguments += ["--steps", "2", "--batch-words", "80", "--min-score", "0.6", "--yes"]
    return CliRunner().invoke(app, [str(part) for part in (*arguments, *more)], env={"COLUMNS": "200"})


def test_from_a_pipeline_to_another(room: Path, tiny_encoder: Path) -> None:
    result = adapt(room, tiny_encoder)
    assert result.exit_code == 0, result.output
    assert "This will take about" in result.output
    out = room / "out"
    source, projected = load_docs(out / "source.spacy"), load_docs(out / "projected/de.spacy")
    assert len(source) == 25
    parts = {
        name: {meta_of(doc)["id"] for doc in load_docs(out / name)}
        for name in ("train/source.spacy", "train/de.spacy", "dev.spacy", "test/de.spacy")
    }
    assert not parts["train/source.spacy"] & (parts["dev.spacy"] | parts["test/de.spacy"])
    assert not parts["train/de.spacy"] & (parts["dev.spacy"] | parts["test/de.spacy"])
    if len(projected) < 25:  # what did not arrive is learned from the first pipeline
        assert (out / "teacher").is_dir()
        assert load_docs(out / "distilled/de.spacy")
    nlp = spacy.load(out / "pipeline/model-last")
    assert set(nlp.get_pipe("xner").labels) == {"PERSON", "GPE"}  # type: ignore[attr-defined]
    assert "macro_f" in srsly.read_json(out / "scores.json")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file() and path.name != "scores.json"}
    (out / "projected/de.spacy").unlink()
    result = adapt(room, tiny_encoder)  # goes on, and only makes what is missing
    assert result.exit_code == 0, result.output
    assert "Translated into de" not in result.output
    changed = [path.name for path, then in before.items() if path.stat().st_mtime_ns != then]
    assert changed == ["de.spacy"]


def test_refused(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    result = adapt(room, tiny_encoder, "--seed", "7")
    assert "is of an adaptation with another seed" in result.output
    result = adapt(room, tiny_encoder, "--to", "en")
    assert "names en, the language of" in result.output
    (tmp_path / "thesis.txt").write_text("mine")
    result = adapt(room, tiny_encoder, "--output", tmp_path)
    assert "holds something else" in result.output
    (room / "few.txt").write_text("Ada visited Paris .\n")
    result = adapt(room, tiny_encoder, "--texts", room / "few.txt", "--output", tmp_path / "few")
    assert "1 sentences are too few" in result.output.replace("\n", " ")
