"""Arms that start from the weights of another one: training, records, costs, resuming, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import srsly
from spacy.cli.train import train
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.distillation.weights import encoders_of
from spacy_xner.errors import XnerError
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.record_files import read_records
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.run_training import train_run
from spacy_xner.experiments.runner import Runner
from spacy_xner.experiments.training import train_into
from spacy_xner.reporting.costs import costs_table, total_cost
from spacy_xner.reporting.page import report_html
from spacy_xner.reporting.report import make_report

from .util import make_study

ROOT = Path(__file__).parents[2]
ARMS = """
[arms.z]
steps = 2

[arms.e]
projected = "{room}/projected"
synthetic = "{room}/translated"
synthetic_languages = ["de"]
unrelated = true
teacher = "z"
start = "teacher"

[arms.s]
start = "e"
steps = 2
"""


def make_plan(room: Path, encoder: Path, text: str = ARMS, batch_words: str = "60") -> Study:
    """The small study with arms that start from others."""
    path = make_study(room, encoder, str(ROOT / "configs/xner.cfg"))
    content = path.read_text(encoding="utf8").replace("batch_words = 60", f"batch_words = {batch_words}")
    path.write_text(content + text.format(room=room), encoding="utf8")
    return read_study(path)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Study:
    return make_plan(tmp_path_factory.mktemp("start"), tiny_encoder)


def weights(folder: Path) -> dict[str, np.ndarray]:
    """All weights of a pipeline, by component, number of the layer, and name."""
    found: dict[str, np.ndarray] = {}
    for name, pipe in spacy.load(folder).pipeline:
        for number, node in enumerate(pipe.model.walk() if hasattr(pipe, "model") else ()):
            arrays = {key: node.get_param(key) for key in node.param_names if node.has_param(key)}
            for module in encoders_of(node):
                arrays |= {key: value.numpy() for key, value in module.state_dict().items()}
            found |= {f"{name} {number} {key}": np.asarray(value) for key, value in arrays.items()}
    return found


def test_new_order(plan: Study) -> None:
    """An arm with the text of its start reads the same batches again, unless it has a new order."""
    arm = plan.arms["e"]
    assert arm.start is not None
    same, other = (Run(plan, replace(arm, new_order=new), 3) for new in (False, True))
    assert "corpora.train.seed" not in same.overrides()
    assert other.overrides()["corpora.train.seed"] == 1003
    assert "new_order" not in same.setting()["arm"]
    assert other.setting()["arm"]["new_order"]
    third = replace(arm, name="third", start="e", new_order=True)
    later = Run(replace(plan, arms={**plan.arms, "third": third}), third, 3)
    assert later.overrides()["corpora.train.seed"] == 2003


def test_teacher_and_student_are_those_of_the_main_job(tmp_path: Path, tiny_encoder: Path) -> None:
    """With the batches of the config, an arm has the weights that train-baseline, distill, train and average give."""
    text = ARMS.replace("\n[arms.e]", "\n[arms.z.settings]\nvars.swap = 0.5\n\n[arms.e]")
    plan = replace(make_plan(tmp_path, tiny_encoder, text, "null"), held_back=0.0)
    arm = replace(plan.arms["e"], synthetic=f"{tmp_path}/unlabelled", start_share=0.25)
    plan = replace(plan, arms={**plan.arms, "e": arm})
    docs = load_docs(tmp_path / "translated/de.spacy")
    for number, doc in enumerate(docs):
        doc._.xner_meta = {"id": f"other:{number}", "lang": "de" if number < 9 else "fr"}
    write_docs(tmp_path / "unlabelled/de.spacy", docs[:9])
    write_docs(tmp_path / "unlabelled/fr.spacy", docs[9:])
    run = Run(plan, plan.arms["e"], 0)
    assert run.teachers == [run.start]
    train_run(run, log=lambda message: None)
    main = tmp_path / "main"
    base = {
        "paths.encoder": str(tiny_encoder),
        "paths.dev": str(tmp_path / "dev.spacy"),
        "components.transformer.model.max_layers": None,
    }
    first = {"training.max_steps": 2, "training.eval_frequency": 2, "vars.swap": 0.5}
    train(ROOT / "configs/xner.cfg", main / "z", overrides={**base, **first, "paths.train": plan.gold})
    command = ["corpus", "distill", main / "z/model-last", tmp_path / "unlabelled/{lang}.spacy"]
    result = CliRunner().invoke(app, [*map(str, command), "-o", f"{main}/distilled/{{lang}}.spacy", "--lang", "de"])
    assert result.exit_code == 0, result.output
    second: dict[str, Any] = {"training.max_steps": 4, "training.eval_frequency": 4, "vars.swap": 0.0}
    second |= {
        "paths.start": str(main / "z/model-last"),
        "paths.train": [plan.gold, f"{tmp_path}/projected", f"{main}/distilled"],
    }
    train(ROOT / "configs/xner.cfg", main / "student", overrides={**base, **second})
    both = [main / "student/model-last", main / "z/model-last"]
    command = ["average", *both, "--share", 0.25, "--dev", tmp_path / "dev.spacy", "-o", main / "e/model-last"]
    result = CliRunner().invoke(app, [*map(str, command)])
    assert result.exit_code == 0, result.output
    expected = {name: weights(main / f"{name}/model-last") for name in "ze"}
    for name, arrays in expected.items():
        found = weights(Path(plan.folder) / plan.name / f"{name}-0/model-last")
        assert found.keys() == arrays.keys()
        for key, array in arrays.items():
            np.testing.assert_array_equal(found[key], array, err_msg=f"{name}: {key}")
    assert any((expected["z"][key] != expected["e"][key]).any() for key in found)
    student, start, mean = (weights(folder) for folder in (*both, main / "e/model-last"))
    changed = [key for key, array in student.items() if not np.array_equal(array, mean[key])]
    assert changed
    for key in changed:
        np.testing.assert_allclose(mean[key], 0.75 * student[key] + 0.25 * start[key], rtol=1e-4, atol=1e-6)


def test_records_and_costs(plan: Study) -> None:
    """An arm that two others need is trained once; records and report count the steps of all that an arm needed."""
    said: list[str] = []
    runner = Runner(plan, log=said.append)
    runs = [Run(plan, plan.arms[name], 0) for name in "se"]
    records = [runner.record(run) for run in runs]
    assert [message.split(", ")[0] for message in said if message.startswith("Training ")] == [
        *("Training arm z", "Training arm e", "Training arm s")
    ]
    assert "Training arm e, seed 0, 100% of the labels, from the weights of z" in said
    assert [(each["arm"], each["steps"]) for each in records[0]["trainings"]] == [("z", 2), ("e", 4), ("s", 2)]
    assert records[1]["trainings"] == records[0]["trainings"][:2]
    assert set(records[0]["parts"]) == {"start", "train"}
    assert set(records[1]["parts"]) == {"teacher", "distill", "train"}
    setting = records[1]["setting"]
    assert (setting["arm"]["start"], setting["teacher"]["arm"]["name"], "start" in setting) == ("z", "z", False)
    assert records[0]["setting"]["start"] == setting
    assert [row["step"] for row in records[0]["curve"]] == [0, 2]
    folder = Path(plan.folder) / plan.name
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == ["z-0"]
    runner.record(Run(plan, plan.arms["z"], 0))
    assert not [path for path in folder.iterdir() if not path.name.startswith(".")]
    report = make_report(read_records([runner.records]), baseline="z", resamples=100, permutations=100)
    table = costs_table(report)
    assert table
    columns = [table.header.index(name) for name in ("steps", "steps in all")]
    cells = {name: [row[i] for i in columns] for name, row in zip(table.arms, table.rows, strict=True)}
    assert cells == {"z": ["2", "2"], "e": ["4", "6 (z 2, e 4)"], "s": ["2", "8 (z 2, e 4, s 2)"]}
    assert (
        "The arms differ in how much they were trained, teachers and starts included: 2 steps of z, 6 steps of e, "
        "8 steps of s." in report.answer
    )
    page = report_html(report)
    assert "Starts from z. Seeds 0." in page
    assert "Starts from e. Seeds 0." in page
    once = sum(each["minutes"] for each in records[0]["trainings"])
    assert total_cost(report).startswith(f"3 runs, {once / 60:.1f} hours in total")


def test_a_killed_student_resumes(plan: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arm that it starts from is not trained again."""
    plan = replace(plan, folder=str(tmp_path / "training"), records=str(tmp_path / "records"))
    plan = replace(plan, arms={**plan.arms, "s": replace(plan.arms["s"], start="z")})
    run = Run(plan, plan.arms["s"], 0)
    said: list[str] = []

    def killed(room: Path, *arguments: Any) -> None:
        train_into(room, *arguments)
        if room.name == ".s-0.part":
            raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr("spacy_xner.experiments.run_training.train_into", killed)
        with pytest.raises(KeyboardInterrupt):
            Runner(plan, log=said.append).record(run)
    record = Runner(plan, log=said.append).record(run)
    trained = [message for message in said if message.startswith("Training ")]
    assert [message.split(",")[0] for message in trained] == ["Training arm z", *["Training arm s"] * 2]
    assert [each["arm"] for each in record["trainings"]] == ["z", "s"]
    assert read_records([tmp_path / "records"]).runs[0].steps == {"z": 2, "s": 2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"components.xner.model.tok2vec.aggregator.@architectures": "spacy_xner.LastLayer.v1"},
            r"The arm s starts from e, which has another components.xner.model.tok2vec.aggregator.@architectures "
            r"\(spacy_xner.LastLayer.v1 and spacy_xner.WeightedConcat.v1\): expected the same",
        ),
        (
            {"components.transformer.model.max_layers": 2},
            r"another components.transformer.model.max_layers \(2 and none",
        ),
        ({"components.xner.model.hidden_width": 8}, r"another components.xner.model.hidden_width \(8 and none\)"),
        ({"components.transformer.model.name": "other"}, "another components.transformer.model.name"),
        ({"initialize.after_init": None}, "the config does not use paths.start. Add a section"),
        ({"components.transformer.model.freeze_layers": 1, "components.xner.soft_weight": 0.1}, None),
    ],
)
def test_only_the_same_pipeline_can_start(plan: Study, changes: dict[str, Any], message: str | None) -> None:
    """It is found before the first training."""
    arm = replace(plan.arms["s"], settings=changes)
    changed = Runner(replace(plan, arms={**plan.arms, "s": arm}))
    if message is None:
        changed.check([arm])
    else:
        with pytest.raises(XnerError, match=message):
            changed.check([arm])


