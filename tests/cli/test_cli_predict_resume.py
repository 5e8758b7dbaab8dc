"""`xner predict` from files to a file: an interrupted run resumes, and writes what an uninterrupted one would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.corpus import predict_files
from spacy_xner.corpus.predict import Text

from .util import failing, ok, xner

N_TEXTS, BATCH, CRASH = 10, 3, 7
OUTPUTS = ["out.jsonl", "out.jsonl.gz", "out.iob", "out.conll.gz", "out.spacy"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "a.txt"
    lines = [f"Angela Merkel visited Paris and London {'again ' * i}." for i in range(N_TEXTS)]
    path.write_text("\n\n".join(lines), encoding="utf8")
    return path


class Killed(BaseException):
    """Stands for a process that is killed."""


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the pipeline has been applied to."""
    found: list[str] = []
    stock = predict_files.predict

    def predict(nlp: Language, texts: Iterable[Text], *sizes: int) -> Iterator[Doc]:
        for doc in stock(nlp, texts, *sizes):
            found.append(doc.text)
            yield doc

    monkeypatch.setattr(predict_files, "predict", predict)
    return found


def crash(monkeypatch: pytest.MonkeyPatch, *args: object) -> None:
    """Run the command until the pipeline has predicted seven texts."""
    stock = predict_files.without_encoder_output
    done: list[None] = []

    def work(doc: Doc) -> Doc:
        done.append(None)
        if len(done) > CRASH:
            raise Killed
        return stock(doc)

    with monkeypatch.context() as patch:
        patch.setattr(predict_files, "without_encoder_output", work)
        with pytest.raises(Killed):
            xner(*args)


@pytest.mark.parametrize("name", OUTPUTS)
def test_resumes(
    name: str, tiny_pipeline: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, predicted: list[str]
) -> None:
    """With the bytes of an uninterrupted run, for the page too; no text of a full batch is predicted twice."""
    (tmp_path / "whole").mkdir()
    options = ["--batch-size", BATCH, "--html-limit", 4, "--lang", "en"]
    whole, output, page = tmp_path / "whole" / name, tmp_path / name, tmp_path / "page.html"
    expected = ok("predict", tiny_pipeline, texts, "-o", whole, "--html", tmp_path / "whole.html", *options)
    assert len(predicted) == N_TEXTS
    command: list[Any] = ["predict", tiny_pipeline, texts, "-o", output, "--html", page, *options]
    crash(monkeypatch, *command)
    assert not output.exists()
    assert not page.exists()
    predicted.clear()
    result = xner(*command)
    assert len(predicted) == N_TEXTS - CRASH // BATCH * BATCH
    assert "Resuming after 6 texts of an earlier run." in result.stdout
    assert "6/10" in result.stderr.replace("|", " ")  # the progress bar begins there
    assert output.read_bytes() == whole.read_bytes()
    assert page.read_bytes() == (tmp_path / "whole.html").read_bytes()
    assert counts_in(expected) == counts_in(result.stdout)
    assert len(counts_in(expected)) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["whole", "whole.html", "page.html", name])


def counts_in(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines() if line.startswith((" texts", " entities "))]


def change_text(texts: Path) -> list[str]:
    texts.write_text(texts.read_text().replace("Merkel", "Obi", 1))
    return []


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        (change_text, "texts"),
        (lambda texts: ["--batch-size", "2"], "batch size"),
        (lambda texts: ["--lang", "de"], "texts"),
    ],
    ids=["text", "batch", "language"],
)
def test_what_differs_is_said(
    change: Any,
    differing: str,
    tiny_pipeline: Path,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    predicted: list[str],
) -> None:
    """Results for other texts or settings are not used, but kept until an output is complete."""
    (tmp_path / "a.txt").write_bytes(texts.read_bytes())
    command = ["predict", tiny_pipeline, tmp_path / "a.txt", "-o", tmp_path / "out.jsonl", "--batch-size", BATCH]
    crash(monkeypatch, *command)
    predicted.clear()
    ok(*command, *change(tmp_path / "a.txt"))
    assert len(predicted) == N_TEXTS
    assert f"is not resumed, because something is different now: {differing}. This run starts anew." in caplog.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "out.jsonl"]


def test_another_pipeline_starts_anew(
    tiny_pipeline: Path,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    command = [texts, "-o", tmp_path / "out.jsonl", "--batch-size", BATCH]
    crash(monkeypatch, "predict", tiny_pipeline, *command)
    import spacy

    nlp = spacy.load(tiny_pipeline)
    nlp.get_pipe("xner").threshold = 0.5  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "other")
    assert "Resuming" not in ok("predict", tmp_path / "other", *command)
    assert "something is different now: pipeline." in caplog.text


def test_faults_are_found_before_the_first_text_is_predicted(
    tiny_pipeline: Path, tmp_path: Path, predicted: list[str]
) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Ada"}\n{"id": 3}\n')
    assert "a.jsonl:2" in failing("predict", tiny_pipeline, tmp_path / "a.jsonl", "-o", tmp_path / "out.iob")
    (tmp_path / "long.txt").write_text("Ada\n" + "x" * 1_000_001)
    message = failing("predict", tiny_pipeline, tmp_path / "long.txt", "-o", tmp_path / "out.iob")
    assert "long.txt:2: found a text of 1,000,001 characters, expected at most 1,000,000" in message
    assert predicted == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "long.txt"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
@pytest.mark.parametrize("n_process", ["1", "2"])
def test_a_killed_process(tiny_pipeline: Path, tmp_path: Path, n_process: str) -> None:
    """The sixth digit of a score can differ between processes: sums depend on memory addresses (MKL)."""
    lines = [f"Angela Merkel visited Paris on day {i} and London .\n" for i in range(6000)]
    (tmp_path / "a.txt").write_text("".join(lines), encoding="utf8")
    output = tmp_path / "out.jsonl"
    sizes = ["--batch-size", "20", "--n-process", n_process]
    command = ["predict", tiny_pipeline, tmp_path / "a.txt", "-o", output, *sizes]
    run = [sys.executable, "-m", "spacy_xner", *map(str, command)]
    killed = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.time() + 120
    while time.time() < end and sum(path.stat().st_size for path in tmp_path.glob(".out*.part.jsonl")) < 100_000:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL, "it ended before it was killed"
    assert not output.exists()
    assert "Resuming after" in ok(*command)
    whole = tmp_path / "whole.jsonl"
    ok(*command[:3], "-o", whole, *sizes)
    found, expected = ([json.loads(line) for line in path.read_text().splitlines()] for path in (output, whole))
    scores = [[ent.pop("score") for text in texts for ent in text["entities"]] for texts in (found, expected)]
    assert found == expected
    assert scores[0] == pytest.approx(scores[1], abs=2.1e-6)
    assert len(found) == len(lines)
