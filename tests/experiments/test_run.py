"""Runs of a small study: records, teachers, resuming, and changed settings."""

import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_xner.alignment import segmenters
from spacy_xner.alignment.embedding import REVISION
from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.claims import claimed
from spacy_xner.experiments.comparability import differences
from spacy_xner.experiments.input_checks import check_inputs
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.record_files import read_records
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.run_training import train_run
from spacy_xner.experiments.runner import Runner, is_done
from spacy_xner.experiments.training import train_into

from .util import docs_of, make_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Path:
    return make_study(tmp_path_factory.mktemp("study"), tiny_encoder, str(ROOT / "configs/xner.cfg"))


def study(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def pipelines(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_run_and_resume(file: Path) -> None:
    """Each arm gets a record; the second time only missing ones are made; teachers are trained before students."""
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
    assert (record["answer"], record["arms"]) == ("b-a", ["a", "b", "c"])
    assert len(record["layer_weights"]) == 1
    assert record["layers"] == [list(range(len(record["layer_weights"][0])))]
    assert record["examples"][0]["text"].startswith("Gestern")
    assert record["sentences"]["de"]["n"] == 1
    training = file.parent / "training/tiny"
    assert pipelines(training) == ["b-0"]  # a teacher without a record is kept
    for saved in ("", "model-last/"):
        config = load_config(training / f"b-0/{saved}config.cfg")
        assert config["training"]["logger"]["@loggers"] == "spacy_xner.ConsoleLogger.v1"
    spacy.load(training / "b-0/model-last").resume_training()  # by what is saved alone
    before = {path: path.stat().st_mtime_ns for path in records.iterdir()}
    teacher = srsly.read_json(training / "b-0/setting.json")
    result = study(file, "--seeds", "0")
    assert result.exit_code == 0, result.output
    assert "3 runs, 2 of them done" in result.output
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert pipelines(training) == []  # no arm needs it any more
    assert srsly.read_json(records / "b-0.json")["parts"] == teacher["parts"]  # it was not trained again
    runs = read_records([records])
    assert sorted(run.data["arm"] for run in runs.runs) == ["a", "b", "c"]


def test_a_config_with_paths_of_its_own(file: Path, tmp_path: Path) -> None:
    """An arm is trained on the study's corpora, whatever paths the training config has."""
    config = load_config(ROOT / "configs/xner.cfg")
    config["corpora"]["train"]["path"] = config["corpora"]["dev"]["path"] = str(tmp_path / "nowhere.spacy")
    config["training"]["train_corpus"], config["corpora"]["other"] = "corpora.other", {**config["corpora"]["train"]}
    config.to_disk(tmp_path / "own.cfg")
    study = replace(
        read_study(file), config=str(tmp_path / "own.cfg"), steps=2, folder=str(tmp_path), records=str(tmp_path / "r")
    )
    record = Runner(study).record(Run(study, study.arms["a"], 0))
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
    runner = Runner(plan, log=lambda message: None)
    runner.check(plan.chosen())
    record = runner.record(Run(plan, plan.arms["ner"], 0))
    assert record["setting"]["arm"]["config"] == f"{tmp_path}/ner.cfg"
    assert "ece" not in record["scores"]
    assert len(record["layer_weights"]) == 1
    assert sum(record["layer_weights"][0]) == pytest.approx(1, abs=0.001)
    other = read_study(file, settings)
    without = Run(other, other.arms["a"], 0).setting()
    assert Run(plan, plan.arms["a"], 0).setting() == without
    assert "config" not in without["arm"]
    assert without["config"]["components"] != record["setting"]["config"]["components"]
    assert without["config"]["corpora"] == record["setting"]["config"]["corpora"]
    (tmp_path / "ner.cfg").unlink()
    with pytest.raises(XnerError, match=r"ner\.cfg: no training config can be read"):
        runner.check(plan.chosen(["ner"]))


def test_an_arm_with_filters(file: Path, tmp_path: Path) -> None:
    """One line of the study file; the record has the filters, and how many sentences each has dropped."""
    text = file.read_text(encoding="utf8")
    line = 'filters = ["label_counts"]'
    (tmp_path / "study.cfg").write_text(
        text.replace("[arms.c]", f'[arms.f]\nprojected = "{file.parent}/projected"\n{line}\n\n[arms.c]'),
        encoding="utf8",
    )
    settings = {"steps": 2, "folder": str(tmp_path / "training"), "records": str(tmp_path / "records")}
    plan = read_study(tmp_path / "study.cfg", settings)
    record = Runner(plan, log=lambda message: None).record(Run(plan, plan.arms["f"], 0))
    assert record["training_sentences"] == {"gold": 6, "dropped_by_label_counts": 0, "projected": 6}
    expected = {"label_counts": 1, "align": REVISION, "segmenters": segmenters.identity()}
    assert record["setting"]["arm"]["filters"] == expected
    assert "filters" not in Run(plan, plan.arms["b"], 0).setting()["arm"]  # as in records of earlier versions


def test_more_tests_have_records_of_their_own(file: Path, tmp_path: Path) -> None:
    """One training, a record for each test; where one record is missing, it alone is made."""
    write_docs(tmp_path / "letters/de.spacy", docs_of(tmp_path, ["[Ada](PER) schrieb aus [Berlin](LOC) ."] * 2, "de"))
    text = file.read_text(encoding="utf8")
    section = f'[study.more_tests]\nletters = "{tmp_path}/letters"\n\n[study.settings]'
    (tmp_path / "study.cfg").write_text(text.replace("[study.settings]", section), encoding="utf8")
    settings = {"steps": 2, "folder": str(tmp_path / "training"), "records": str(tmp_path / "records")}
    plan = read_study(tmp_path / "study.cfg", settings)
    run, runner = Run(plan, plan.arms["a"], 0), Runner(plan, log=lambda message: None)
    assert not is_done(run)
    assert runner.record(run)["study"] == "tiny"
    assert is_done(run)
    found = {path.parent.name: srsly.read_json(path) for path in (tmp_path / "records").rglob("*.json")}
    assert {name: record["sentences"]["de"]["n"] for name, record in found.items()} == {"tiny": 1, "tiny-letters": 2}
    assert found["tiny"]["setting"] == Run(read_study(file, settings), plan.arms["a"], 0).setting()
    assert set(found["tiny-letters"]["setting"]["inputs"]) == {plan.gold, plan.dev, f"{tmp_path}/letters"}
    assert read_records([tmp_path / "records/tiny-letters"]).name == "tiny-letters"
    kept = run.record.stat().st_mtime_ns
    run.records["tiny-letters"].unlink()
    runner.record(run)
    assert run.record.stat().st_mtime_ns == kept
    again = srsly.read_json(run.records["tiny-letters"])
    assert again["scores"] == found["tiny-letters"]["scores"]


def test_a_test_that_is_trained_on(file: Path, tmp_path: Path) -> None:
    plan = read_study(file)
    write_docs(tmp_path / "other.spacy", [*load_docs(Path(plan.test) / "de.spacy"), *load_docs(plan.gold)])
    plan = replace(plan, more_tests={"other": str(tmp_path / "other.spacy")})
    with pytest.raises(XnerError, match=rf"is in {tmp_path}/other\.spacy too"):
        check_inputs(plan, plan.chosen(["a"]))


def test_same_seed_same_scores(file: Path, tmp_path: Path) -> None:
    plan = read_study(file, {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training")})
    one = Runner(plan, log=lambda message: None).record(Run(plan, plan.arms["a"], 0))
    other = srsly.read_json(file.parent / "records/tiny/a-0.json")
    assert {key: one[key] for key in ("scores", "curve", "sentences", "layer_weights")} == {
        key: other[key] for key in ("scores", "curve", "sentences", "layer_weights")
    }


def test_a_record_of_other_settings_is_not_overwritten(file: Path) -> None:
    before = (file.parent / "records/tiny/a-0.json").read_bytes()
    result = study(file, "--arms", "a", "--seeds", "0", "--steps", "6")
    assert result.exit_code == 1
    assert "is the record of a run with another steps (4 and 6). Rename" in result.output.replace("\n", " ")
    assert (file.parent / "records/tiny/a-0.json").read_bytes() == before


def test_shares_of_labels_have_their_own_records(file: Path) -> None:
    result = study(file, "--arms", "a", "--seeds", "1", "--labels", "0.5,1")
    assert result.exit_code == 0, result.output
    records = file.parent / "records/tiny"
    assert {"a-1.json", "a-0.5-1.json"} <= {path.name for path in records.iterdir()}
    assert srsly.read_json(records / "a-0.5-1.json")["training_sentences"] == {"gold": 3}


def test_two_processes_share_the_work(file: Path, tmp_path: Path) -> None:
    """A run that another process has claimed is left to that process; its record is read when it is ready."""
    plan = read_study(file, {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training")})
    runs = [Run(plan, plan.arms[name], 0) for name in ("a", "b")]
    said: list[str] = []
    other = Runner(plan, log=lambda message: None)
    with claimed(runs[0]) as free:
        assert free
        records = Runner(plan, log=said.append).all_records(runs)
        assert next(records)[0] == runs[1]
        assert "a-0, or a run that it needs, is being trained by another process" in said
        record = other.record(runs[0])
    before = (tmp_path / "records/tiny/a-0.json").stat().st_mtime_ns
    assert list(records) == [(runs[0], record)]
    assert (tmp_path / "records/tiny/a-0.json").stat().st_mtime_ns == before


def test_an_interrupted_run_does_not_distill_again(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the scores of an uninterrupted one; a run with another setting starts from scratch."""
    plan = read_study(file, {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training")})
    run = Run(plan, plan.arms["c"], 0)

    def interrupted(room: Path, *arguments: Any) -> None:
        if room.name == ".c-0.part":
            raise KeyboardInterrupt
        train_into(room, *arguments)

    with monkeypatch.context() as context:
        context.setattr("spacy_xner.experiments.run_training.train_into", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Runner(plan, log=lambda message: None).record(run)
    room = tmp_path / "training/tiny/.c-0.part"
    assert room.is_dir()
    assert len(list((tmp_path / "training/tiny/b-0/labelled").glob("*.spacy"))) == 1
    other = replace(plan, steps=5)
    with monkeypatch.context() as context:
        context.setattr("spacy_xner.experiments.labelled_text.distill_file", lambda *_: pytest.fail("it was distilled"))
        record = Runner(plan, log=lambda message: None).record(run)
        assert not room.exists()
        with pytest.raises(pytest.fail.Exception, match="was distilled"):
            train_run(Run(other, other.arms["c"], 0))
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
    assert isinstance(result.exception, SystemExit)  # a message, no traceback
    assert re.search(message, result.output.replace("\n", "")), result.output


def test_a_second_round(file: Path, tmp_path: Path) -> None:
    """A student can be a teacher; the pipelines of teachers are removed when all their students have records."""
    text = file.read_text(encoding="utf8")
    path = tmp_path / "study.cfg"
    path.write_text(f'{text}\n[arms.d]\nsynthetic = "{file.parent}/translated"\nteacher = "c"\n', encoding="utf8")
    settings = {"records": str(tmp_path / "records"), "folder": str(tmp_path / "training"), "steps": 2}
    runner = Runner(read_study(path, settings), log=lambda message: None)
    made = {name: runner.record(Run(runner.study, runner.study.arms[name], 0)) for name in ("d", "c")}
    assert made["d"]["setting"]["teacher"] == made["c"]["setting"]
    assert made["d"]["setting"]["teacher"]["teacher"]["arm"]["name"] == "b"
    assert pipelines(tmp_path / "training/tiny") == ["b-0"]  # which has no record
    runner.record(Run(runner.study, runner.study.arms["b"], 0))
    assert pipelines(tmp_path / "training/tiny") == []
    assert made["d"]["parts"]["teacher"] == pytest.approx(made["c"]["minutes"], abs=0.02)


def test_a_damaged_record_is_named(file: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny/a-0.json").write_text('{"format": 1, "sc', encoding="utf8")
    result = study(file, "--records", tmp_path, "--dry-run")
    assert result.exit_code == 1
    assert "a-0.json: cannot be read" in result.output.replace("\n", " ")
    assert "Delete it to recompute it" in result.output.replace("\n", " ")


def test_bad_options(file: Path) -> None:
    assert "--seeds is 'x', expected numbers" in study(file, "--seeds", "x").output
    for arms, message in (("z", "has no arm 'z'"), ("", "has no arm ''"), ("a,a", "one is listed twice")):
        result = study(file, "--arms", arms)
        assert message in " ".join(result.output.split())
        assert result.exit_code == 2
    result = study(file, "--limit", 3)
    assert "--limit is the number of --write-held-back sentences" in " ".join(result.output.split())
    assert result.exit_code == 2


def test_the_setting_depends_on_versions_and_on_all_of_the_config(file: Path, tmp_path: Path) -> None:
    """[initialize] and the content of files that it names too, but not the seed."""
    config = load_config(ROOT / "configs/xner.cfg")
    plan = replace(read_study(file), config=str(tmp_path / "own.cfg"))

    def setting(seed: int = 0, **initialize: Any) -> dict[str, Any]:
        config["initialize"] = initialize
        config.to_disk(tmp_path / "own.cfg")
        return Run(plan, plan.arms["a"], seed).setting()

    first, other = setting(), setting(seed=1)
    assert first["versions"]["torch"] == version("torch")
    assert first["versions"]["spacy-xner"] == version("spacy-xner")
    assert differences(first, other) == {"seed": (0, 1)}
    assert [*differences(first, setting(vectors="my_vectors"))] == ["config.initialize"]
    (tmp_path / "lookups.json").write_text("1")
    named = setting(lookups=str(tmp_path / "lookups.json"))
    (tmp_path / "lookups.json").write_text("2")
    assert [*differences(named, setting(lookups=str(tmp_path / "lookups.json")))] == ["config.files"]
    config["training"]["optimizer"]["L2"] = 0.5
    assert [*differences(first, setting())] == ["config.training"]


def test_a_record_without_versions_is_not_continued(file: Path, tmp_path: Path) -> None:
    record = srsly.read_json(file.parent / "records/tiny/a-0.json")
    del record["setting"]["versions"]
    srsly.write_json(tmp_path / "a-0.json", record)
    plan = replace(read_study(file), records=str(tmp_path), name=".")
    with pytest.raises(XnerError, match="does not say with which versions it was made"):
        is_done(Run(plan, plan.arms["a"], 0))
