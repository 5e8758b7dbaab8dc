"""Commands whose translator is a server: what is sent and what it costs is said before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spacy_xner.corpus.docs import load_docs

from ..translation.local_server import LocalServer, local_server
from .util import failing, ok, xner


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with local_server() as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "en.txt").write_text("[Ada](PER) visited [London](LOC).\nNothing was there.\n")
    ok("corpus", "convert", tmp_path / "en.txt", "--output", tmp_path / "en.spacy", "--lang", "en")
    return tmp_path / "en.spacy"


def test_costs_are_said_and_asked_for(server: LocalServer, source: Path) -> None:
    output = source.with_name("de.spacy")
    command = ["corpus", "translate", source, "--output", output, "--lang", "de", "--translator", "http"]
    command += ["-s", f"url={server.url}"]
    priced = [*command, "-s", "price_per_million=1000"]
    result = xner(*priced, input="n\n")
    assert result.exit_code == 1
    said = f"{server.url} gets 2 texts: 37 characters. At the given price that costs 0.04."
    assert said in result.output
    assert "Continue?" in result.output
    assert server.asked == []
    assert "more than max_cost=0.01. Nothing was sent." in failing(*priced, "-s", "max_cost=0.01")
    assert "more than max_characters=36. Nothing was sent." in failing(*command, "-s", "max_characters=36")
    assert server.asked == []
    out = ok(*priced, "--yes")
    assert said in out
    assert "At the given price that has cost 0.0370." in out
    assert [doc.text for doc in load_docs(output)] == ["ADA VISITED LONDON.", "NOTHING WAS THERE."]
    assert "characters" not in ok(*priced).replace("characters sent", ""), "all is in the cache: nobody is asked"


def test_costs_of_shards(server: LocalServer, source: Path) -> None:
    """As for a file: said and asked for, also through a pivot; what is cached or finished is not counted."""
    pytest.importorskip("pyarrow")
    folder = source.with_name("de")
    command = ["corpus", "translate", source, "--output", folder, "--lang", "de", "--shard-size", "1"]
    http = ["--translator", "http", "-s", f"url={server.url}", "-s", "price_per_million=1000"]
    said = f"{server.url} gets 2 texts: 37 characters. At the given price that costs 0.04."
    planned = ok(*command, *http, "--plan")
    assert said in planned
    assert "shards to make" in planned
    result = xner(*command, *http, input="n\n")
    assert result.exit_code == 1
    assert said in result.output
    assert "Continue?" in result.output
    assert "more than max_cost=0.01. Nothing was sent." in failing(*command, *http, "-s", "max_cost=0.01")
    assert server.asked == []
    assert not list(folder.glob("shard-*"))
    assert f"{server.url} gets 1 texts: 19 characters." in ok(*command, *http, "--yes", "--shard", "1/2")
    assert f"{server.url} gets 1 texts: 18 characters." in ok(*command, *http, "--yes", "--no-cache")
    assert "characters" not in ok(*command, *http), "all shards are finished: nobody is asked"


def test_costs_of_shards_of_two_translations(server: LocalServer, source: Path) -> None:
    """There and back, and through a third language."""
    pytest.importorskip("pyarrow")
    said = f"{server.url} gets 2 texts: 37 characters."
    there = ["corpus", "synthesize", source, "--output", source.with_name("de"), "--lang", "de", "--translator", "http"]
    assert ok(*there, "-s", f"url={server.url}", "--quality", "round-trip", "--plan").count(said) == 2
    through = ["corpus", "translate", source.with_name("en.txt"), "--output", source.with_name("es"), "--lang", "es"]
    through += ["--source-lang", "de", "--translator", "pivot", "-s", "through=en", "-s", "by=http"]
    assert ok(*through, "-s", f'settings={{"url": "{server.url}"}}', "--plan").count(said) == 2
    assert server.asked == []


def test_tags_are_counted(server: LocalServer, source: Path) -> None:
    output = source.with_name("de.spacy")
    command = [
        "corpus",
        "translate",
        source,
        "--output",
        output,
        "--lang",
        "de",
        "--translator",
        "llm",
        "--carry",
        "xml",
    ]
    out = ok(*command, "--carry", "xml", "-s", f"url={server.url}/v1", "-s", "model=tiny")
    assert f"tiny at {server.url}/v1 gets 2 texts: 51 characters, about" in out
    assert "prompt tokens" in out
    first, second = load_docs(output)
    assert [(entity.text, entity.label_) for entity in first.ents] == [("ADA", "PER"), ("LONDON", "LOC")]
    assert second.has_annotation("ENT_IOB")


def test_synthesize(server: LocalServer, source: Path) -> None:
    output = source.with_name("de.spacy")
    command = ["corpus", "synthesize", source, "--output", output, "--lang", "de", "--translator", "http"]
    options = ["--quality", "round-trip", "--min-quality", "0.5", "--no-check-language", "--copied", "1"]
    out = ok(*command, *options, "-s", f"url={server.url}")
    assert out.count(f"{server.url} gets 2 texts: 37 characters.") == 2, "there and back"
    assert len(load_docs(output)) == 2


def test_a_key_among_the_settings(server: LocalServer, source: Path) -> None:
    command = ["corpus", "translate", source, "--output", source.with_name("de.spacy"), "--lang", "de"]
    message = failing(*command, "--translator", "http", "-s", f"url={server.url}", "-s", "api_key=s3cret-of-mine")
    assert "set the environment variable LIBRETRANSLATE_API_KEY" in message
    assert "s3cret" not in message
