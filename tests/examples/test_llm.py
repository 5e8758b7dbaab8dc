"""examples/llm: both corpora by a local server, which translates into capitals, and what the config says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from spacy.util import load_config

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import load_docs

from ..translation.local_server import local_server, translated
from .util import EXAMPLES

SCRIPT = EXAMPLES / "llm/make_corpora.py"
GERMAN = [
    "Die Bürgermeisterin eröffnete am Montag das neue Museum am Hafen.",
    "Niemand wusste damals, wer den Brief geschrieben hatte.",
    "Im Tal liegt noch immer Schnee, sagte der Förster.",
]


def respond(messages: list[dict[str, str]]) -> Any:
    prompt = messages[-1]["content"]
    return json.dumps({"sentences": GERMAN}) if prompt.startswith("Write ") else translated(prompt)


def test_corpora(tmp_path: Path) -> None:
    (tmp_path / "news.txt").write_text("[Ada](PER) visited [London](LOC).\nNothing was there.\n", encoding="utf8")
    settings = (EXAMPLES / "llm/llm.cfg").read_text(encoding="utf8")
    with local_server() as server:
        server.respond = respond
        config = tmp_path / "own.cfg"
        config.write_text(re.sub('url = ".*"', f'url = "{server.url}/v1"', settings), encoding="utf8")
        command = [sys.executable, SCRIPT, "news.txt", "--config", config, "--output", "made", "--sentences", "3"]
        variables = {**os.environ, "XNER_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [str(word) for word in command], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  THE MAYOR OF LEIPZIG MET FARMERS ON MONDAY." in done.stdout
    (first, second) = load_docs(tmp_path / "made/de.spacy")
    assert (first.text, [(ent.text, ent.label_) for ent in first.ents]) == (
        "ADA VISITED LONDON.",
        [("ADA", "PER"), ("LONDON", "LOC")],
    )
    assert (second.text, list(second.ents)) == ("NOTHING WAS THERE.", [])
    written = load_docs(tmp_path / "made/de.unlabelled.spacy")
    assert sorted(doc.text for doc in written) == sorted(GERMAN)
    assert {meta_of(doc)["provenance"][0]["model"] for doc in written} == {"NAME"}


def test_config() -> None:
    config = load_config(EXAMPLES / "llm/llm.cfg")
    assert config["translator"]["@misc"] == "spacy_xner.LanguageModel.v1"


def test_an_error_ends_the_script(tmp_path: Path) -> None:
    """The exit status of the command that failed."""
    from .util import load

    script = load("llm/make_corpora.py")
    with pytest.raises(script.typer.Exit) as caught:
        script.run("corpus", "stats", str(tmp_path / "none.spacy"))
    assert caught.value.exit_code == 1
