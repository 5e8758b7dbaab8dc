"""`xner info`, and --verbose."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from spacy_xner.cli.info import shown, version_of

from .util import ok, xner


def test_info(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same as text and as JSON; without environment variables, and without the name of the user."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "home/cache"))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    folder = tmp_path / "home/cache/encoders/one"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"0" * 3_000_000)
    found = json.loads(ok("info", "--json", "-"))
    assert found["packages"]["torch"] == version("torch")
    assert found["cache"] == {"folder": "~/cache", "size": "3 MB"}
    assert found["encoders in the cache"] == {"encoders/one": "3 MB"}
    text = ok("info", "--no-pipelines")
    assert f"  spacy: {version('spacy')}\n" in text
    assert "folder: ~/cache" in text
    for said in (text, json.dumps(found)):
        assert "hf_secret" not in said
        assert str(tmp_path) not in said


def test_packages_that_are_missing() -> None:
    assert version_of("no-such-package-of-any-name") == "not installed"
    assert shown(Path("/elsewhere")) == "/elsewhere"


def test_verbose_shows_the_traceback(tmp_path: Path) -> None:
    for options, expected in (((), False), (("--verbose",), True)):
        result = xner(*options, "report", tmp_path / "nowhere")
        assert result.exit_code == 1
        assert ("Traceback" in result.stderr) == expected
        assert "found no record of a run there" in " ".join(result.stderr.split())