def test_order_of_arms(plan: Study) -> None:
    assert [arm.name for arm in plan.with_parents([plan.arms["s"]])] == ["s", "e", "z"]
    run = Run(plan, plan.arms["z"], 3, 0.5)
    assert [(child.arm.name, child.seed, child.labels) for child in run.children] == [("e", 3, 0.5)]
    assert [child.arm.name for child in Run(plan, plan.arms["e"], 0).children] == ["s"]
    assert Run(plan, plan.arms["s"], 0).overrides()["training.max_steps"] == 2


def test_steps_of_the_command_line_are_for_all_arms(plan: Study) -> None:
    file = Path(plan.gold).parent / "study.cfg"
    assert {study.steps_of(arm) for study in [read_study(file, {"steps": 6})] for arm in study.chosen()} == {6}


@pytest.mark.parametrize(
    ("name", "arms"),
    [("conll", {"a", "bc", "e"}), ("conll-long", {"a", "e_agreed"}), ("conll-layers", {"all", "last"})],
)
def test_settings_of_earlier_records_stay(name: str, arms: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of arms that came later are left out where an arm does not have them: its records stay valid."""
    monkeypatch.chdir(ROOT)
    plan = read_study(Path(f"configs/studies/{name}.cfg"))
    monkeypatch.setattr("spacy_xner.experiments.run.corpus_digest", lambda path: "")
    monkeypatch.setattr("spacy_xner.experiments.run.encoder_version", lambda encoder: "")
    checked = set()
    for path in sorted(Path(f"benchmarks/records/study/{name}").glob("*-0.json")):
        record = srsly.read_json(path)
        if record["labels"] == 1:
            setting = Run(plan, plan.arms[record["arm"]], 0).setting()
            assert setting["arm"] == record["setting"]["arm"]
            assert not setting.keys() & {"start", "trainings", "scores"}
            assert setting.get("teacher", {}).get("arm") == record["setting"].get("teacher", {}).get("arm")
            checked.add(record["arm"])
    assert arms <= checked


def test_a_config_that_has_no_start(plan: Study, tmp_path: Path) -> None:
    config = load_config(ROOT / "configs/xner.cfg")
    del config["initialize"]["after_init"], config["paths"]["start"]
    config.to_disk(tmp_path / "own.cfg")
    own = replace(plan, config=str(tmp_path / "own.cfg"))
    Runner(own).check([own.arms["z"]])
    with pytest.raises(XnerError, match=r"own\.cfg: .*paths.start"):
        Runner(own).check([own.arms["s"]])
