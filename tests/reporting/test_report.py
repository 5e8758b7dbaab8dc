"""The report: its sentences, tables, page and Markdown agree with the records."""

import re
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.reporting.calibration_table import calibration_table
from spacy_xner.reporting.costs import costs_table, total_cost
from spacy_xner.reporting.error_tables import confusion_table, errors_table
from spacy_xner.reporting.examples import disagreements
from spacy_xner.reporting.markdown import report_markdown
from spacy_xner.reporting.page import report_html
from spacy_xner.reporting.report import Report, make_report
from spacy_xner.reporting.tables import differences_table, distinct_table, labels_table, scores_table, shares_table
from spacy_xner.reporting.training_tables import curves_table, layer_weights_of, layers_table, mean_curve

from ..experiments.records_util import counted, record, simulated, study_of
from .util import FEW, SECTIONS


def test_answer(report: Report) -> None:
    answer, first, open_one, clear, unknown, last = report.answer
    assert answer.startswith("A clear difference: e (arm E) has ")
    assert re.match(r"Mean F1 over de, es and nl is highest for e \(arm E\), \d\d\.\d, and lowest for ", first)
    assert first.endswith("1 of 2 comparisons with an interval have one that excludes zero.")
    assert open_one.startswith("Whether b (arm B) scores higher or lower than a (arm A) stays open: ")
    assert "which includes zero" in open_one
    assert clear.startswith("e (arm E) scores higher than a (arm A): +")
    assert "higher with 3 of 3 seeds" in clear
    assert unknown == "What the arms differ in is not known, as a record lacks its settings: b − a; e − a."
    assert last.startswith("The intervals are over 3 trainings of each arm and over the test sentences of de, es ")
    assert "range" not in last


def test_tables(report: Report) -> None:
    assert [row[:2] for row in scores_table(report).rows] == [
        ["a (arm A)", "3"],
        ["b (arm B)", "3"],
        ["e (arm E)", "3"],
    ]
    assert scores_table(report).header == ["arm", "runs", "mean", "mean without es", "de", "es", "nl"]
    differences, labels = differences_table(report), labels_table(report)
    amounts, costs = shares_table(report), costs_table(report)
    assert differences
    assert labels
    assert amounts
    assert costs
    assert [row[1] for row in differences.rows] == ["mean", "mean without es", "de", "es", "nl"] * 2
    assert [row[1] for row in labels.rows] == ["mean", "de", "es", "nl"] * 3
    assert labels.header == ["arm", "of", "LOC", "ORG", "PER"]
    assert [row[:2] for row in amounts.rows] == [
        ["a", "10%"],
        ["a", "100%"],
        ["b", "100%"],
        ["e", "10%"],
        ["e", "100%"],
    ]
    assert [row[5] == "–" for row in amounts.rows] == [True, True, False, False, False]
    assert [row[2] for row in amounts.rows] == ["1", "3", "3", "1", "3"]
    assert costs.rows[0] == ["a (arm A)", "13.3", "5.1", "8.2", "878", "878", "480,000"]
    once = distinct_table(report)
    assert once
    assert once.header == ["arm", "mean", "mean without es", "de", "es", "nl", "more than a", "95% interval"]
    assert once.rows[0][6] == "–"
    assert (
        [row[4:6] for row in once.rows]
        == [  # those without repeats are as before
            [cell.split("\n")[0] for cell in row[5:7]] for row in scores_table(report).rows
        ]
    )
    assert "de 60 sentences (58 different ones) with" in report.sizes
    for table in (scores_table(report), once, differences, labels, amounts, costs, errors_table(report)):
        assert table
        assert {len(row) for row in table.rows} == {len(table.header)}
        assert len(table.arms) == len(table.rows)
    assert total_cost(report) == "11 runs, 2.4 hours in total. Machine: Imagined CPU, 2 cores."


def test_shares_of_the_labels_are_not_mixed() -> None:
    """An arm that only has runs with fewer labels is not compared with arms that have all of them."""
    few = [simulated("e", 0, 0.6, labels=0.1), simulated("a", 0, 0.3, labels=0.1)]
    found = make_report(study_of(*(simulated(arm, 0, 0.5) for arm in "ab"), *few), **FEW)
    assert list(found.arms) == ["a", "b"]
    assert [(each.arm, each.other) for each in found.analysis.comparisons] == [("b", "a")]
    assert "f1_e" not in found.figures()
    assert "Left out, as they have no run with 100% of the labels: e." in found.answer
    amounts = shares_table(found)
    assert amounts
    assert [row[:2] for row in amounts.rows] == [["a", "10%"], ["a", "100%"], ["b", "100%"], ["e", "10%"]]
    assert "e" in report_html(found)


