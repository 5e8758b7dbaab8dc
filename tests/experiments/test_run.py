"""Runs of a small study: records, teachers, what is not run again, and what a changed setting does."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_xner.cli import app
from spacy_xner.errors import XnerError
from spacy_xner.experiments.plan import read_study
from spacy_xner.experiments.records import read_study as read_records
from spacy_xner.experiments.run import Run, Runner

from .util import make_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    return make_study(tmp_path_factory.mktemp("study"), tiny_encoder, str(ROOT / "configs/xner.cfg"))


def study(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def pipelines(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_run_and_go_on(file: Path) -> None:
    """Arms with their records; the second time, only what is missing; a teacher trains where it is needed first."""
    result = study(file, "--arms", "c", "--seeds", "0", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "c-0" in result.output
    records = file.parent / "records/tiny"
    assert not records.exists()
    result = study(file, "--arms", "a,c", "--seeds", "0")
    assert result.exit_code == 0, result.output
    assert re.search(r"[1-6] kept with projected entities", " ".join(result.output.split()))
    assert sorted(path.name for path in records.iterdir()) == ["a-0.json", "c-0.json"]
    record = srsly.read_json(records / "c-0.json")
    assert set(record["parts"]) == {"teacher", "distill", "train"}
    assert record["training_sentences"] == {"gold": 6, "distilled": 6}
    assert [row["step"] for row in record["curve"]] == [0, 2, 4]
    assert record["words"] > 0
    assert len(record["layer_weights"]) == 1
    assert record["layers"] == [list(range(len(record["layer_weights"][0])))]
    assert record["examples"][0]["text"].startswith("Gestern")
    assert record["sentences"]["de"]["n"] == 1
    training = file.parent / "training/tiny"
    assert pipelines(training) == ["b-0"]  # a teacher without a record is kept
    for saved in ("", "model-last/"):
        config = load_config(training / f"b-0/{saved}config.cfg")
        assert config["training"]["logger"]["@loggers"] == "spacy.ConsoleLogger.v1"
    spacy.load(training / "b-0/model-last").resume_training()  # by what is saved alone
    before = {path: path.stat().st_mtime_ns for path in records.iterdir()}
    teacher = srsly.read_json(training / "b-0/setting.json")
    result = study(file, "--seeds", "0")
    assert result.exit_code == 0, result.output
    assert "3 runs, 2 of them done" in result.output
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert pipelines(training) == []  # nobody learns from it any more
    assert srsly.read_json(records / "b-0.json")["parts"] == teacher["parts"]  # it was not trained again
    runs = read_records([records])
    assert sorted(run.data["arm"] for run in runs.runs) == ["a", "b", "c"]


def test_a_config_with_paths_of_its_own(file: Path, tmp_path: Path) -> None:
    """An arm learns from what the study gives it, wherever the training config has its corpora from."""
    config = load_config(ROOT / "configs/xner.cfg")
    config["corpora"]["train"]["path"] = config["corpora"]["dev"]["path"] = str(tmp_path / "nowhere.spacy")
    config["training"]["train_corpus"], config["corpora"]["other"] = "corpora.other", {**config["corpora"]["train"]}
    config.to_disk(tmp_path / "own.cfg")
    study = replace(
        read_study(file), config=str(tmp_path / "own.cfg"), steps=2, folder=str(tmp_path), records=str(tmp_path / "r")
    )
    record = Runner(study).record(Run(study.arms["a"], 0))
    assert [row["step"] for row in record["curve"]] == [0, 2]


def test_an_arm_with_a_training_config_of_its_own(file: Path, tmp_path: Path) -> None:
    """spaCy's `ner` in place of `xner`: no confidences, but layer weights; the other arms' settings stay the same."""
    config = load_config(ROOT / "configs/xner.cfg")
    tok2vec = config["components"].pop("xner")["model"]["tok2vec"]
    model = {"@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner", "use_upper": False}
    config["components"]["ner"] = {"factory": "ner", "model": {**model, "tok2vec": tok2vec}}
    config["nlp"]["pipeline"] = ["transformer", "ner", "doc_cleaner"]
    config["training"]["before_to_disk"] = None
    config.to_disk(tmp_path / "ner.cfg")
    text = file.read_text(encoding="utf8").replace("[arms.b]", f'[arms.ner]\nconfig = "{tmp_path}/ner.cfg"\n\n[arms.b]')
    (tmp_path / "study.cfg").write_text(text, encoding="utf8")
    settings = {"steps": 2, "folder": str(tmp_path / "training"), "records": str(tmp_path / "records")}
    plan = read_study(tmp_path / "study.cfg", settings)
    runner = Runner(plan, say=lambda line: None)
    runner.check(plan.chosen())
    record = runner.record(Run(plan.arms["ner"], 0))
    assert record["setting"]["arm"]["config"] == f"{tmp_path}/ner.cfg"
    assert "ece" not in record["scores"]
    assert len(record["layer_weights"]) == 1
    assert sum(record["layer_weights"][0]) == pytest.approx(1, abs=0.001)
    without = Runner(read_study(file, settings)).setting(Run(plan.arms["a"], 0))
    assert runner.setting(Run(plan.arms["a"], 0)) == without
    assert "config" not in without["arm"]
    assert without["training"] != record["setting"]["training"]
    (tmp_path / "ner.cfg").unlink()
    with pytest.raises(XnerError, match=r"ner\.cfg: no training config can be read"):
        runner.check(plan.chosen(["ner"]))


def test_same_seed_same_scores(file: Path, tmp_path: Path) -> None:
    plan = read_study(file, {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training")})
    one = Runner(plan, say=lambda line: None).record(Run(plan.arms["a"], 0))
    other = srsly.read_json(file.parent / "records/tiny/a-0.json")
    assert {key: one[key] for key in ("scores", "curve", "sentences", "layer_weights")} == {
        key: other[key] for key in ("scores", "curve", "sentences", "layer_weights")
    }


def test_a_record_of_other_settings_is_not_overwritten(file: Path) -> None:
    before = (file.parent / "records/tiny/a-0.json").read_bytes()
    result = study(file, "--arms", "a", "--seeds", "0", "--steps", "6")
    assert result.exit_code == 1
    assert "is of a run with another steps, another training" in result.output.replace("\n", " ")
    assert (file.parent / "records/tiny/a-0.json").read_bytes() == before


def test_shares_of_labels_have_their_own_records(file: Path) -> None:
    result = study(file, "--arms", "a", "--seeds", "1", "--labels", "0.5,1")
    assert result.exit_code == 0, result.output
    records = file.parent / "records/tiny"
    assert {"a-1.json", "a-0.5-1.json"} <= {path.name for path in records.iterdir()}
    assert srsly.read_json(records / "a-0.5-1.json")["training_sentences"] == {"gold": 3}


def test_two_processes_share_the_work(file: Path, tmp_path: Path) -> None:
    """A run that another process has claimed is left to it, and its record is taken when that is ready."""
    plan = read_study(file, {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training")})
    runs = [Run(plan.arms[name], 0) for name in ("a", "b")]
    said: list[str] = []
    other = Runner(plan, say=lambda line: None)
    with other.claim(runs[0]) as claimed:
        assert claimed
        records = Runner(plan, say=said.append).all_records(runs)
        assert next(records)[0] == runs[1]
        assert "a-0, or its teacher, is being made by another process" in said
        record = other.record(runs[0])
    before = (tmp_path / "records/tiny/a-0.json").stat().st_mtime_ns
    assert list(records) == [(runs[0], record)]
    assert (tmp_path / "records/tiny/a-0.json").stat().st_mtime_ns == before


def test_a_stopped_run_does_not_distill_again(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And ends with the scores of an undisturbed one; a run of another setting starts anew."""
    plan = read_study(file, {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training")})
    run = Run(plan.arms["c"], 0)
    train = Runner.train

    def stopped(self: Runner, run: Run, files: list[Path], room: Path) -> None:
        if run.arm.name == "c":
            raise KeyboardInterrupt
        train(self, run, files, room)

    with monkeypatch.context() as context:
        context.setattr(Runner, "train", stopped)
        with pytest.raises(KeyboardInterrupt):
            Runner(plan, say=lambda line: None).record(run)
    room = tmp_path / "training/tiny/.c-0.part"
    assert (room / "corpora/distilled.spacy").is_file()
    other = Runner(replace(plan, steps=5), say=lambda line: None)
    with monkeypatch.context() as context:
        context.setattr("spacy_xner.experiments.run.distill_file", lambda *_: pytest.fail("something was distilled"))
        record = Runner(plan, say=lambda line: None).record(run)
        assert not room.exists()
        with pytest.raises(pytest.fail.Exception, match="was distilled"):
            other.pipeline(run)
    before = srsly.read_json(file.parent / "records/tiny/c-0.json")
    assert {key: record[key] for key in ("scores", "curve")} == {key: before[key] for key in ("scores", "curve")}
    assert set(record["parts"]) == {"teacher", "distill", "train"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("configs/xner.cfg", "configs/nothing.cfg", r"nothing\.cfg: no training config can be read"),
        ('encoder = "', 'encoder = "/nowhere', "/nowhere"),
        ("vars.swap = 0.0", "swaps.level = 0.0", r"swaps"),
        (
            "[arms.a.settings]",
            "[arms.a.settings]\ncomponents.ner.threshold = 0.5",
            r"no training config can be read: .*components -> ner -> threshold not a section value",
        ),
    ],
)
def test_inputs_are_checked_before_the_first_run(file: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    text = file.read_text(encoding="utf8")
    assert old in text
    (tmp_path / "study.cfg").write_text(text.replace(old, new), encoding="utf8")
    result = study(tmp_path / "study.cfg", "--dry-run")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)  # a sentence, no traceback
    assert re.search(message, result.output.replace("\n", "")), result.output


def test_a_second_round(file: Path, tmp_path: Path) -> None:
    """A student can be a teacher; teachers go when all that learn from them have records."""
    text = file.read_text(encoding="utf8")
    path = tmp_path / "study.cfg"
    path.write_text(f'{text}\n[arms.d]\nsynthetic = "{file.parent}/translated"\nteacher = "c"\n', encoding="utf8")
    settings = {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training"), "steps": 2}
    runner = Runner(read_study(path, settings), say=lambda line: None)
    made = {name: runner.record(Run(runner.study.arms[name], 0)) for name in ("d", "c")}
    assert made["d"]["setting"]["teacher"] == made["c"]["setting"]
    assert made["d"]["setting"]["teacher"]["teacher"]["arm"]["name"] == "b"
    assert pipelines(tmp_path / "training/tiny") == ["b-0"]  # which has no record
    runner.record(Run(runner.study.arms["b"], 0))
    assert pipelines(tmp_path / "training/tiny") == []
    assert made["d"]["parts"]["teacher"] == pytest.approx(made["c"]["minutes"], abs=0.02)


def test_a_damaged_record_is_named(file: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/a-0.json").write_text('{"format": 1, "sc', encoding="utf8")
    result = study(file, "--records", tmp_path, "--dry-run")
    assert result.exit_code == 1
    assert "a-0.json: cannot be read" in result.output.replace("\n", " ")
    assert "Remove it to make it again" in result.output.replace("\n", " ")


def test_bad_options(file: Path) -> None:
    assert "--seeds is 'x', expected numbers" in study(file, "--seeds", "x").output
    assert "has no arm 'z'" in study(file, "--arms", "z").output
