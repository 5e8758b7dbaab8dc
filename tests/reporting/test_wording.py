"""The words of a report: what its sentences and intervals claim, and what they warn of."""

import re
from typing import Any

import pytest

from spacy_xner.experiments.significance import MACRO, Comparison, Difference
from spacy_xner.reporting.page import report_html
from spacy_xner.reporting.report import make_report
from spacy_xner.reporting.tables import differences_table, scores_table
from spacy_xner.reporting.wording import compared, p_value, points, signed

from ..experiments.records_util import record, simulated, study_of

FEW: dict[str, Any] = {"resamples": 200, "permutations": 200}


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        ("a0 b0", "^Each arm was trained once, so that there are no intervals: ranges are over test sentences alone"),
        ("a0 b1", "^Each arm was trained once"),
        (
            "a0 a1 b0",
            "over 1 or 2 trainings of each arm and .*, those of differences over the 1 training that both.* Figures "
            "of 1 or 2 trainings have a range in place of an interval",
        ),
        (
            "a0 a1 a2 b0 b1 b2 c0 c1",
            "^Intervals and ranges are over 2 or 3 trainings of each arm and .* Figures of 2 trainings have a range",
        ),
        (
            "a0 a1 a2 b0 b1 b2",
            "^The intervals are over 3 trainings of each arm and over the test sentences of de, es and nl. They do not",
        ),
    ],
)
def test_limits(seeds: str, expected: str) -> None:
    runs = [simulated(name[0], int(name[1]), 0.5) for name in seeds.split()]
    assert re.search(expected, make_report(study_of(*runs), **FEW).answer[-1])


def test_one_training_of_each_is_mentioned() -> None:
    once = make_report(study_of(simulated("a", 0, 0.3), simulated("b", 0, 0.9)), **FEW).answer[2]
    assert once.startswith("In one training of each, b (arm B) scored higher than a (arm A): +")
    assert "(range over test sentences +" in once
    assert "95% interval" not in once
    runs = [simulated(arm, seed, q) for arm, q in {"a": 0.3, "b": 0.9}.items() for seed in (0, 1)]
    twice = make_report(study_of(*runs), **FEW).answer[2]
    assert twice.startswith("In two trainings of each, b (arm B) scored higher than a (arm A): +")
    assert "(range of both +" in twice


def test_equal_arms() -> None:
    report = make_report(study_of(record("a"), record("b")), **FEW)
    assert report.answer[0].startswith(
        "Not settled by 1 seed: b has the same F1 as a in de, to a tenth of a point (range"
    )
    assert report.answer[1].startswith("F1 on de is 66.7 for all arms.")
    assert report.answer[2].startswith("In one training of each, b scored as high as a: 0.0 F1")


def test_arms_with_fewer_labels_alone_are_named() -> None:
    """Also if nothing is compared, and with small shares, which are not rounded."""
    runs = [simulated("a", 0, 0.5, labels=0.004), simulated("b", 0, 0.5, labels=0.001)]
    report = make_report(study_of(*runs), **FEW)
    said = "Left out, as they have no run with 0.4% of the labels: b."
    assert report.answer[2] == said
    assert said in report_html(report)


def comparison(value: float, low: float, high: float, p: float) -> Comparison:
    return Comparison("b", "a", (0, 1, 2), {MACRO: Difference(value, None, low, high, 3 * (value,), p, p)})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (comparison(0.02, 0.01, 0.03, 0.001), "b scores higher than a: +2.0 F1 (95% interval +1.0 to +3.0; corrected"),
        (comparison(-0.02, -0.03, -0.01, 0.001), "b scores lower than a: −2.0 F1 (95% interval −3.0 to −1.0; "),
        (comparison(0.02, -0.001, 0.03, 0.06), "Whether b scores higher or lower than a stays open: +2.0 F1 (95% inte"),
        (comparison(0.02, 0.0, 0.03, 0.06), "Whether b scores higher or lower than a stays open: +2.0 F1 (95% interva"),
    ],
)
def test_sentences_do_not_claim_more_than_intervals(found: Comparison, expected: str) -> None:
    assert compared(found, {}).startswith(expected)