def test_a_teacher_is_counted_once() -> None:
    teacher, student = record("b", minutes=10), record("d", minutes=25, parts={"teacher": 10, "train": 15})
    student["setting"] = {"arm": {"teacher": "b"}}
    other = {**record("e", minutes=16, parts={"teacher": 10, "train": 6}), "setting": student["setting"]}
    for records, hours in (
        ([teacher, student], "2 runs, 0.4 hours"),
        ([student], "1 run, 0.4 hours"),
        ([student, other], "2 runs, 0.5 hours"),  # 31 minutes, not 41
    ):
        assert total_cost(make_report(study_of(*records), **FEW)).startswith(hours)


def test_a_training_of_no_time_is_in_the_table() -> None:
    """Minutes are rounded: a very short training has 0.0."""
    runs = [record("a", minutes=0.0), record("b", minutes=1.0)]
    costs = costs_table(make_report(study_of(*runs), **FEW))
    assert costs
    assert costs.arms == ["a", "b"]
    assert costs.rows[0][1] == "0.0"


def test_parts_without_data_are_left_out() -> None:
    found = make_report(study_of(record("a")), **FEW)
    page = report_html(found)
    assert page.count("Left out:") == report_markdown(found).count("Left out:") == 9
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS
    assert found.answer[0] == "There is no answer yet: no two arms are compared."
    assert found.answer[1] == "F1 on de of a is 66.7. No arms were compared."
    assert "Each arm was trained once" in found.answer[-1]


def test_nothing_to_find() -> None:
    found = make_report(study_of(*(record(arm, 0, counted({"de": {}, "es": {}}, 3)) for arm in "ab")), **FEW)
    assert "Left out: the test sentences have no entities." in report_html(found)
    assert "+0.0" not in report_markdown(found)


def test_baseline() -> None:
    records = [simulated(arm, 0, 0.5, n=10) for arm in ("c", "b")]
    assert make_report(study_of(*records), **FEW).baseline == "b"
    assert [(c.arm, c.other) for c in make_report(study_of(*records), baseline="c", **FEW).analysis.comparisons] == [
        ("b", "c")
    ]
    with pytest.raises(XnerError, match="no runs of an arm 'x', expected one of b, c"):
        make_report(study_of(*records), baseline="x")


def test_arms_without_a_common_seed_are_not_compared() -> None:
    found = make_report(study_of(simulated("a", 0, 0.5, n=10), simulated("b", 3, 0.5, n=10)), **FEW)
    assert found.analysis.comparisons == []
    assert "Not compared with a, as they have no seed in common: b." in found.answer
    assert "as they have no seed in common" in report_html(found)


def test_confusion_is_of_target_languages_on_average() -> None:
    errors = {"correct": 2, "boundary": 0, "label": 1, "boundary and label": 0, "missed": 0, "spurious": 1}
    confusion = {"PER": {"PER": 2, "LOC": 1}, "": {"LOC": 1}}
    records = [
        record("a", s, errors={lang: {**errors, "confusion": confusion} for lang in ("de", "en")}) for s in (0, 1)
    ]
    found = confusion_table(study_of(*records).runs)
    assert found
    assert found.header == ["reference", "LOC", "PER", "none"]
    assert found.rows == [["LOC", "0", "0", "0"], ["PER", "1", "2", "0"], ["none", "1", "0", ""]]
    assert found.heat[1][1] == pytest.approx(2 / 3, abs=1e-3)


def test_layers_of_different_number() -> None:
    runs = study_of(record("a", 0, layer_weights=[[0.5, 0.5]]), record("a", 1, layer_weights=[[1]])).runs
    with pytest.raises(XnerError, match="runs of the arm a read different layers"):
        layer_weights_of(runs)
    assert layer_weights_of(runs[:1]) == [(None, [[0.5, 0.5]])]
    others = [record("a", s, layers=[[3, 4 + s]], layer_weights=[[0.5, 0.5]]) for s in (0, 1)]
    with pytest.raises(XnerError, match="runs of the arm a read different layers"):
        layer_weights_of(study_of(*others).runs)
    assert layer_weights_of(study_of(others[0]).runs) == [([3, 4], [[0.5, 0.5]])]


