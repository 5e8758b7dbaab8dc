"""Training gives memory back."""

import sys
from pathlib import Path

import pytest

from spacy_xner.encoders import memory, shim

from ..aggregation.util import make_config, make_pipeline, train


def test_release() -> None:
    memory.release_memory()
    if sys.platform == "linux":
        assert memory.malloc_trim() is not None


def test_no_such_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.malloc_trim.cache_clear()
    try:
        memory.release_memory()
        assert memory.malloc_trim() is None
    finally:
        memory.malloc_trim.cache_clear()


def test_training_releases_memory_now_and_then(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setattr(shim, "release_memory", lambda: calls.append(None))
    nlp = make_pipeline(make_config(tiny_encoder))
    train(nlp, steps=3 * memory.UPDATES_PER_RELEASE)
    assert len(calls) == 3
