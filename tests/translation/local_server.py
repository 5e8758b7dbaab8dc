"""A server for tests, in a thread: it speaks LibreTranslate's, DeepL's and OpenAI's protocols, and can fail."""

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from spacy_xner.translation.http_client import HttpClient

LANGUAGES = [
    {"code": "en", "name": "English", "targets": ["de", "es", "en", "zh-Hans"]},
    {"code": "de", "name": "German", "targets": ["en"]},
    {"code": "es", "name": "Spanish", "targets": []},
]
HTML = "<html><head><title>Bad gateway</title></head><body><h1>nginx</h1></body></html>"


class Fault(NamedTuple):
    """An answer other than the right one.

    body (str | None): what is sent; None: what the right answer is. half (bool): the connection closes in the middle.
    """

    status: int = 200
    body: str | None = None
    headers: dict[str, str] = {}  # noqa: RUF012  (never changed)
    half: bool = False
    seconds: float = 0.0


class Asked(NamedTuple):
    path: str
    body: dict[str, Any]
    headers: dict[str, str]


class LocalServer:
    """What the server got and what it is to do.

    faults (deque[Fault]): what it does to the next requests that translate, one each.
    respond (Callable): gives the answer of a language model, a text, for the messages of a request.
    key (str): the key that requests must have; "" for none.

    `asked` has the requests, `most_at_once` the largest number of those at the same time.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.faults: deque[Fault] = deque()
        self.asked: list[Asked] = []
        self.respond: Callable[[list[dict[str, str]]], Any] = lambda messages: translated(messages[-1]["content"])
        self.refused: Callable[[str], bool] = lambda text: False
        self.key, self.characters_left = "", 1000
        self.now = self.most_at_once = 0
        self.delay = 0.0
        self.lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        """All texts that it was asked to translate, in order of arrival."""
        return [text for each in self.asked for text in each.body.get("q", each.body.get("text", []))]

    def answer(self, asked: Asked, query: dict[str, list[str]]) -> tuple[int, Any]:
        """The status and the JSON of the right answer."""
        body = asked.body
        given = asked.headers.get("Authorization", "").split(" ")[-1] or body.get("api_key", "")
        if self.key and given != self.key and asked.path != "/languages":
            return 403, {"message": f"Wrong key: {given}"}
        if asked.path == "/languages":
            return 200, LANGUAGES
        if asked.path == "/v2/languages":
            targets = ["DE", "EN-GB", "EN-US", "PT-BR", "PT-PT", "ZH-HANS"]
            codes = ["EN", "DE", "PT"] if query["type"] == ["source"] else targets
            return 200, [{"language": code, "name": code} for code in codes]
        if asked.path == "/v2/usage":
            return 200, {"character_count": 500, "character_limit": 500 + self.characters_left}
        if any(map(self.refused, body.get("q", body.get("text", [])))):
            return 400, {"error": "exceeds text limit"}
        if asked.path == "/translate":
            return 200, {"translatedText": [text.upper() for text in body["q"]]}
        if asked.path == "/v2/translate":
            return 200, {"translations": [{"text": text.upper()} for text in body["text"]]}
        if asked.path == "/v1/chat/completions":
            if any(self.refused(message["content"]) for message in body["messages"]):
                return 400, {"error": {"message": "content filter"}}
            content = self.respond(body["messages"])
            choice = {"message": {"content": content}, "finish_reason": "stop"}
            choice = content if isinstance(content, dict) else choice
            return 200, {"choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 10}}
        return 404, {"error": "no such path"}


def sentences_in(prompt: str) -> list[dict[str, Any]]:
    """The numbered sentences in a prompt of the default template."""
    found: list[dict[str, Any]] = json.loads(prompt[prompt.rindex('{"sentences"') :])["sentences"]
    return found


def translated(prompt: str) -> str:
    """The right answer of a language model: each sentence in capitals, tags as they are."""
    rows = [{"id": each["id"], "text": upper(each["text"])} for each in sentences_in(prompt)]
    return json.dumps({"translations": rows})


def upper(text: str) -> str:
    """A text in capitals; its tags stay as they are."""
    return re.sub(r"(<[^>]*>)|[^<]+", lambda match: match[1] or match[0].upper(), text)


@contextmanager
def local_server() -> Iterator[LocalServer]:
    """Run the server, at a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body together, which is faster

        def do_GET(self) -> None:
            self.reply({})

        def do_POST(self) -> None:
            self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def reply(self, body: dict[str, Any]) -> None:
            parts = urlsplit(self.path)
            asked = Asked(parts.path if parts.scheme == "" else self.path, body, dict(self.headers))
            with state.lock:
                if body:
                    state.asked.append(asked)
                state.now += 1
                state.most_at_once = max(state.most_at_once, state.now)
                fault = state.faults.popleft() if body and state.faults else Fault()
            try:
                time.sleep(fault.seconds or (state.delay if body else 0))
                status, found = (fault.status, None) if fault.body else state.answer(asked, parse_qs(parts.query))
                content = (fault.body or json.dumps(found)).encode()
                if fault.status != 200:
                    status = fault.status
            finally:
                with state.lock:
                    state.now -= 1
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in fault.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if fault.half else content)
            if fault.half:
                self.close_connection = True

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = LocalServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def without_waiting(monkeypatch: Any) -> list[float]:
    """Let clients wait no time. RETURNS: the list that gets the seconds for which they would have waited."""
    waits: list[float] = []
    monkeypatch.setattr(HttpClient, "sleep", lambda self, seconds, stopped=None: waits.append(seconds))
    return waits
