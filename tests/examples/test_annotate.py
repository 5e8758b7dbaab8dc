"""examples/annotate: predictions to Prodigy and doccano, corrected labels back, one step of training on them."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from spacy_xner.corpus.docs import load_docs

from ..cli.util import ok, run_spacy
from ..docs.blocks import commands, read_blocks
from .util import EXAMPLES, load

annotate = load("annotate/annotate.py")
TEXTS = "Angela Merkel visited Paris .\n\nLondon and Xyzzy\nWangari Maathai visited Nairobi .\n"
README = (EXAMPLES / "annotate/README.md").read_text(encoding="utf8")


def export(room: Path, pipeline: Path, tool: str, *options: str) -> list[dict[str, Any]]:
    (room / "news.txt").write_text(TEXTS, encoding="utf8")
    app = typer.Typer()
    app.command()(annotate.main)
    output = room / f"news.{tool}.jsonl"
    args = [str(pipeline), str(room / "news.txt"), "--tool", tool, "--output", str(output), *options]
    result = CliRunner().invoke(app, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in output.read_text(encoding="utf8").splitlines()]


def prodigy(task: dict[str, Any], number: int) -> dict[str, Any]:
    """A task as Prodigy's `db-out` writes it: the first is corrected, the last is rejected."""
    if number == 0:
        task["spans"] = [span for span in task["spans"] if span["label"] == "PER"]
    own = {"_input_hash": number, "_task_hash": -number, "_view_id": "ner_manual", "_timestamp": 1_700_000_000}
    return task | own | {"answer": "reject" if number == 2 else "accept"}


def doccano(line: dict[str, Any], number: int) -> dict[str, Any]:
    """A line as doccano exports it: its own numbers as ids, and comments."""
    if number == 0:
        line["label"] = [label for label in line["label"] if label[2] == "PER"]
    return {"id": number + 1, **line, "Comments": []}


def test_records(tiny_pipeline: Path, tmp_path: Path) -> None:
    tasks = export(tmp_path, tiny_pipeline, "prodigy")
    assert [task["id"] for task in tasks] == ["news:1", "news:3", "news:4"]
    for task in tasks:
        assert "".join(token["text"] + " " * token["ws"] for token in task["tokens"]) == task["text"]
        for span in task["spans"]:
            first, last = task["tokens"][span["token_start"]], task["tokens"][span["token_end"]]
            assert (first["start"], last["end"]) == (span["start"], span["end"])
    lines = export(tmp_path, tiny_pipeline, "doccano", "--limit", "2")
    assert len(lines) == 2
    assert lines[0]["lowest_score"] <= lines[1]["lowest_score"] <= 1


@pytest.mark.parametrize(("tool", "exported"), [("prodigy", prodigy), ("doccano", doccano)])
def test_round_trip(tiny_pipeline: Path, tmp_path: Path, tool: str, exported: Any) -> None:
    """Corrected labels arrive, without scores; the others are those of the pipeline."""
    given = export(tmp_path, tiny_pipeline, tool)
    records = [exported(record, number) for number, record in enumerate(given)]
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (tmp_path / "corrected.jsonl").write_text(text, encoding="utf8")
    ok("corpus", "convert", tmp_path / "corrected.jsonl", "--output", tmp_path / "corrected.spacy", "--lang", "de")
    docs = load_docs(tmp_path / "corrected.spacy")
    assert [doc.text for doc in docs] == [record["text"] for record in records]
    assert [(ent.text, ent.label_, ent._.confidence) for ent in docs[0].ents] == [("Angela Merkel", "PER", None)]
    assert docs[1].has_annotation("ENT_IOB")
    assert docs[2].has_annotation("ENT_IOB") == (tool == "doccano")


def test_commands_of_the_readme(
    tiny_pipeline: Path, tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, target in {
        "configs": EXAMPLES.parent / "configs",
        "models/encoder": tiny_encoder,
        "corpora/train": tiny_corpus,
        "corpora/projected": tiny_corpus,
        "corpora/dev": tiny_corpus,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(target)
    tasks = [prodigy(task, number) for number, task in enumerate(export(tmp_path, tiny_pipeline, "prodigy"))]
    text = "".join(json.dumps(task) + "\n" for task in tasks if task["answer"] == "accept")
    (tmp_path / "corrected.jsonl").write_text(text, encoding="utf8")
    monkeypatch.chdir(tmp_path)
    (block,) = (each.code for each in read_blocks("", README) if each.section == "Read back and train")
    for line in commands(block):
        words = [str(tiny_pipeline) if word == "xx_xner_agg" else word for word in shlex.split(line)]
        if words[0] == "xner":
            ok(*words[1:])
        else:  # the tiny pipeline has another config than the project's: no start
            start = words.index("--paths.start")
            run_spacy(
                *words[3:start], *words[start + 2 :], "--training.max_steps", "1", "--training.eval_frequency", "1"
            )
    assert (tmp_path / "training/corrected/model-last/meta.json").is_file()
