"""Translation by a language model: what it is asked, and what becomes of wrong answers."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from thinc.api import Config

from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.errors import XnerError
from spacy_xner.translation import make_translator
from spacy_xner.translation.costs import estimate_costs
from spacy_xner.translation.label_carriers import make_label_carrier
from spacy_xner.translation.language_model import LanguageModel
from spacy_xner.translation.prompts import TRANSLATION, language_name, read_translations, tags_of
from spacy_xner.translation.streams import TranslatorError

from .local_server import Fault, LocalServer, sentences_in, translated

KEY = "s3cret-of-mine"
TEXTS = [f"text {number}" for number in range(1, 8)]
UPPER = [text.upper() for text in TEXTS]


def model(local: LocalServer, **settings: Any) -> LanguageModel:
    return LanguageModel("en", "de", "tiny", f"{local.url}/v1", **settings)


def rows(*pairs: tuple[Any, Any]) -> str:
    return json.dumps({"translations": [{"id": number, "text": text} for number, text in pairs]})


def test_request_and_answer(server: LocalServer) -> None:
    translator = model(server, batch_size=3, options={"max_tokens": 50, "seed": None})
    assert list(translator.translate([*TEXTS, ""])) == [*UPPER, ""]
    assert translator.counts == {"requests": 3, "prompt tokens": 300, "completion tokens": 30}
    body = min(server.asked, key=lambda asked: str(asked.body["messages"])).body
    assert (body["model"], body["temperature"], body["max_tokens"], "seed" in body) == ("tiny", 0, 50, False)
    assert body["response_format"]["type"] == "json_schema"
    ((role, prompt),) = [(message["role"], message["content"]) for message in body["messages"]]
    assert role == "user"
    assert prompt.startswith("Translate each sentence from English into German.")
    assert "tags" not in prompt
    assert [each["id"] for each in sentences_in(prompt)] == [1, 2, 3]


def test_by_config_and_identity(server: LocalServer, tmp_path: Path) -> None:
    text = '[t]\n@misc = "spacy_xner.LanguageModel.v1"\nsource = "en"\ntarget = "de"\nmodel = "m"\n'
    text += f'url = "{server.url}/v1"'
    translator = spacy.registry.resolve(Config().from_str(text))["t"]
    assert list(translator.translate(["a"])) == ["A"]
    identity = translator.identity
    assert (identity["name"], identity["model"], identity["temperature"]) == ("LanguageModel.v1", "m", 0.0)
    assert identity["server"] == f"{server.url}/v1"
    path = tmp_path / "prompt.jinja"
    path.write_text("Into {{ target }}: {{ sentences }}")
    others = [model(server, template_path=str(path)), model(server, server="ours"), model(server, temperature=1.0)]
    identities = [each.identity for each in (model(server), *others)]
    assert len({json.dumps(each) for each in identities}) == 4
    assert identities[2]["server"] == "ours"
    assert model(server, batch_size=1).identity == identities[0]
    list(others[0].translate(["a"]))
    assert server.asked[-1].body["messages"][0]["content"] == 'Into de: {"sentences": [{"id": 1, "text": "a"}]}'


@pytest.mark.parametrize(
    "wrong",
    [
        "I cannot do that.",
        rows((1, "A"), (1, "B"), (2, "TEXT 2"), (3, "TEXT 3")),
        rows((1, "TEXT 1"), (2, "TEXT 2")),
        rows((1, "TEXT 1"), (2, ""), (3, "TEXT 3")),
        rows((7, "TEXT 1"), (8, "TEXT 2"), (9, "TEXT 3")),
        '{"translations": "TEXT 1"}',
        "[1, 2, 3]",
        {"message": {"content": None}, "finish_reason": "stop"},
    ],
)
def test_one_repair(server: LocalServer, wrong: Any) -> None:
    """A wrong answer is asked for again, with what is wrong with it."""
    server.respond = lambda messages: wrong if len(messages) == 1 else translated(messages[0]["content"])
    translator = model(server)
    assert list(translator.translate(TEXTS[:3])) == UPPER[:3]
    assert translator.counts["repairs"] == 1
    assert [message["role"] for message in server.asked[1].body["messages"]] == ["user", "assistant", "user"]
    assert server.asked[1].body["messages"][2]["content"].startswith("That answer has faults: ")


def test_what_stays_missing_is_counted(server: LocalServer) -> None:
    """The right sentences of either answer are used; a doubled one is not guessed."""
    answers = [rows((1, "A"), (2, "B1"), (2, "B2")), rows((2, "B1"), (2, "B2"), (3, "C"))]
    server.respond = lambda messages: answers[len(messages) // 2]
    translator = model(server)
    assert list(translator.translate(["a", "b", "c"])) == ["A", None, "C"]
    assert translator.counts["missing in the answer"] == 1
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "around", ["```json\n{}\n```", "<think>hm {{</think>\n{}", "<think>hm</think>\n```\n{}\n```", " {} "]
)
def test_json_in_other_clothes(server: LocalServer, around: str) -> None:
    server.respond = lambda messages: around.replace("{}", rows(("1", "A")))
    translator = model(server)
    assert list(translator.translate(["a"])) == ["A"]
    assert translator.counts["repairs"] == 0


def test_answers_that_are_cut_off(server: LocalServer) -> None:
    """The batch is halved; a single text without an end has no translation."""

    def respond(messages: list[dict[str, str]]) -> Any:
        texts = sentences_in(messages[0]["content"])
        if len(texts) > 2 or texts[-1]["text"] == "endless":
            return {"message": {"content": '{"translations": [{"id'}, "finish_reason": "length"}
        return translated(messages[0]["content"])

    server.respond = respond
    translator = model(server)
    assert list(translator.translate([*TEXTS[:4], "endless"])) == [*UPPER[:4], None]
    assert (translator.counts["cut off"], translator.counts["repairs"]) == (1, 0)


def test_sentences_that_the_server_refuses(server: LocalServer, waits: list[float]) -> None:
    server.refused = lambda content: '"bad"' in content
    translator = model(server)
    assert list(translator.translate(["a", "bad", "c"])) == ["A", None, "C"]
    assert translator.counts["refused by the server"] == 1
    with pytest.raises(TranslatorError, match=r"at text 1 \('bad'\): .*status 400: content filter"):
        list(model(server).translate(["bad"]))


def test_faults_are_no_refusals(server: LocalServer, waits: list[float]) -> None:
    """A server that fails for every text must not leave the cache full of texts without a translation."""
    translator = model(server, batch_size=1, concurrency=1)
    server.faults += [Fault(), *[Fault(500, "out of memory")] * 99]
    done: list[str | None] = []
    with pytest.raises(TranslatorError, match=r"at text 2 \('b'\): .*out of memory'. Tried 5 times"):
        done.extend(translator.translate(["a", "b"]))
    assert done == ["A"]
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("n_formats", "expected"),
    [(1, ["json_schema", "json_object", "json_object"]), (2, ["json_schema", "json_object", None, None])],
)
def test_servers_that_know_no_schema(
    server: LocalServer, waits: list[float], n_formats: int, expected: list[str | None]
) -> None:
    """json_schema, then json_object, then none; what the server accepts is kept."""
    server.faults += [Fault(400, '{"error": {"message": "response_format is not supported"}}')] * n_formats
    translator = model(server, batch_size=1, concurrency=1)
    assert list(translator.translate(["a", "b"])) == ["A", "B"]
    formats = [asked.body.get("response_format", {}).get("type") for asked in server.asked]
    assert (
        formats
        == [["json_schema", "json_object", "json_object"], ["json_schema", "json_object", None, None]][n_formats - 1]
    )


@pytest.mark.parametrize(("structured", "expected"), [("json_object", {"type": "json_object"}), ("none", None)])
def test_structured(server: LocalServer, structured: str, expected: Any) -> None:
    list(model(server, structured=structured).translate(["a"]))
    assert server.asked[0].body.get("response_format") == expected


def test_entities_by_tags(server: LocalServer, tmp_path: Path) -> None:
    """`--carry xml` with a language model: tags are asked for, once more where they are lost, and counted."""
    path = tmp_path / "en.txt"
    path.write_text("[Ada](PER) lives in [York](LOC) .\n[Bob](PER) left .\nNothing here .\n")
    docs = list(convert_files([path], "en", Counter()))

    def respond(messages: list[dict[str, str]]) -> str:
        right = translated(messages[0]["content"])
        return right.replace("<a>BOB</a>", "BOB").replace("<b>", "" if len(messages) == 1 else "<b>")

    server.respond = respond
    counts: Counter[str] = Counter()
    translator = model(server)
    carried = list(carry_docs(docs, translator, "de", counts, make_label_carrier("xml"), cache=False))
    assert "Keep the tags" in server.asked[0].body["messages"][0]["content"]
    assert "other tags than in the sentence for the ids 1, 2" in server.asked[1].body["messages"][2]["content"]
    assert [[(entity.text, entity.label_) for entity in doc.ents] for doc in carried] == [
        [("ADA", "PER"), ("YORK", "LOC")], [], []
    ]  # fmt: skip
    assert (counts["arrived"], counts["lost"], translator.counts["other tags than in the sentence"]) == (2, 1, 1)


def test_the_answer_that_keeps_the_tags_is_used(server: LocalServer) -> None:
    answers = [rows((1, "<a>A</a>")), rows((1, "A"), (2, "B"))]
    server.respond = lambda messages: answers[len(messages) // 2]
    assert list(model(server).translate(["<a>a</a>", "b"])) == ["<a>A</a>", "B"]


def test_tags() -> None:
    assert tags_of("<a>Ada</a> x <b> [e1]y[/e1] [sic] 1 < 2") == {"<a>": 1, "</a>": 1, "[e1]": 1, "[/e1]": 1}
    assert read_translations(rows((1, "A"), (3, "C"), ("x", "D")), ["a", "b", "c"], TRANSLATION).problems == [
        "no text for the ids 2", "1 entries without a known id and a text"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("de", "German"),
        ("pt-BR", "Portuguese (Brazil)"),
        ("hsb", "Upper Sorbian"),
        ("nan", "Min Nan Chinese"),
        ("zh-hant", "Chinese (Traditional)"),
    ],
)
def test_language_names(code: str, name: str) -> None:
    assert language_name(code) == name


def test_keys(server: LocalServer, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    """The key of OpenAI goes to no other server, unless it is asked for."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    list(model(server).translate(["a"]))
    assert "Authorization" not in server.asked[0].headers
    list(model(server, key_variable="OPENAI_API_KEY").translate(["a"]))
    assert server.asked[1].headers["Authorization"] == f"Bearer {KEY}"
    assert LanguageModel("en", "de", "gpt").chat.client.key is not None
    server.key = "another"
    with pytest.raises(TranslatorError, match="It asks for a key"):
        list(model(server).translate(["a"]))
    monkeypatch.setenv("MY_API_KEY", "wrong-key-of-mine")
    with pytest.raises(TranslatorError, match=r"Wrong key: \[hidden\].*MY_API_KEY has a key that"):
        list(model(server, key_variable="MY_API_KEY").translate(["a"]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_key": KEY}, "api_key is a key.*OPENAI_API_KEY"),
        ({"key_variable": "sk-abcdefgh"}, "key_variable is not the name of an environment variable"),
        ({"key_variable": "HOME"}, "ends in _API_KEY"),
        ({"options": {"token": KEY}}, "token is a key"),
        ({"structured": "xml"}, "structured is 'xml', expected auto, json_schema"),
        ({"price_per_million": 1.0}, "Found one price"),
        ({"template": "Translate {{ sentences"}, "not valid"),
        ({"template": "Translate"}, "does not use {{ sentences }}"),
        ({"template": "{{ sentences }} {{ tone }}"}, "'tone' is undefined. Its variables are source, target"),
        ({"template": "{{ sentences.__class__.__mro__[1] }}"}, "cannot be filled"),
        ({"template": "{{ sentences }}", "template_path": "x"}, "expected one of them"),
        ({"template_path": "/nowhere"}, "/nowhere: the template of the prompt cannot be read"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"model": ""}, "expected the model's name"),
        ({"token_rate": "many"}, "token_rate is 'many'"),
        ({"max_cost": 1}, "max_cost needs the price"),
    ],
)
def test_wrong_settings(server: LocalServer, settings: dict[str, Any], message: str) -> None:
    given = {"source": "en", "target": "de", "model": "m", "url": server.url, **settings}
    with pytest.raises(XnerError, match=message) as error:
        make_translator("llm", **given)
    assert KEY not in str(error.value)


