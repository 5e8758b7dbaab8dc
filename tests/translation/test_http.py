"""Translation by servers of LibreTranslate's protocol and by DeepL's API."""

import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from thinc.api import Config

from spacy_xner.errors import XnerError
from spacy_xner.translation import make_translator
from spacy_xner.translation.cache import CachedTranslator, with_cache
from spacy_xner.translation.costs import estimate_costs
from spacy_xner.translation.factory import reverse_settings
from spacy_xner.translation.http import Http
from spacy_xner.translation.pivot import Pivot
from spacy_xner.translation.streams import TranslatorError, translate_items

from .local_server import HTML, Fault, LocalServer
from .util import Reverser

KEY = "s3cret-of-mine"
TEXTS = [f"text {number}" for number in range(1, 11)]
UPPER = [text.upper() for text in TEXTS]


def libre(server: LocalServer, **settings: Any) -> Http:
    return Http("en", "de", url=server.url, **settings)


def deepl(server: LocalServer, target: str = "de", **settings: Any) -> Http:
    return Http("en", target, "deepl", server.url, **settings)


def test_libretranslate(server: LocalServer, waits: list[float]) -> None:
    translator = libre(server, batch_size=3, options={"alternatives": 0})
    assert list(translator.translate([*TEXTS, " ", ""])) == [*UPPER, " ".strip(), ""]
    assert sorted(server.texts) == sorted(TEXTS), "blank texts are not sent"
    first = min(server.asked, key=lambda asked: str(asked.body["q"]))  # batches arrive in any order
    assert first.body == {"format": "text", "source": "en", "target": "de", "alternatives": 0, "q": TEXTS[:3]}
    assert translator.counts == {"requests": 4, "characters sent": sum(map(len, TEXTS))}
    assert waits == []
    assert translator.identity == {
        "name": "Http.v1", "revision": 1, "source": "en", "target": "de", "protocol": "libretranslate",
        "server": server.url, "codes": ["en", "de"], "options": {"alternatives": 0},
    }  # fmt: skip


def test_by_config(server: LocalServer) -> None:
    text = f'[t]\n@misc = "spacy_xner.Http.v1"\nsource = "en"\ntarget = "zh"\nurl = "{server.url}/"\nrate = "100/s"'
    translator = spacy.registry.resolve(Config().from_str(text))["t"]
    assert list(translator.translate(["a"])) == ["A"]
    assert server.asked[0].body["target"] == "zh-Hans"


@pytest.mark.parametrize(
    ("target", "settings", "code"),
    [
        ("de", {}, "DE"),
        ("en", {}, "EN-GB"),
        ("en-US", {}, "EN-US"),
        ("pt", {}, "PT-BR"),
        ("por", {"target_code": "PT-PT"}, "PT-PT"),
        ("cmn", {}, "ZH-HANS"),
    ],
)
def test_deepl(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, target: str, settings: dict[str, Any], code: str
) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", KEY)
    server.key = KEY
    translator = Http("de-AT", target, "deepl", server.url, formality="prefer_more", **settings)
    assert list(translator.translate(TEXTS)) == UPPER
    (asked,) = server.asked
    assert asked.body == {"source_lang": "DE", "target_lang": code, "formality": "prefer_more", "text": TEXTS}
    assert asked.headers["Authorization"] == f"DeepL-Auth-Key {KEY}"
    assert KEY not in str(translator.identity)


