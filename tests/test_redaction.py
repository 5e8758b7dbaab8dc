"""Keys and passwords in messages, settings and records."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.cli.command import XnerGroup
from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.translate import translate_docs
from spacy_xner.errors import XnerError
from spacy_xner.files import resumable_folder, write_json
from spacy_xner.journal import Journal
from spacy_xner.redaction import redact, redact_json
from spacy_xner.translation.label_carriers import make_label_carrier
from spacy_xner.translation.streams import translate_items

KEY = "s3cret-of-mine"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", KEY)
    monkeypatch.setenv("TERM_KEY", "not-a-key-name")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"401 for {KEY}.", "401 for [hidden]."),
        ("https://me:pass@host/a b", "https://[hidden]@host/a b"),
        ("http://token@host:80/", "http://[hidden]@host:80/"),
        ("https://host/a?api_key=abc&b=1", "https://host/a?api_key=[hidden]&b=1"),
        ("found hf_" + "aB3" * 8, "found [hidden]"),
        ("found sk-proj-" + "aB3" * 8, "found [hidden]"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [hidden]"),
        ("12345678-1234-1234-1234-123456789abc:fx", "[hidden]"),
        ("not-a-key-name hf_x me@host.org https://host/a@b", "not-a-key-name hf_x me@host.org https://host/a@b"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_json() -> None:
    setting = {"name": "Mine.v1", "api_key": "abc", "steps": [{"auth_key": "abc", "url": "https://u:p@h"}], "n": 3}
    hidden = {"name": "Mine.v1", "api_key": "[hidden]", "n": 3}
    assert redact_json(setting) == {**hidden, "steps": [{"auth_key": "[hidden]", "url": "https://[hidden]@h"}]}
    same: dict[str, Any] = {
        "max_tokens": "5",
        "tokens": ["a"],
        "unk_token": "<unk>",
        "key": "b",
        "score": 0.5,
        "x": None,
    }
    assert redact_json(same) == same


def test_errors() -> None:
    assert str(XnerError(f"{KEY} at https://u:p@h")) == "[hidden] at https://[hidden]@h"


def test_errors_of_translators() -> None:
    """Their messages often have the address with the key in it."""

    class Refused(Copying):
        def translate(self, texts: Iterable[str]) -> Iterator[str]:
            yield from ()
            raise ConnectionError(f"403 for https://api.org/v2?auth_key={KEY}")

    with pytest.raises(XnerError) as raised:
        list(translate_items(Refused(), [(0, "a")], 1))
    assert "auth_key=[hidden]" in str(raised.value)
    assert KEY not in str(raised.value)


def test_command_line() -> None:
    app = typer.Typer(cls=XnerGroup)

    @app.command()
    def fail() -> None:
        raise XnerError(f"refused: {KEY}")

    @app.command()
    def other() -> None:
        pass

    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 1
    assert "refused: [hidden]" in result.output
    assert KEY not in result.output


def test_files(tmp_path: Path) -> None:
    setting = {"translator": {"api_key": "abc", "endpoint": f"https://host/{KEY}"}}
    write_json(tmp_path / "setting.json", setting)
    with Journal(tmp_path / "out", setting) as journal:
        list(journal.add([1]))
    with Journal(tmp_path / "out", setting) as journal:
        assert journal.done == 1  # it resumes
    with resumable_folder(tmp_path / "folder", setting) as partial:
        assert json.loads((partial / "part.json").read_text())["translator"]["api_key"] == "[hidden]"
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert any("[hidden]" in text for text in texts)
    assert not any(KEY in text or '"abc"' in text for text in texts)


def test_provenance(tmp_path: Path) -> None:
    """Translators of other packages can have keys among their settings."""
    path = tmp_path / "en.txt"
    path.write_text("[Angela Merkel](PER) visited [Paris](LOC) .\n")
    docs = list(convert_files([path], "en", Counter()))
    translated = list(translate_docs(docs, Copying(), "de", Counter(), False))
    carried = list(carry_docs(docs, Copying(), "de", Counter(), make_label_carrier("markers", True), False, False))
    assert len(translated) == len(carried) == 1
    for doc in [*translated, *carried]:
        assert meta_of(doc)["provenance"][-1]["translator"]["api_key"] == "[hidden]"


class Copying:
    """A translator that copies."""

    def __init__(self) -> None:
        self.identity = {"name": "Mine.v1", "source": "en", "target": "de", "api_key": KEY}

    def translate(self, texts: Iterable[str]) -> Iterator[str]:
        yield from texts
