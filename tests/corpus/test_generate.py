"""Text that a language model writes: variety, checks, and resuming."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.generate import TextWriter, generate_file, make_writer
from spacy_xner.corpus.genres import GENRES, REGIONS, REGISTERS, TOPICS, assignment, read_items
from spacy_xner.errors import XnerError

from ..cli.util import failing, ok
from ..translation.local_server import Fault, LocalServer, local_server, without_waiting

NAMES = ["Ada", "Bob", "Carl", "Dora", "Emil", "Frieda", "Gustav", "Hanna", "Ida", "Jakob", "Karl", "Lena"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """It writes German sentences, three in an answer."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with local_server() as running:
        running.respond = german()
        yield running


def german() -> Any:
    """Writes sentences of which any two differ in several names."""
    numbers = itertools.count()

    def respond(messages: list[dict[str, str]]) -> str:
        triples = [[NAMES[number * step % 12] for step in (1, 5, 7)] for number in itertools.islice(numbers, 3)]
        return json.dumps({"sentences": ["{} besuchte gestern Abend {}, und {} kam mit.".format(*t) for t in triples]})

    return respond


def writer(server: LocalServer, **settings: Any) -> TextWriter:
    chat = {"model": "tiny", "url": f"{server.url}/v1", "concurrency": 1, **settings.pop("chat", {})}
    return make_writer("de", {"batch_size": settings.pop("per_request", 3), **chat}, **settings)


def test_assignments_vary() -> None:
    found = [assignment(number, 0) for number in range(200)]
    assert found == [assignment(number, 0) for number in range(200)]
    assert found != [assignment(number, 1) for number in range(200)]
    assert Counter(each.genre for each in found[: len(GENRES)]) == Counter(GENRES), "each once before one comes again"
    assert [each.genre for each in found[: len(GENRES)]] != [
        each.genre for each in found[len(GENRES) : 2 * len(GENRES)]
    ]
    assert {each.topic for each in found} == set(TOPICS)
    assert {each.register for each in found} == set(REGISTERS)
    assert {each.region for each in found} == set(REGIONS)
    assert len(set(found)) == 200


def test_sentences_with_provenance(server: LocalServer, tmp_path: Path) -> None:
    output, counts = tmp_path / "de.spacy", Counter[str]()
    made = writer(server)
    assert generate_file(output, made, 7, counts) == 7
    docs = load_docs(output)
    assert docs[0].text == "Ada besuchte gestern Abend Ada, und Ada kam mit."
    assert not docs[0].has_annotation("ENT_IOB")
    assert [meta_of(doc)["id"] for doc in docs[2:4]] == ["generated-de-1-3", "generated-de-2-1"]
    (step,) = meta_of(docs[3])["provenance"]
    assert {key: step[key] for key in ("step", "model", "temperature", "genre")} == {
        "step": "generate", "model": "tiny", "temperature": 1.0, "genre": made.assignment(1).genre
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f]{16}", step["prompt"])
    assert (counts["requests"], counts["written"], counts["kept"]) == (3, 9, 9)
    prompts = [asked.body["messages"][0]["content"] for asked in server.asked]
    assert prompts[0].startswith("Write 3 sentences in German, as each could stand in ")
    assert len(set(prompts)) == len({asked.body["seed"] for asked in server.asked}) == 3


def test_what_is_left_out(server: LocalServer, tmp_path: Path) -> None:
    """Sentences that are repeated, nearly repeated, empty, or in another language; further ones are asked for."""
    one = "Die Bürgermeisterin von Bremen eröffnete am Montag das neue Museum am Hafen."
    answers = iter(
        [
            [one, one.lower(), one.replace("Montag", "Dienstag")],
            [
                "The mayor of the city opened the new museum at the harbour on Monday.",
                "Ночью шёл дождь в Москве.",
                "...",
            ],
            ["Der  Regen\nhörte erst am späten Abend auf.", "Niemand wusste damals, wer den Brief geschrieben hatte."],
            ["Im Tal liegt noch immer Schnee, sagte der Förster."],
        ]
    )
    server.respond = lambda messages: json.dumps({"sentences": next(answers)})
    counts = Counter[str]()
    generate_file(tmp_path / "de.spacy", writer(server), 4, counts)
    assert [doc.text for doc in load_docs(tmp_path / "de.spacy")][:2] == [
        one,
        "Der Regen hörte erst am späten Abend auf.",
    ]
    expected = {"in another script": 1, "in another language": 1, "empty": 1, "repeated": 1, "nearly repeated": 1}
    assert {name: counts[name] for name in expected} == expected
    assert (counts["kept"], counts["requests"], counts["missing"]) == (4, 4, 0)


