"""An arm whose teachers are the trainings of another arm with several seeds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy

from spacy_xner.annotations.soft_labels import get_soft_labels
from spacy_xner.corpus.docs import load_docs
from spacy_xner.distillation.teachers import Teachers
from spacy_xner.errors import XnerError
from spacy_xner.experiments.input_checks import check_inputs
from spacy_xner.experiments.labelled_text import identity_of, label_text
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.record_files import read_records
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.runner import Runner
from spacy_xner.reporting.costs import costs_table, total_cost
from spacy_xner.reporting.report import make_report

from .records_util import record, study_of
from .util import make_study

ROOT = Path(__file__).parents[2]
ARM = """
[arms.d]
synthetic = "{room}/translated"
teacher = "b"
teacher_seeds = [2, 0]
start = "teacher"
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Study:
    room = tmp_path_factory.mktemp("teachers")
    path = make_study(room, tiny_encoder, str(ROOT / "configs/xner.cfg"))
    path.write_text(path.read_text(encoding="utf8") + ARM.format(room=room), encoding="utf8")
    return read_study(path, {"steps": 2})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_the_runs_that_are_needed(plan: Study) -> None:
    """The start has the seed of the run; it is a training of its own where it is none of the teachers."""
    zero, one = (Run(plan, plan.arms["d"], seed) for seed in (0, 1))
    assert {kind: [run.name for run in runs] for kind, runs in zero.parents.items()} == {"teacher": ["b-2", "b-0"]}
    assert {kind: [run.name for run in runs] for kind, runs in one.parents.items()} == {
        "teacher": ["b-2", "b-0"],
        "start": ["b-1"],
    }
    children = {seed: [run.name for run in Run(plan, plan.arms["b"], seed).children] for seed in (0, 1, 2)}
    assert children == {0: ["c-0", "d-0", "d-1", "d-2"], 1: ["c-1", "d-1"], 2: ["c-2", "d-0", "d-1", "d-2"]}
    settings = [run.setting() for run in (zero, one)]
    for setting in settings:
        assert setting["arm"]["teacher_seeds"] == [2, 0]
        assert setting["teacher"]["seed"] == 2
        assert setting["arm"]["start"] == "b"
        assert "start" not in setting  # which has the arm of the teachers, and the seed of the run
    assert "teacher_seeds" not in Run(plan, plan.arms["c"], 0).setting()["arm"]  # as in records of earlier versions


def test_teachers_have_no_more_labels_than_their_student(plan: Study) -> None:
    """With a share of the labels, each seed has another one."""
    few = replace(plan, labels=[1.0, 0.5])
    check_inputs(few, [plan.arms[name] for name in "abc"])
    with pytest.raises(XnerError, match=r"arm d has teacher_seeds, .* share of 0.5 of the labels\. Each seed draws"):
        check_inputs(few, few.arms.values())
    with pytest.raises(XnerError, match="arm d has teacher_seeds"):
        label_text(Run(plan, plan.arms["d"], 0, 0.5), print)
    assert [run.name for run in Run(plan, plan.arms["b"], 0, 0.5).children] == ["c-0.5-0"]


def test_which_runs_share_labelled_text(plan: Study) -> None:
    """Those that differ in how they learn from it alone."""

    def identity(seed: int = 0, **changes: Any) -> dict[str, Any]:
        arm = replace(plan.arms["d"], **changes)
        return identity_of(Run(replace(plan, arms={**plan.arms, "d": arm}), arm, seed))

    same = identity()
    settings = {
        "components.xner.soft_weight": 0.1,
        "components.xner.model.@architectures": "spacy_xner.SupervisedLayers.v1",
    }
    for shared in (
        identity(seed=1),
        identity(settings=settings),
        identity(steps=9, projected=plan.arms["b"].projected),
    ):
        assert shared == same
    sources = identity(with_sources=True)
    others = [
        sources,
        identity(with_sources=True, combine=True),
        identity(certainty=0.5),
        identity(synthetic_languages=["de"]),
        identity(synthetic=plan.test),
        identity(teacher_seeds=[0, 2]),
        identity(teacher_seeds=()),
    ]
    assert all(one not in [same, *others[:i]] for i, one in enumerate(others))
    assert identity(seed=1, teacher_seeds=()) != identity(teacher_seeds=())


