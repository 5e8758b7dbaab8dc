"""Encoders from a local server with the hub's interface: requests and errors."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from transformers import AutoModel

from .util import ENCODER_FILES, OUR_FILES, names, origin

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """The part of the hub's interface that a download uses: a good model, one without safetensors, a gated one."""

    folders: dict[str, Path]
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        parts = self.path.strip("/").split("/")
        if "gated" in self.path:
            return self.reply(403, b"", {"X-Error-Code": "GatedRepo"})
        if parts[:2] == ["api", "models"] and (folder := self.folders.get(parts[2])):
            files = [{"rfilename": path.relative_to(folder).as_posix()} for path in folder.rglob("*") if path.is_file()]
            return self.reply(200, json.dumps({"id": parts[2], "sha": COMMIT, "siblings": files}).encode())
        if parts[0] in self.folders and parts[1] == "resolve":
            content = self.folders[parts[0]].joinpath(*parts[3:]).read_bytes()
            etag = hashlib.sha256(content).hexdigest()
            return self.reply(200, content, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'})
        return self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})

    def reply(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


SCRIPT = """
import json, sys
from pathlib import Path
from spacy_xner.encoders import fetch_encoder
from spacy_xner.errors import XnerError
results = {}
for name in sys.argv[2:]:
    try:
        results[name] = str(fetch_encoder(name, Path(sys.argv[1]) / name, progress=False))
    except XnerError as error:
        results[name] = str(error)
print(json.dumps(results))
"""


def fetch_from(endpoint: str, room: Path, *names: str) -> dict[str, str]:
    """Fetch in a subprocess: the hub's address is read when its library is imported."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_") and "proxy" not in k.lower()}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(room / "hf")}
    command = [sys.executable, "-c", SCRIPT, str(room / "out"), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf8", timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def hub(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, list[str]]]:
    room = tmp_path_factory.mktemp("hub")
    good = Path(shutil.copytree(tiny_encoder, room / "hub" / "good"))
    (good / "README.md").write_text("---\nlicense: apache-2.0\nlanguage: [de, en]\n---\n# Good\n", encoding="utf8")
    for name in ("pytorch_model.bin", "tf_model.h5", "modeling_own.py", "onnx/config.json", "onnx/model.safetensors"):
        (good / name).parent.mkdir(exist_ok=True)
        (good / name).write_bytes(b"never to be asked for")
    old = Path(shutil.copytree(tiny_encoder, room / "hub" / "old"))
    (old / "model.safetensors").rename(old / "pytorch_model.bin")
    asked: list[str] = []
    handler = type("Handler", (Hub,), {"folders": {"good": good, "old": old}, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", room, asked
    server.shutdown()
    server.server_close()


def test_hub(hub: tuple[str, Path, list[str]]) -> None:
    endpoint, room, asked = hub
    results = fetch_from(endpoint, room, "good", "old", "gated", "nothing")

    dest = Path(results["good"])
    assert names(dest) == ENCODER_FILES | OUR_FILES | {"MODEL_CARD.md", "vocab.txt"}
    found = origin(dest)
    assert (found["name"], found["source"]) == ("good", "https://huggingface.co/good")
    assert (found["version"], found["licence"]) == (COMMIT, "apache-2.0")
    AutoModel.from_pretrained(str(dest))
    fetched = {path.rsplit(f"{COMMIT}/", 1)[1] for path in asked if path.startswith("/good/resolve/")}
    assert fetched == ENCODER_FILES | {"README.md", "vocab.txt"}

    assert "old has no model.safetensors" in results["old"]
    assert "accept the terms on its page" in results["gated"]
    assert "'nothing' is neither a folder here nor a model on the hub. Check the spelling" in results["nothing"]
    assert "use the encoder `embedded`" in results["nothing"]
    assert names(room / "out") == {"good"}


def test_no_network(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:  # a port that nobody listens on, once it is closed
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    results = fetch_from(endpoint, tmp_path, "bert-base-multilingual-cased")
    message = results["bert-base-multilingual-cased"]
    assert message.startswith("'bert-base-multilingual-cased' is not a folder here, and it could not be downloaded")
    assert "Without a network, use the encoder `embedded`" in message
    assert names(tmp_path / "out") == set()
