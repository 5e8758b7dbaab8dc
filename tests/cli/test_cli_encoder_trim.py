"""`xner encoder trim` as one types it."""

import inspect
from pathlib import Path

import pytest
import spacy
import srsly

from spacy_xner.cli.encoder import trim
from spacy_xner.corpus.texts import read_texts
from spacy_xner.encoders.trimming.needed_pieces import Wanted
from spacy_xner.errors import XnerError

from ..aggregation.util import TEXTS, predict
from .util import failing, ok, xner


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{text}\n" for text, _ in TEXTS), encoding="utf8")
    return path


def test_an_encoder(tiny_encoder: Path, texts: Path, tmp_path: Path) -> None:
    out = ok("encoder", "trim", tiny_encoder, "-o", tmp_path / "small", "--texts", texts, "--quiet")
    pieces = srsly.read_json(tmp_path / "small/config.json")["vocab_size"]
    before = srsly.read_json(tiny_encoder / "config.json")["vocab_size"]
    assert f"{pieces:,} of {before:,} word pieces" in out
    assert "MB. All known characters of Latin." in out
    assert "Unchanged: 100.00% of the word pieces and 100.00% of the words of 4 texts." in out


def test_a_pipeline_by_texts_and_language(tiny_pipeline: Path, texts: Path, tmp_path: Path) -> None:
    pytest.importorskip("wordfreq")
    arguments = ["--texts", str(texts), "--lang", "en, ru", "--words", "100", "--max-pieces", "1400", "--float16"]
    result = xner("encoder", "trim", tiny_pipeline, "-o", tmp_path / "small", *arguments)
    assert result.exit_code == 0, result.output
    assert "Pieces of words in ru" in result.stderr
    assert "All known characters of Cyrillic, Latin." in result.stdout
    nlp = spacy.load(tmp_path / "small")
    assert nlp.meta["xner_trim"]["languages"] == ["en", "ru"]
    assert predict(nlp) == predict(spacy.load(tiny_pipeline))


def test_mistakes(tiny_encoder: Path, texts: Path, tmp_path: Path) -> None:
    def refused(*arguments: str | Path, status: int = 1) -> str:
        command = ["encoder", "trim", tiny_encoder, "-o", tmp_path / "small", "--quiet", *arguments]
        message = failing(*command, status=status)
        assert not (tmp_path / "small").exists()
        return message

    assert "Nothing says which word pieces to keep." in refused(status=2)
    assert "nowhere.txt: found no file" in refused("--texts", tmp_path / "nowhere.txt")
    assert "--max-pieces is 10, but special pieces and the characters of Latin are" in refused(
        "--texts", texts, "--max-pieces", "10"
    )


def test_texts_of_every_kind(tiny_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# a comment\n[Ada](PER) wrote.\nSee \\[1\\] and \\].\n\n", encoding="utf8")
    (tmp_path / "b.tsv").write_text("en\tde\nGood day.\tGuten Tag.\nYes.\t\n", encoding="utf8")
    (tmp_path / "c.tsv").write_text("Ada\tB-PER\nwrote\tO\n\n", encoding="utf8")
    (tmp_path / "d.jsonl").write_text('{"text": "Plain."}\n', encoding="utf8")
    (tmp_path / "notes.md").write_text("not a corpus", encoding="utf8")
    assert list(read_texts([tmp_path])) == [
        *("Ada wrote.", "See [1] and ].", "Good day.", "Guten Tag.", "Yes.", "Ada wrote", "Plain."),
    ]
    assert len(list(read_texts([tiny_corpus]))) == 8
    with pytest.raises(XnerError, match="found no file"):
        list(read_texts([tmp_path / "nothing"]))


def test_defaults_are_those_of_the_library() -> None:
    command, library = inspect.signature(trim).parameters, inspect.signature(Wanted).parameters
    assert command["words"].default == library["n_words"].default
    assert command["max_pieces"].default == library["max_pieces"].default