def test_layers_have_the_encoders_numbers() -> None:
    """If all records have them."""
    known = record("a", layers=[[3, 7]], layer_weights=[[0.4, 0.6]])
    page = report_html(make_report(study_of(known), **FEW))
    assert "layer of the encoder; 0 is the embeddings" in page
    page = report_html(make_report(study_of(known, record("b", layer_weights=[[0.4, 0.6]])), **FEW))
    assert "layer, counted from the lowest one that is read" in page


def test_calibration_error_is_the_mean_over_languages() -> None:
    """Also in records whose own figure is over the entities of all languages together."""
    runs = []
    for seed, errors in enumerate([(0.1, 0.3), (0.2, 0.6)]):
        sentences = counted({lang: {"PER": [[0, 1, 0, 1]]} for lang in ("de", "es")}, 2)
        rows = {
            lang: {"f": 0.5, "ece": e, "ece_uncalibrated": 2 * e} for lang, e in zip(("de", "es"), errors, strict=True)
        }
        scores = {"source": "en", "targets": ["de", "es"], "ece": 0.9, "ece_uncalibrated": 0.9, "languages": rows}
        runs.append(record("a", seed, sentences, scores=scores))
    report = make_report(study_of(*runs, record("b", 0, runs[0]["sentences"])), **FEW)
    table = calibration_table(report)
    assert table
    assert table.header == ["arm", "mean at temperature 1", "mean", "de", "es"]
    assert table.column_langs == ["", "", "", "de", "es"]
    assert table.rows == [["a", "0.600 ± 0.283", "0.300 ± 0.141", "0.150 ± 0.071", "0.450 ± 0.212"]]
    assert "0.300 ± 0.141" in report_markdown(report)


def test_tables_of_trainings() -> None:
    """They have the numbers of the pictures."""
    curves = [[0.0, 0.4, 0.5], [0.2, 0.6, 0.7]]
    runs = [
        record(
            "a",
            seed,
            layers=[[3, 7]],
            layer_weights=[[0.4 + 0.1 * seed, 0.6 - 0.1 * seed]],
            curve=[{"step": 10 * i, "words": 100 * i, "score": score} for i, score in enumerate(curve)],
        )
        for seed, curve in enumerate(curves)
    ]
    found = make_report(study_of(*runs), **FEW)
    layers, learned = layers_table(found), curves_table(found)
    assert layers
    assert learned
    assert layers.header == ["arm", *map(str, range(8))]
    assert layers.rows == [["a", "–", "–", "–", "0.450", "–", "–", "–", "0.550"]]
    assert learned.header == ["arm", "0%", "50%", "100%", "training words seen"]
    assert learned.rows == [["a", "10.0", "50.0", "60.0", "200"]]


def test_mean_of_curves_of_different_length() -> None:
    first, second = mean_curve([[(1, 0.2), (2, 0.4), (3, 0.5)], [(1, 0.4), (4, 0.6)]])
    assert (*first, *second) == pytest.approx((1, 0.3, 3, 0.5))


def example(found: list[list[Any]], text: str = "Ada in Rom", name: str = "1", lang: str = "de") -> dict[str, Any]:
    return {"lang": lang, "id": name, "text": text, "gold": [[0, 3, "PER"]], "found": found}


def test_disagreements() -> None:
    right, wrong = [[0, 3, "PER"]], [[0, 3, "LOC"]]
    arms = {
        "a": [example(wrong), example(right, name="2"), example([], "שלום עולם", "3", "he"), example(right, name="x")],
        "b": [example(right), example(right, name="2"), example(wrong, "שלום עולם", "3", "he")],
        "c": [example(right), example(right, name="2"), example(wrong, "שלום עולם", "3", "he")],
    }
    runs = {arm: study_of(record(arm, 4, examples=kept)).runs for arm, kept in arms.items()}
    found = disagreements(runs, 5)
    assert found
    assert (found["compared"], found["n_differing"], found["runs"]) == (3, 2, {"a": 4, "b": 4, "c": 4})
    de, he = found["sentences"]
    assert [(result["arms"], result["right"]) for result in de["results"]] == [(["a"], False), (["b", "c"], True)]
    assert (de["direction"], he["direction"]) == ("ltr", "rtl")
    assert "שלו" in he["gold"]
    assert (de["marked"], de["results"][0]["marked"]) == ("[Ada](PER) in Rom", "[Ada](LOC) in Rom")
    assert len(disagreements(runs, 1)["sentences"]) == 1  # type: ignore[index]
    assert disagreements({"a": runs["a"]}, 5) is None