@pytest.mark.parametrize(
    ("n_seeds", "before", "after"), [(1, "range ", "; 1 seed"), (2, "range ", "; 2 seeds"), (3, "", "")]
)
def test_few_seeds_have_a_range_and_no_interval(n_seeds: int, before: str, after: str) -> None:
    """Nor p; in tables, in sentences and in the figures for programs."""
    runs = [simulated(arm, seed, q) for arm, q in {"a": 0.5, "b": 0.6}.items() for seed in range(n_seeds)]
    report = make_report(study_of(*runs), **FEW)
    table = differences_table(report)
    assert table is not None
    assert all(re.fullmatch(rf"{before}[+−]?[\d.]+ to [+−]?[\d.]+{after}", row[3]) for row in table.rows)
    assert all((row[4:] == ["–", "–"]) == (n_seeds < 3) for row in table.rows)
    cells = [cell.split("\n(")[1] for row in scores_table(report).rows for cell in row[2:]]
    assert all(re.fullmatch(rf"{before}[\d.]+ to [\d.]+\)", cell) for cell in cells)
    assert ("95% interval" in " ".join(report.answer[:3])) == (n_seeds == 3)
    figures, rows = report.figures(), report.rows()
    assert ("b_minus_a_low" in figures) == (n_seeds == 3)
    assert ("b_minus_a_range_low" in figures) == (n_seeds < 3)
    for row in rows:
        assert (row["low"] is None, row["range_high"] is None) == (n_seeds < 3, n_seeds == 3)


def test_runs_that_differ_in_the_seed_alone_have_one_setting() -> None:
    """The digest of older records and the setting of the teacher depend on the seed too."""
    runs = []
    for seed in range(3):
        setting = {"seed": seed, "arm": {"name": "a"}, "training": f"{seed:016x}", "steps": 4}
        runs.append(simulated("a", seed, 0.5) | {"setting": setting | {"teacher": setting}})
    page = report_html(make_report(study_of(*runs), **FEW))
    assert page.count("<summary>All settings</summary>") == 1
    assert "differ in more than the seed" not in page


def test_sentences_say_if_the_test_does_not_confirm() -> None:
    assert "the test does not confirm this difference" in compared(comparison(0.02, 0.01, 0.03, 0.08), {})
    assert "does not confirm" not in compared(comparison(0.02, 0.01, 0.03, 0.04), {})


def test_different_machines_are_mentioned() -> None:
    runs = [simulated(arm, 0, 0.5) | {"machine": machine} for arm, machine in (("a", "EPYC"), ("b", "EPYC, H200"))]
    assert "The runs are of 2 kinds of machine" in make_report(study_of(*runs), **FEW).answer[-2]
    runs[1]["machine"] = "EPYC"
    assert not any("kinds of machine" in line for line in make_report(study_of(*runs), **FEW).answer)


def test_figures_of_an_arm_and_of_a_language_have_different_names() -> None:
    report = make_report(study_of(*(simulated(arm, 0, q) for arm, q in {"a": 0.2, "a_de": 0.9}.items())), **FEW)
    figures = report.figures()
    assert figures["f1_a_de"] == pytest.approx(100 * report.analysis.arms["a_de"].figures[MACRO].value, abs=1e-3)
    assert figures["f1_a[de]"] == pytest.approx(100 * report.analysis.arms["a"].figures["de", ""].value, abs=1e-3)
    assert {"f1_a_es", "f1_a_de_de"} <= figures.keys()


def test_numbers() -> None:
    assert [signed(v) for v in (0.0123, -0.0123, 0.0001, -0.0001)] == ["+1.2", "−1.2", "0.0", "0.0"]
    assert (points(0.7), p_value(0.0004), p_value(0.0312)) == ("70.0", "< 0.001", "0.031")
