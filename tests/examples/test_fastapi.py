"""examples/fastapi: answers, limits, batches, and memory that does not grow."""

import asyncio
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy

from .util import load

fastapi = pytest.importorskip("fastapi", reason="needs fastapi: the extra `test` has it")
pytest.importorskip("pydantic_settings", reason="needs pydantic-settings: the extra `test` has it")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette prefers another client than httpx
    from fastapi.testclient import TestClient

service = load("fastapi/service.py")
TEXTS = ["Angela Merkel visited Paris .", "", "London and Paris"]


@pytest.fixture(scope="module")
def client(tiny_pipeline: Path) -> Iterator[TestClient]:
    limits = {"max_bytes": 500, "max_texts": 3, "max_characters": 60, "max_waiting": 4, "batch_size": 2}
    with TestClient(service.create_app(service.Settings(pipeline=str(tiny_pipeline), **limits))) as running:
        yield running


def test_entities(client: TestClient, tiny_pipeline: Path) -> None:
    """Those that the pipeline finds by itself."""
    answer = client.post("/entities", json={"texts": TEXTS})
    assert answer.status_code == 200, answer.text
    results = [result["entities"] for result in answer.json()["results"]]
    assert results[0][0] | {"score": 0} == {"start": 0, "end": 13, "label": "PER", "text": "Angela Merkel", "score": 0}
    assert results[1] == []
    for doc, found in zip(spacy.load(tiny_pipeline).pipe(TEXTS), results, strict=True):
        assert [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] == [
            (entity["start"], entity["end"], entity["label"]) for entity in found
        ]
        assert [entity["score"] for entity in found] == pytest.approx([ent._.confidence for ent in doc.ents], abs=1e-3)


def test_health(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert sorted(answer.json()["labels"]) == ["LOC", "PER"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"texts": ["a"] * 4}, 413, "Found 4 texts, expected at most 3."),
        ({"texts": ["a", "b" * 61]}, 413, "texts[1]: Found 61 characters, expected at most 60."),
        ({"texts": ["a" * 600]}, 413, "expected at most 500"),
        ({"texts": "Paris"}, 422, "texts"),
        ({}, 422, "texts"),
        ({"texts": []}, 200, "[]"),
    ],
)
def test_limits(client: TestClient, body: dict[str, Any], status: int, said: str) -> None:
    answer = client.post("/entities", json=body)
    assert answer.status_code == status
    assert said in answer.text


def test_odd_requests(client: TestClient) -> None:
    """Half a surrogate pair, which is no character; no JSON; a body of unknown length."""
    headers = {"Content-Type": "application/json"}
    assert client.post("/entities", content=rb'{"texts": ["\ud800"]}', headers=headers).status_code == 422
    assert client.post("/entities", content=b"Paris", headers=headers).status_code == 422
    assert client.post("/entities", content=iter([b"{}"]), headers=headers).status_code == 411


def test_too_many_waiting_texts(tiny_pipeline: Path) -> None:
    settings = service.Settings(pipeline=str(tiny_pipeline), max_waiting=2)
    with TestClient(service.create_app(settings)) as running:
        answer = running.post("/entities", json={"texts": TEXTS})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_settings(monkeypatch: pytest.MonkeyPatch, tiny_pipeline: Path) -> None:
    """Environment variables; a threshold leaves out entities."""
    monkeypatch.setenv("SERVICE_PIPELINE", str(tiny_pipeline))
    monkeypatch.setenv("SERVICE_THRESHOLD", "1")
    with TestClient(service.create_app()) as running:
        answer = running.post("/entities", json={"texts": TEXTS})
    scores = [entity["score"] for result in answer.json()["results"] for entity in result["entities"]]
    assert set(scores) <= {1.0}
    assert answer.json()["results"][2] == {"entities": []}
    monkeypatch.setenv("SERVICE_BATCH_SIZE", "0")
    with pytest.raises(ValueError, match="batch_size"):
        service.Settings()


class Recorder:
    """In place of a pipeline: keeps the batches that it gets; fails for a text."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def predict(self, texts: list[str]) -> list[list[str]]:
        self.batches.append(texts)
        if "bad" in texts:
            raise ValueError("bad")
        return [[text.upper()] for text in texts]


def test_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of several requests are together in a batch; an error is that of its batch alone."""
    batcher, recorder = service.Batcher(None, 3), Recorder()
    monkeypatch.setattr(batcher, "predict", recorder.predict)

    async def ask() -> list[Any]:
        requests = [batcher.find(["a", "b"]), batcher.find(["c", "d"]), batcher.find(["e", "f"]), batcher.find(["bad"])]
        tasks = [asyncio.create_task(request) for request in requests]
        await asyncio.sleep(0)  # all of them wait
        worker = asyncio.create_task(batcher.run())
        found = await asyncio.gather(*tasks, return_exceptions=True)
        worker.cancel()
        return found

    found = asyncio.run(ask())
    assert found[:3] == [[["A"], ["B"]], [["C"], ["D"]], [["E"], ["F"]]]
    assert isinstance(found[3], ValueError)
    assert recorder.batches == [["a", "b", "c"], ["d", "e", "f"], ["bad"]]


def test_memory_does_not_grow(client: TestClient) -> None:
    """New words are gone from the vocabulary after each batch."""
    nlp = client.app.state.batcher.nlp  # type: ignore[attr-defined]
    client.post("/entities", json={"texts": ["Berlin"]})
    before = len(nlp.vocab.strings)
    for number in range(5):
        client.post("/entities", json={"texts": [f"Xyz{number} saw Qrs{number}"]})
    assert len(nlp.vocab.strings) == before