def test_wrong_answers(server: LocalServer, tmp_path: Path) -> None:
    """One repair; then the request has no sentences. No more than three times the requests are made."""
    server.respond = lambda messages: "Here you are!"
    counts = Counter[str]()
    with pytest.raises(XnerError, match="no doc is left"):
        generate_file(tmp_path / "de.spacy", writer(server), 6, counts)
    assert (counts["requests"], counts["repairs"], counts["answers without sentences"], counts["missing"]) == (
        6,
        6,
        6,
        6,
    )
    assert len(server.asked) == 12
    assert [message["role"] for message in server.asked[1].body["messages"]] == ["user", "assistant", "user"]


def test_another_language(server: LocalServer, tmp_path: Path) -> None:
    sentence = "The museum near the harbour of the old town was opened by the mayor and her deputy."
    server.respond = lambda messages: json.dumps({"sentences": [f"{sentence} {n}" for n in range(60)]})
    with pytest.raises(XnerError, match="120 of the first 120 sentences that tiny wrote are not in the language 'de'"):
        generate_file(tmp_path / "de.spacy", writer(server, per_request=60), 1000, Counter())
    assert len(server.asked) <= 3


def test_an_interrupted_run_resumes(server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_waiting(monkeypatch)
    output = tmp_path / "de.spacy"
    server.faults += [Fault(), Fault(), *[Fault(503, "gone")] * 500]
    with pytest.raises(XnerError, match="gone"):
        generate_file(output, writer(server), 12, Counter())
    assert not output.exists()
    server.faults.clear()
    server.asked.clear()
    counts = Counter[str]()
    generate_file(output, writer(server), 12, counts)
    assert len(server.asked) == 2
    assert (counts["requests"], counts["kept"]) == (4, 12)
    texts = [doc.text for doc in load_docs(output)]
    server.respond = german()
    generate_file(tmp_path / "at-once.spacy", writer(server), 12, Counter())
    assert [doc.text for doc in load_docs(tmp_path / "at-once.spacy")] == texts


def test_command(server: LocalServer, tmp_path: Path) -> None:
    topics = tmp_path / "topics.txt"
    topics.write_text("bees\n\nhoney\nbees\n")
    output = tmp_path / "de.spacy"
    command = ["corpus", "generate", "--lang", "de", "-n", "6", "--per-request", "3", "--topics", topics, "-o", output]
    settings = ["-s", f"url={server.url}/v1", "-s", "model=tiny"]
    out = ok(*command, *settings)
    assert f"tiny at {server.url}/v1 gets 2 texts: " in out
    assert {meta_of(doc)["provenance"][0]["topic"] for doc in load_docs(output)} == {"bees", "honey"}
    prices = ["-s", "price_per_million=1", "-s", "output_price_per_million=100", "-s", "max_cost=0.001"]
    assert "more than max_cost=0.001" in failing(*command, *settings, *prices)
    assert "expected -s model=NAME" in failing(*command, status=2)
    assert "The setting api_key is a key" in failing(*command, *settings, "-s", "api_key=abcdefghi")
    assert "unexpected keyword argument 'modle'" in failing(*command, *settings, "-s", "modle=x")
    topics.write_text("\n")
    assert "found no lines" in failing(*command, *settings)


def test_settings_of_the_translator(server: LocalServer, tmp_path: Path) -> None:
    """Those that `xner corpus translate` takes: batch_size, the prompt, the name of the server."""
    output, prompt = tmp_path / "de.spacy", tmp_path / "prompt.txt"
    prompt.write_text("Write {{ n }} sentences in {{ language }} about {{ topic }}.")
    command = ["corpus", "generate", "--lang", "de", "-n", "6", "-o", output, "-s", f"url={server.url}/v1"]
    command += ["-s", "model=tiny", "-s", "batch_size=3"]
    ok(*command, "-s", f"template_path={prompt}", "-s", "server=mine", "-s", "rate=null")
    assert server.asked[0].body["messages"][0]["content"].startswith("Write 3 sentences in German about ")
    (step,) = meta_of(load_docs(output)[0])["provenance"]
    assert (step["per_request"], step["server"], step["temperature"]) == (3, "mine", 1.0)
    ok(*command, "-s", "template=Three {{ n }} times in {{ language }}")
    assert server.asked[-1].body["messages"][0]["content"] == "Three 3 times in German"
    same = ["--prompt", prompt, "-s", f"template_path={prompt}"]
    assert "Found --prompt and --setting template_path" in failing(*command, *same, status=2)
    assert "Found --per-request and --setting batch_size" in failing(*command, "--per-request", "3", status=2)
    assert "wrong type" in failing(*command[:-1], "batch_size=many")


def test_lists(tmp_path: Path) -> None:
    assert read_items(None, TOPICS) is TOPICS
    (tmp_path / "a").write_text("x\n x \ny")
    assert read_items(tmp_path / "a", TOPICS) == ["x", "y"]
