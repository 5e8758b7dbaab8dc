"""Training returns free memory to the system."""

import subprocess
import sys
from pathlib import Path

import pytest

from spacy_xner.encoders import memory, shim

from ..aggregation.util import make_config, make_pipeline, train

FRAGMENTED = """
import numpy
from pathlib import Path
from spacy_xner.encoders.memory import release_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

arrays = [numpy.ones(60_000, dtype="uint8") for _ in range(2_000)]  # 120 MB
last = arrays[-1]
del arrays  # all but the last one, above which the heap cannot shrink by itself
before = resident()
release_memory()
print((before - resident()) / 1e6)
"""


@pytest.mark.skipif(memory.malloc_trim() is None, reason="needs glibc, whose function returns free memory")
def test_release() -> None:
    """A heap with a used block at its end becomes smaller."""
    result = subprocess.run([sys.executable, "-c", FRAGMENTED], capture_output=True, text=True, check=True)
    assert float(result.stdout) > 60


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