def test_trainings_labels_and_costs(plan: Study) -> None:
    """Both teachers are trained, once; the text has the mean of their probabilities; each training is counted once."""
    said: list[str] = []
    runner = Runner(plan, log=said.append)
    runs = [Run(plan, plan.arms["d"], seed) for seed in (0, 1)]
    records = [runner.record(run) for run in runs]
    trained = [message.split(", 100")[0].removeprefix("Training arm ") for message in said if "Training" in message]
    assert trained == ["b, seed 2", "b, seed 0", "d, seed 0", "b, seed 1", "d, seed 1"]
    assert [(each["arm"], each["seed"]) for each in records[0]["trainings"]] == [("b", 2), ("b", 0), ("d", 0)]
    assert [(each["arm"], each["seed"]) for each in records[1]["trainings"]][2:] == [("b", 1), ("d", 1)]
    minutes = [each["minutes"] for each in records[1]["trainings"]]
    assert records[1]["parts"]["teacher"] == pytest.approx(sum(minutes[:2]), abs=0.011)
    assert records[1]["parts"]["start"] == pytest.approx(minutes[2], abs=0.011)

    labelled = label_text(runs[0], said.append)
    assert labelled.file.parent.parent == runs[0].teachers[0].folder
    docs = load_docs(labelled.file)
    alone = [
        list(Teachers([spacy.load(run.folder / "model-last")]).label(doc.text for doc in docs))
        for run in runs[0].teachers
    ]
    for doc, *predictions in zip(docs, *alone, strict=True):
        found, first, second = (get_soft_labels(each) for each in (doc, *(each.doc for each in predictions)))
        assert found is not None
        assert first is not None
        assert second is not None
        assert found[0] == first[0] == second[0]
        np.testing.assert_allclose(found[1], (first[1] + second[1]) / 2, atol=1e-4)
        assert not np.allclose(first[1], second[1], atol=1e-6)

    arm = replace(plan.arms["d"], with_sources=True, combine=True)  # by the same way
    combined = Run(replace(plan, arms={**plan.arms, "d": arm}), arm, 0)
    assert combined.setting()["arm"]["combine"] is True
    other = label_text(combined, said.append)
    assert other.file != labelled.file
    assert load_docs(other.file)[0]._.xner_meta["provenance"][-1]["combine"] is True

    report = make_report(read_records([runner.records]), baseline="d", resamples=100, permutations=100)
    table = costs_table(report)
    assert table
    assert table.rows[0][table.header.index("steps in all")] == "6 (b 4, d 2)"
    own = [record["trainings"][-1] for record in records]  # both seeds learn from the same text
    assert own[0]["reused"] == 0
    assert own[1]["reused"] == records[1]["parts"]["distill"] == records[0]["parts"]["distill"]
    assert "The text that was labelled for d-0 is used again" in said
    once = {
        (each["arm"], each["seed"]): each["minutes"] - each["reused"]
        for record in records
        for each in record["trainings"]
    }
    assert len(once) == 5
    assert total_cost(report).startswith(f"2 runs, {sum(once.values()) / 60:.1f} hours in total")
    assert names(Path(plan.folder) / plan.name) == ["b-0", "b-1", "b-2"]  # they have no record


def test_pipelines_stay_until_no_seed_needs_them(plan: Study) -> None:
    """A teacher of several students is removed with the last of them."""
    runner = Runner(plan, log=lambda message: None)
    for arm, seed in (("b", 0), ("c", 0), ("d", 0), ("d", 1)):
        runner.record(Run(plan, plan.arms[arm], seed))
    folder = Path(plan.folder) / plan.name
    assert "b-0" in names(folder)  # d-2 needs it
    runner.record(Run(plan, plan.arms["d"], 2))
    assert "b-0" not in names(folder)


def test_each_training_and_labelled_text_costs_once() -> None:
    """Two students of the same two teachers; the second learns from the text that was labelled for the first."""
    teachers = [{"arm": "b", "seed": seed, "steps": 10, "words": 1, "minutes": 60} for seed in (0, 1)]
    own = {"arm": "d", "steps": 20, "words": 1, "minutes": 90}
    records = [
        record("d", seed, minutes=210, trainings=[*teachers, {**own, "seed": seed, "reused": reused}])
        for seed, reused in ((0, 0), (1, 30))
    ]
    report = make_report(study_of(*records), resamples=100, permutations=100)
    assert total_cost(report).startswith("2 runs, 4.5 hours in total")
    assert report.study.runs[0].steps == {"b": 20, "d": 20}
    older = [{**each, "trainings": [{"arm": "b", **own, "minutes": 30}]} for each in records]  # without seeds
    assert total_cost(make_report(study_of(*older), resamples=100, permutations=100)).startswith("2 runs, 1.0 hours")