def test_address_of_deepl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that end in :fx are for the free API. Nothing is sent here: the languages are not asked for."""
    monkeypatch.setattr("spacy_xner.translation.http_protocols.DeepL.choose_languages", lambda *_: ("EN", "DE"))
    for key, host in ((f"{KEY}:fx", "api-free.deepl.com"), (KEY, "api.deepl.com")):
        monkeypatch.setenv("DEEPL_AUTH_KEY", key)
        assert Http("en", "de", "deepl").client.url == f"https://{host}"


def test_order_and_number_of_requests(server: LocalServer) -> None:
    """The first batch is answered last; the order stays, and no more is read ahead than the batches in flight."""
    server.delay = 0.01
    server.faults.append(Fault(seconds=0.3))
    n_read = furthest = 0

    def texts() -> Any:
        nonlocal n_read
        for n_read in range(1, 41):
            yield f"text {n_read}"

    for number, translation in enumerate(libre(server, batch_size=2, concurrency=3).translate(texts()), start=1):
        assert translation == f"TEXT {number}"
        furthest = max(furthest, n_read - number)
    assert number == 40
    assert server.most_at_once == 3
    assert furthest == 5, "three batches of two, less the text that was yielded"


def test_no_more_requests_after_the_reader_stops(server: LocalServer) -> None:
    translations = libre(server, batch_size=1, concurrency=2).translate(TEXTS)
    assert next(translations) == "TEXT 1"
    translations.close()  # type: ignore[attr-defined]
    assert len(server.asked) <= 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, '{"error": "Cannot translate"}'),
        Fault(503, HTML),
        Fault(200, HTML),
        Fault(200, '{"translatedText": ["A"'),
        Fault(half=True),
        Fault(429, "slow down"),
    ],
)
def test_faults_that_pass(server: LocalServer, waits: list[float], fault: Fault) -> None:
    server.faults += [fault, fault]
    assert list(libre(server, concurrency=1).translate(TEXTS)) == UPPER
    assert len(server.asked) == 3
    assert [wait // 1 for wait in waits if wait] == [1, 2] or [wait // 1 for wait in waits if wait] == [1, 3]


def test_slow_server(server: LocalServer, waits: list[float]) -> None:
    server.faults.append(Fault(seconds=0.4))
    assert list(libre(server, timeout=0.2).translate(["a"])) == ["A"]
    assert len(server.asked) >= 2


@pytest.mark.parametrize("fault", [Fault(500, "oh"), Fault(200, HTML), Fault(half=True)])
def test_faults_that_stay(server: LocalServer, waits: list[float], fault: Fault) -> None:
    server.faults += [fault] * 100
    with pytest.raises(TranslatorError, match=r"stopped at text 1 \('a'\): .*Tried 5 times"):
        list(libre(server).translate(["a"]))
    assert len(server.asked) == 5


def test_retry_after(server: LocalServer, waits: list[float]) -> None:
    translator = libre(server)
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    server.faults += [Fault(429, "slow down", {"Retry-After": "37"}), Fault(503, "x", past)]
    assert list(translator.translate(["a"])) == ["A"]
    assert waits[0] == 37, "the time that the server names, without jitter"
    assert translator.client.requests.reserve() > 30, "other requests wait too"


def test_server_that_goes_away(server: LocalServer, waits: list[float], tmp_path: Path) -> None:
    """It is asked for an hour; what is translated is in the cache, and the next run asks for the rest alone."""
    server.faults += [Fault(), *[Fault(503, "loading")] * 1000]
    cached = CachedTranslator(libre(server, batch_size=2, concurrency=1, give_up_after=3600), tmp_path)
    done: list[str | None] = []
    message = r"at text 3 \('text 3'\).*give_up_after is 3600 s.*next run resumes"
    with pytest.raises(TranslatorError, match=message) as error:
        done.extend(cached.translate(TEXTS))
    assert done == UPPER[:2]
    assert "loading" in str(error.value)
    assert 3400 < sum(waits) <= 3600
    assert max(waits) <= 61
    server.faults.clear()
    server.asked.clear()
    assert list(CachedTranslator(libre(server), tmp_path).translate(TEXTS)) == UPPER
    assert server.texts == TEXTS[2:]


def test_server_asks_to_wait_for_too_long(server: LocalServer, waits: list[float]) -> None:
    server.faults += [Fault(429, "tomorrow", {"Retry-After": "86400"})] * 9
    with pytest.raises(TranslatorError, match="asks to wait for 86400 s"):
        list(libre(server).translate(["a"]))
    assert len(server.asked) == 1
    assert waits == []


def test_no_server(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(XnerError, match=r"cannot be reached.*start it, or correct the setting url"):
        Http("en", "de", url=f"http://127.0.0.1:{port}")
    assert sum(waits) <= 20, "one that has never answered is not waited for"


def test_the_text_that_is_refused(server: LocalServer, waits: list[float]) -> None:
    """The batch is halved; the texts before it are translated, and the message names it by its place in the stream."""
    server.refused = lambda text: text == "text 7"
    done: list[str | None] = []
    translator = libre(server)
    items = [("x", None), *(("x", text) for text in TEXTS)]
    with pytest.raises(TranslatorError, match=r"at text 8 \('text 7'\): .*status 400: exceeds text limit"):
        done.extend(translation for _, translation in translate_items(translator, items))
    assert done == [None, *UPPER[:6]]
    assert translator.budget.characters == translator.counts["characters sent"] == 36


def test_large_batches_are_halved(server: LocalServer, waits: list[float]) -> None:
    translator = libre(server)
    right = server.answer

    def at_most_three(asked: Any, query: Any) -> tuple[int, Any]:
        return (413, {"error": "too large"}) if len(asked.body.get("q", [])) > 3 else right(asked, query)

    server.answer = at_most_three  # type: ignore[method-assign]
    assert list(translator.translate(TEXTS)) == UPPER


@pytest.mark.parametrize("body", ['{"translatedText": ["A"]}', '{"translatedText": "A"}', "[1, 2]", "null"])
def test_wrong_answers(server: LocalServer, waits: list[float], body: str) -> None:
    """A batch with a wrong number of translations is halved, so that no translation belongs to another text."""
    server.faults.append(Fault(200, body))
    assert list(libre(server).translate(TEXTS)) == UPPER
    server.faults += [Fault(200, '{"translatedText": ["A", "B"]}')]
    with pytest.raises(TranslatorError, match=r"text 1 \('a'\): .*gave 2 translations for 1 texts"):
        list(libre(server).translate(["a"]))


def test_keys_that_are_refused(server: LocalServer, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    server.key = "another-key"
    with pytest.raises(TranslatorError, match=r"status 403.*LIBRETRANSLATE_API_KEY is not set"):
        list(libre(server).translate(["a"]))
    monkeypatch.setenv("LIBRETRANSLATE_API_KEY", KEY)
    with pytest.raises(TranslatorError, match=r"Wrong key: \[hidden\].*LIBRETRANSLATE_API_KEY has a key that") as error:
        list(libre(server).translate(["a"]))
    assert KEY not in str(error.value)
    assert len(server.asked) == 2
    with pytest.raises(XnerError, match="DEEPL_AUTH_KEY is not set"):
        deepl(server)
    monkeypatch.setenv("DEEPL_AUTH_KEY", "a key")
    with pytest.raises(XnerError, match="DEEPL_AUTH_KEY has white space"):
        deepl(server)
    server.key = KEY
    assert list(libre(server).translate(["a"])) == ["A"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_key": KEY}, "setting api_key is a key.*set the environment variable LIBRETRANSLATE_API_KEY"),
        ({"auth_key": KEY}, "has no setting auth_key: settings are stored"),
        ({"url": f"http://me:{KEY}@localhost"}, "setting url is an address with a key"),
        ({"url": f"http://localhost/?api_key={KEY}"}, "setting url is an address with a key"),
        ({"options": {"api_key": KEY}}, "setting api_key is a key"),
        ({"url": "localhost:5000"}, "setting url is 'localhost:5000', expected an address"),
        ({"url": None}, "setting url is missing"),
        ({"protocol": "google"}, "'google', expected one of libretranslate, deepl"),
        ({"formality": "more"}, "formality=more with protocol=libretranslate"),
        ({"protocol": "deepl", "batch_size": 51}, "batch_size is 51, expected 1 to 50"),
        ({"batch_size": 0}, "expected at least 1"),
        ({"concurrency": 0}, "concurrency is 0"),
        ({"rate": "fast"}, "rate is 'fast', expected a number in a time, such as 5/s"),
        ({"rate": "0/s"}, "rate is '0/s'"),
        ({"max_cost": 5}, "max_cost needs the price"),
        ({"max_characters": 0}, "max_characters is 0"),
        ({"target": "fr"}, "does not translate from en to 'fr', only from en to de, en, es, zh-Hans"),
        ({"source": "fr"}, "does not translate from 'fr', only from de, en, es"),
        ({"source": "es", "target": "fr"}, "only from es to de, en"),
    ],
)
def test_wrong_settings(server: LocalServer, settings: dict[str, Any], message: str) -> None:
    given = {"source": "en", "target": "de", "url": server.url, **settings}
    with pytest.raises(XnerError, match=message) as error:
        make_translator("http", **given)
    assert KEY not in str(error.value)
    assert server.asked == []


def test_other_servers(server: LocalServer, waits: list[float]) -> None:
    right = server.answer
    server.answer = lambda asked, query: (200, {"hello": "world"})  # type: ignore[method-assign]
    with pytest.raises(XnerError, match=r"/languages gave .*is it a server with LibreTranslate's protocol"):
        libre(server)
    server.answer = lambda asked, query: (404, {"error": "not here"})  # type: ignore[method-assign]
    with pytest.raises(XnerError, match=r"status 404: not here.*Correct the setting url"):
        libre(server)
    server.answer = right  # type: ignore[method-assign]
    server.faults += [Fault(301, HTML, {"Location": "https://elsewhere.example"})]
    with pytest.raises(XnerError, match=r"leads to https://elsewhere.example"):
        list(libre(server).translate(["a"]))


def test_costs_are_said_beforehand(server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", KEY)
    translator = with_cache(deepl(server, price_per_million=20), tmp_path)
    list(translator.translate(["known"]))
    (estimate,) = estimate_costs(translator, ["known", "abcde", "abcde", "x" * 995])
    assert (estimate.n_texts, estimate.characters, estimate.remaining, estimate.must_ask) == (2, 1000, 1000, True)
    assert estimate.cost == pytest.approx(0.02)
    assert estimate.describe() == (
        f"{server.url} gets 2 texts: 1,000 characters. At the given price that costs 0.02. The account has 1,000 "
        "characters left."
    )
    with pytest.raises(XnerError, match=r"1,001 characters.*1,000 characters left. That is too few"):
        estimate_costs(translator, ["x" * 1001])
    with pytest.raises(XnerError, match=r"more than max_cost=0.01. Nothing was sent"):
        estimate_costs(deepl(server, price_per_million=20, max_cost=0.01), ["x" * 600])
    with pytest.raises(XnerError, match="more than max_characters=5"):
        estimate_costs(libre(server, max_characters=5), ["x" * 6])
    assert len(server.asked) == 1
    (free,) = estimate_costs(libre(server), ["abc"])
    assert (free.must_ask, free.cost) == (False, None)
    assert not estimate_costs(deepl(server, max_characters=9), ["abc"])[0].must_ask
    both = with_cache(Pivot([libre(server), Http("de", "en", url=server.url)]), tmp_path)
    assert [each.characters for each in estimate_costs(both, iter(["abc"]))] == [3, 3]
    assert estimate_costs(with_cache(Reverser(), tmp_path), ["abc"]) == []


def test_limits_hold_while_translating(server: LocalServer) -> None:
    done: list[str | None] = []
    translator = libre(server, batch_size=2, concurrency=1, max_characters=30)
    with pytest.raises(TranslatorError, match=r"at text 5 .*24 characters were sent, and 12 more would exceed"):
        done.extend(translator.translate(TEXTS))
    assert done == UPPER[:4]
    assert server.texts == TEXTS[:4]


def test_proxy(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    translator = libre(server)
    translator.client.url = "http://translate.example"
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "localhost")
    vars(translator.client).pop("_client", None)
    server.answer = lambda asked, query: (200, {"translatedText": ["by proxy"]})  # type: ignore[method-assign]
    assert list(translator.translate(["a"])) == ["by proxy"]
    assert server.asked[-1].path == "http://translate.example/translate"
    monkeypatch.setenv("HTTP_PROXY", "nonsense://x")
    vars(translator.client).pop("_client", None)
    with pytest.raises(TranslatorError, match="proxy or the certificates that the environment names cannot be used"):
        list(translator.translate(["a"]))


def test_lone_surrogates(server: LocalServer) -> None:
    assert list(libre(server).translate(["a\ud800b"])) == ["A\ufffdB"]


@pytest.mark.parametrize("package", ["httpx", "tenacity"])
def test_missing_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        XnerError, match=rf"the package {package}, which is not installed.*pip install 'spacy-xner\[http\]'"
    ):
        Http("en", "de", url="http://localhost:1")


def test_reverse() -> None:
    assert reverse_settings("http", {"url": "u"}) == {"url": "u"}
    with pytest.raises(XnerError, match="'PT-PT' is for one direction only"):
        reverse_settings("http", {"target_code": "PT-PT"})
