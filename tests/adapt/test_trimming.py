"""Trimming the encoder of an adaptation."""

import sys
from pathlib import Path

import pytest
import spacy

from spacy_xner.adapt.settings import Settings
from spacy_xner.adapt.steps import Adaptation
from spacy_xner.adapt.trimming import why_not_trimmed
from spacy_xner.encoders.origin import read_origin
from spacy_xner.translation import Translator

from .util import Copies, adapt


def test_trimming(room: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It depends on the targets and its own settings; it can be left out, and is where no words are known."""

    def work(targets: tuple[str, ...] = ("de",), max_pieces: int | None = 0, steps: int = 1) -> Adaptation:
        settings = Settings("en", targets, str(tiny_encoder), max_pieces=max_pieces, steps=steps)
        translators: dict[str, Translator] = {lang: Copies() for lang in targets}
        return Adaptation(spacy.load(room / "source"), room / "texts.txt", tmp_path / "out", settings, translators)

    first = work()
    first.label()
    first.translate("de")
    first.trim()
    found = read_origin(tmp_path / "out/trimmed")
    assert found is not None
    assert found.trimmed is not None
    assert found.trimmed["pieces_after"] < found.trimmed["pieces_before"]
    assert first.trained_encoder == tmp_path / "out/trimmed"
    stamp = (tmp_path / "out/trimmed/config.json").stat().st_mtime_ns
    work(steps=2).trim()
    assert (tmp_path / "out/trimmed/config.json").stat().st_mtime_ns == stamp
    assert not work(("de", "fr")).is_current("trimmed")
    assert not work(max_pieces=2000).is_current("trimmed")
    before, after = (work(max_pieces=number).dependencies.for_file("pipeline") for number in (0, None))
    assert [key for key in before if before[key] != after[key]] == ["trim"]
    whole = work(max_pieces=None)
    assert whole.trained_encoder == tiny_encoder
    assert "trimmed" not in whole.outdated()
    assert "trimmed" in work(("de", "fr")).outdated()

    assert why_not_trimmed(str(tiny_encoder), ["en", "de"]) == ""
    assert why_not_trimmed(str(tiny_encoder), ["en", "xh"]) == "There is no list of frequent words for xh."
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    assert "pip install 'spacy-xner[trim]'" in why_not_trimmed(str(tiny_encoder), ["en"])
    result = adapt(room, tiny_encoder, "--dry-run", "--output", tmp_path / "new")
    assert "The encoder keeps all its word pieces" in result.output
    assert "trimmed" not in result.stdout.split()
    result = adapt(room, tiny_encoder, "--dry-run", "--max-pieces", "2000")
    assert "The encoder cannot be trimmed: Word lists come from" in result.output
    assert result.exit_code == 1
    result = adapt(room, tiny_encoder, "--max-pieces", "2000", "--no-trim")
    assert "expected one of them" in result.output
    assert result.exit_code == 2