def test_quota_and_unknown_model(server: LocalServer, waits: list[float]) -> None:
    """No waiting helps there."""
    server.faults.append(Fault(429, '{"error": {"message": "You exceeded it", "code": "insufficient_quota"}}'))
    with pytest.raises(TranslatorError, match=r"You exceeded it. The quota of the account is used up"):
        list(model(server).translate(["a"]))
    server.faults.append(Fault(404, '{"error": {"message": "model tiny not found"}}'))
    with pytest.raises(TranslatorError, match=r"model tiny not found. Correct the setting url, or the name"):
        list(model(server).translate(["a"]))
    server.faults.append(Fault(200, '{"choices": []}'))
    with pytest.raises(TranslatorError, match="expected a completion with `choices`"):
        list(model(server, structured="none").translate(["a"]))


def test_costs(server: LocalServer) -> None:
    prices = {"price_per_million": 1.0, "output_price_per_million": 10.0}
    translator = model(server, **prices)
    (estimate,) = estimate_costs(translator, TEXTS)
    assert estimate.tokens is not None
    read, written = estimate.tokens
    assert (estimate.n_texts, estimate.characters, estimate.must_ask) == (7, 42, True)
    assert read > written > 42 / 3
    assert estimate.cost == pytest.approx((read + 10 * written) / 1e6)
    assert "about" in estimate.describe()
    list(translator.translate(TEXTS))
    assert translator.chat.budget.cost == pytest.approx((100 + 10 * 10) / 1e6), "as the server says it"
    assert not estimate_costs(model(server), TEXTS)[0].must_ask
    with pytest.raises(XnerError, match=r"more than max_cost=1e-05. Nothing was sent"):
        estimate_costs(model(server, **prices, max_cost=0.00001), TEXTS)
    limited = model(server, **prices, max_cost=0.0012, batch_size=1, concurrency=1)
    server.asked.clear()
    with pytest.raises(TranslatorError, match=r"more would exceed max_cost=0.0012"):
        list(limited.translate(TEXTS))
    assert 1 <= len(server.asked) < 7


def test_rate_of_tokens(server: LocalServer, waits: list[float]) -> None:
    """Requests wait for the tokens of those before them, as the server counts them."""
    translator = model(server, token_rate="110/min", batch_size=1, concurrency=1)
    translator.chat.client.tokens.clock = lambda: 0.0
    list(translator.translate(["a", "b", "c"]))
    assert waits == pytest.approx([60, 120]), "a request has 110 tokens"
