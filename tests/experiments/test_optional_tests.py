"""[study.optional_tests]: test data that may be absent, and that may come later."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import srsly
from typer.testing import CliRunner

from spacy_xner.cli import app
from spacy_xner.corpus.docs import write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.comparability import without
from spacy_xner.experiments.input_checks import absent_tests
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.runner import Runner, is_done, left_unscored
from spacy_xner.files import read_json

from .util import docs_of, make_study

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "benchmarks/records/study"
KEPT = [path for name in ("transfer", "transfer-wikineural") for path in sorted((RECORDS / name).glob("*-0.json"))]


@pytest.fixture
def file(tmp_path: Path, tiny_encoder: Path) -> Path:
    path = make_study(tmp_path, tiny_encoder, str(ROOT / "configs/xner.cfg"))
    section = f'[study.optional_tests]\nletters = "{tmp_path}/letters"\n\n[study.settings]'
    text = path.read_text(encoding="utf8").replace("[study.settings]", section).replace("seeds = [0, 1]", "seeds = [0]")
    path.write_text(text, encoding="utf8")
    return path


@pytest.fixture
def plan(file: Path) -> Study:
    return read_study(file)


def write_letters(room: Path) -> None:
    write_docs(room / "letters/de.spacy", docs_of(room, ["[Ada](PER) schrieb aus [Berlin](LOC) ."] * 2, "de"))


def study(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def records_of(plan: Study) -> list[str]:
    folder = Path(plan.records)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.json"))


def test_absent_and_there_later(file: Path, plan: Study, tmp_path: Path) -> None:
    """A sentence on standard error names it. Later, the run whose pipeline is still there is scored on it."""
    result = study(file, "--arms", "b,c")
    assert result.exit_code == 0, result.output
    note = f"Note: The test letters is left out: there is no DocBin in {tmp_path}/letters. To get it, convert labelled"
    assert result.stderr.startswith(note)
    assert "Note:" not in study(file, "--arms", "b,c", "--quiet").output
    assert records_of(plan) == ["tiny/b-0.json", "tiny/c-0.json"]
    study(file, "--arms", "a")  # b, which c alone needs, is not needed any more
    (tmp_path / "letters").mkdir()
    assert "The test letters is left out" in study(file, "--dry-run").stderr  # a folder without a DocBin
    write_letters(tmp_path)
    result = study(file)
    assert result.exit_code == 0, result.output
    assert "Training arm" not in result.output
    assert "3 finished runs have no record on tiny-letters, whose data came after" in result.stderr
    assert records_of(plan) == ["tiny/a-0.json", "tiny/b-0.json", "tiny/c-0.json"]
    assert left_unscored([Run(plan, plan.arms["a"], 0)]) != []
    Path(plan.records, "tiny/a-0.json").unlink()
    study(file)  # a run that is trained again is scored on all tests
    assert records_of(plan) == ["tiny-letters/a-0.json", "tiny/a-0.json", "tiny/b-0.json", "tiny/c-0.json"]
    assert srsly.read_json(Path(plan.records, "tiny-letters/a-0.json"))["study"] == "tiny-letters"


def test_a_pipeline_that_is_still_there_is_scored(plan: Study, tmp_path: Path) -> None:
    """b, a teacher whose student has no record yet: without another training. Then both pipelines are removed."""
    said: list[str] = []
    runner = Runner(plan, log=said.append)
    teacher, student = (Run(plan, plan.arms[name], 0) for name in "bc")
    runner.record(teacher)
    write_letters(tmp_path)
    assert not is_done(teacher)
    kept = teacher.record.stat().st_mtime_ns
    said.clear()
    runner.record(teacher)
    assert said == []
    assert is_done(teacher)
    assert teacher.record.stat().st_mtime_ns == kept
    record = srsly.read_json(teacher.record_on("tiny-letters"))
    assert record["sentences"]["de"]["n"] == 2
    assert record["examples"] == []  # of the study's own test alone
    assert srsly.read_json(teacher.record)["examples"] != []
    assert teacher.folder.is_dir()
    runner.record(student)
    assert not teacher.folder.exists()
    assert not student.folder.exists()
    assert student.record_on("tiny-letters").is_file()


def test_what_a_run_depends_on_stays(file: Path, plan: Study, tmp_path: Path) -> None:
    """Records that were made without optional tests, or before there were any, stay valid."""
    without_it = replace(plan, optional_tests={})
    before = [Run(without_it, arm, 0).setting() for arm in plan.arms.values()]
    assert [Run(plan, arm, 0).setting() for arm in plan.arms.values()] == before
    write_letters(tmp_path)
    plan = read_study(file)
    assert [Run(plan, arm, 0).setting() for arm in plan.arms.values()] == before
    needed = replace(without_it, more_tests=plan.optional_tests)
    assert Run(plan, plan.arms["c"], 0).setting("tiny-letters") == Run(needed, plan.arms["c"], 0).setting(
        "tiny-letters"
    )


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_settings_of_kept_records(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new setting of studies does not make records invalid that were made before there was one."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("spacy_xner.experiments.run.corpus_digest", lambda path: "")
    monkeypatch.setattr("spacy_xner.experiments.run.encoder_version", lambda encoder: "")
    record = read_json(path)
    monkeypatch.setattr("spacy_xner.experiments.run.mean_score", lambda path: record["setting"]["scores"])
    plan = read_study(Path("configs/studies/transfer.cfg"))
    run = Run(plan, plan.arms[record["arm"]], record["seed"])
    expected, found = (
        without(setting, "versions", "config", "encoder_version", "inputs")
        for setting in (record["setting"], run.setting(record["study"]))
    )
    assert found == expected


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("[study.optional_tests]\nx = 3", r"\[study.optional_tests\] has x = 3, expected a name"),
        ('[study.optional_tests]\n-x = "y"', r"\[study.optional_tests\] has -x = 'y'"),
        (
            '[study.more_tests]\nx = "y"\n\n[study.optional_tests]\nx = "z"',
            r"x is in \[study.more_tests\] and \[study.optional_tests\], expected one of them",
        ),
    ],
)
def test_malformed(tmp_path: Path, section: str, message: str) -> None:
    text = f'[study]\nname = "x"\ngold = "g"\ndev = "d"\ntest = "t"\n\n{section}\n\n[arms]\n\n[arms.a]\n'
    (tmp_path / "study.cfg").write_text(text, encoding="utf8")
    with pytest.raises(XnerError, match=message):
        read_study(tmp_path / "study.cfg")


def test_no_sentence_where_all_are_there(plan: Study, tmp_path: Path) -> None:
    write_letters(tmp_path)
    assert absent_tests(plan) == []
