"""The sentence that a report begins with, the order of arms, and the languages that the second mean leaves out."""

import re
from dataclasses import replace
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.experiments.plan import Arm, Study
from spacy_xner.experiments.significance import MACRO, NEAR
from spacy_xner.reporting.compute_table import compute_table
from spacy_xner.reporting.dots import axis_of, differences_dots, scores_dots
from spacy_xner.reporting.report import Report, make_report

from ..experiments.records_util import record, simulated, study_of

FEW: dict[str, Any] = {"resamples": 200, "permutations": 200}
PLAN = Study("made-up", "gold", "dev", "test", answer="b-a", arms={name: Arm(name) for name in "bxae"})


def setting(name: str, **arm: Any) -> dict[str, Any]:
    """`setting` of a record."""
    return {"setting": {"steps": arm.pop("all_steps", 300), "arm": {"name": name, "settings": {}, **arm}}}


def runs_of(*seeds: int, **changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs of a and b, which is clearly better, and e, which is best; changes by arm."""
    quality = {"a": 0.3, "b": 0.6, "e": 0.9}
    return [simulated(arm, seed, q) | changes.get(arm, {}) for arm, q in quality.items() for seed in seeds]


def report_of(*runs: dict[str, Any], question: str = "Does it help?", **options: Any) -> Report:
    return make_report(study_of(*runs, question=question), **FEW, **options)


def test_the_answer_of_a_contrast_that_was_fixed() -> None:
    """It says yes or no, by how much, with the interval and the seeds."""
    yes = report_of(*runs_of(0, 1, 2), answer="b-a")
    found = yes.analysis.comparisons[0].figures[MACRO]
    assert yes.answer[0].startswith(
        f"Yes: b (arm B) has {100 * found.value:.1f} points of F1 more than a (arm A) in the mean over de, es and nl "
        f"(95% interval +{100 * found.low:.1f} to +{100 * found.high:.1f}; 3 seeds; p "
    )
    no = report_of(*runs_of(0, 1, 2), answer="a-b")
    assert no.answer[0].startswith("No: a (arm A) has ")
    assert " points of F1 less than b (arm B)" in no.answer[0]
    same = report_of(*(simulated(arm, seed, 0.5) for arm in "ab" for seed in range(3)), answer="b-a")
    assert same.answer[0].startswith("Open: b (arm B) has ")
    assert ", which contains zero; 3 seeds" in same.answer[0]
    unasked = report_of(*runs_of(0, 1, 2), answer="b-a", question="")
    assert unasked.answer[0].startswith("A clear difference: b (arm B) has ")
    assert "luck" not in unasked.answer[0]
    few = report_of(*runs_of(0, 1), answer="b-a")
    assert few.answer[0].startswith("Not settled by 2 seeds: b (arm B) has ")
    assert ", no interval)" in few.answer[0]


def test_an_answer_that_the_corrected_test_does_not_confirm() -> None:
    report = report_of(*runs_of(0, 1, 2), answer="b-a")
    comparison = report.analysis.comparisons[0]
    unsure = replace(comparison.figures[MACRO], p_corrected=0.2)
    comparisons = [replace(comparison, figures={**comparison.figures, MACRO: unsure})]
    found = replace(report, analysis=replace(report.analysis, comparisons=comparisons))
    assert found.answer[0].startswith("Probably yes, not confirmed by the corrected test: b (arm B) has ")
    assert "p 0.200, corrected for 1 comparison" in found.answer[0]


def test_a_contrast_that_was_chosen_afterwards_says_so() -> None:
    report = report_of(*runs_of(0, 1, 2))
    assert report.answer[0].startswith("A clear difference: e (arm E) has ")
    assert report.answer[0].endswith("; it has the highest arm of 2 comparisons, so that its size is partly luck.")


def test_the_answer_of_the_study_file() -> None:
    """As records have it, or as a study file that is given has it; it is compared, also beside other pairs."""
    in_records = report_of(*runs_of(0, 1, 2, b={"answer": "b-a"}), pairs=[("e", "a")])
    assert in_records.answer[0].startswith("Yes: b (arm B) has ")
    pairs = [(each.arm, each.other) for each in in_records.analysis.comparisons]
    assert pairs == [("b", "a"), ("e", "a")]
    assert report_of(*runs_of(0, 1, 2), plan=PLAN).answer[0].startswith("Yes: b (arm B) has ")
    assert report_of(*runs_of(0, 1, 2), plan=PLAN, answer="e-a").answer[0].startswith("Yes: e (arm E) has ")
    missing = report_of(*runs_of(0), plan=PLAN, answer=None, baseline="e", pairs=[("a", "e")])
    assert missing.answer[0].startswith("Not settled by 1 seed: b (arm B)")
    lacking = [each | {"answer": "x-a", "arms": ["a", "x"]} for each in runs_of(0)]
    assert report_of(*lacking).answer[0] == (
        "There is no answer yet: it needs runs of x and a (arm A) with the same seeds."
    )


def test_answers_that_do_not_fit() -> None:
    with pytest.raises(XnerError, match=r"a-0.json and b-0.json name different contrasts as the answer, b-a and e-a"):
        report_of(*runs_of(0, a={"answer": "b-a"}, b={"answer": "e-a"}))
    with pytest.raises(XnerError, match="The answer of the study: 'q-a' is not a pair of arms"):
        report_of(*runs_of(0), answer="q-a")
    with pytest.raises(XnerError, match="'e-a,b-a' contains 2 pairs of arms, expected one"):
        report_of(*runs_of(0), answer="e-a,b-a")
    with pytest.raises(XnerError, match="study file is of the study 'other', the records of 'made-up'"):
        report_of(*runs_of(0), plan=replace(PLAN, name="other"))


def test_arms_that_differ_in_several_things_are_named() -> None:
    changes = {
        "a": setting("a"),
        "b": setting("b", projected="corpus", settings={"vars.learn_rate": 0.1}),
        "e": setting("e", projected="corpus"),
    }
    report = report_of(*runs_of(0, 1, 2, **changes), answer="b-a")
    assert report.answer[0].endswith("; the arms differ in two things, text and rate.")
    assert report.warnings == [
        "Arms that differ in more than one thing are compared, so that a difference cannot be ascribed to one of them: "
        "b − a (text, rate)."
    ]
    assert report.warnings[0] in report.answer
    clean = report_of(*runs_of(0, 1, 2, **changes), pairs=[("e", "a"), ("b", "e")])
    assert clean.warnings == []


def test_the_order_of_arms() -> None:
    """Of a study file, else of the longest list in the records, else by what arms learn from; new arms come last."""
    runs = runs_of(0, 1)
    assert list(report_of(*runs).arms) == ["a", "b", "e"]
    assert list(report_of(*runs, baseline="e").arms) == ["e", "a", "b"]
    assert list(report_of(*runs, plan=PLAN).arms) == ["b", "a", "e"]
    listed = [each | {"arms": ["e", "b"] if each["seed"] else ["b"]} for each in runs]
    assert list(report_of(*listed).arms) == ["e", "b", "a"]
    changes = {"b": setting("b", teacher="a"), "e": setting("e", projected="x"), "a": setting("a")}
    assert list(report_of(*runs_of(0, **changes)).arms) == ["a", "e", "b"]
    assert [row["arm"] for row in report_of(*runs, plan=PLAN).rows()][::5] == ["b", "a", "e"]
    assert [dot.name for dot in scores_dots(report_of(*runs, plan=PLAN)).groups[0][1]] == ["b", "a", "e"]


def test_the_most_distant_language_is_left_out_of_a_second_mean() -> None:
    """The one that shares the fewest branches of the family tree with the source, or that is asked for."""
    report = report_of(*runs_of(0, 1, 2))
    assert report.distant.langs == ["es"]
    assert report.distant.said == (
        "The second mean leaves out es, the language that shares the fewest branches of Glottolog's family tree with "
        "en: 2; the nearest target shares 5."
    )
    figures = report.analysis.arms["b"].figures
    assert report.figures()["f1_b[near]"] == pytest.approx(100 * figures[NEAR].value, abs=1e-3)
    asked = report_of(*runs_of(0, 1, 2), distant=["nl", "de"])
    assert asked.distant.langs == ["de", "nl"]
    assert asked.analysis.arms["b"].figures[NEAR].value == pytest.approx(figures["es", ""].value)
    none = report_of(*runs_of(0), distant=[])
    assert [name for name, _ in none.columns()] == ["mean", "de", "es", "nl"]
    for distant, message in ((["zh"], "no target language 'zh'"), (["de", "es", "nl"], "are all targets of the study")):
        with pytest.raises(XnerError, match=message):
            report_of(*runs_of(0), distant=distant)


@pytest.mark.parametrize(
    ("langs", "left_out", "said"),
    [
        (
            ("zh", "ja", "de"),
            ["zh", "ja"],
            "zh and ja, the languages that share the fewest .* with en: none; the nearest",
        ),
        (("de", "nl"), [], "all targets share equally many branches"),
        (("de", "xx"), [], "lacks xx"),
        (("de", "no code!"), [], "lacks no code!"),
        (("de",), [], "^$"),
    ],
)
def test_languages_that_are_equally_far_or_unknown(langs: tuple[str, ...], left_out: list[str], said: str) -> None:
    report = report_of(*(simulated(arm, 0, 0.5, n=10, langs=langs) for arm in "ab"))
    assert report.distant.langs == left_out
    assert re.search(said, report.distant.said)
    assert bool(report.analysis.near) == bool(left_out)


def trained(arm: str, seed: int, quality: float, *trainings: tuple[str, int]) -> dict[str, Any]:
    """A run with its trainings: arm and words."""
    made = [{"arm": name, "steps": words // 1000, "words": words, "minutes": 1} for name, words in trainings]
    return simulated(arm, seed, quality) | {"trainings": made}


def test_the_table_by_compute() -> None:
    """Arms that cost the same, teachers included, are compared with the first of them."""
    runs = []
    for seed in range(3):
        runs += [trained("a", seed, 0.3, ("a", 100_000)), trained("b", seed, 0.4, ("b", 105_000))]
        runs += [trained("e", seed, 0.8, ("b", 105_000), ("e", 100_000)), trained("long", seed, 0.5, ("long", 200_000))]
    report = report_of(*runs)
    table = compute_table(report)
    assert table
    assert [row[0] for row in table.rows] == ["a (arm A)", "b (arm B)", "e (arm E)", "long (arm LONG)"]
    assert [row[1:3] for row in table.rows] == [
        ["100,000", "100"],
        ["105,000", "105"],
        ["205,000", "205"],
        ["200,000", "200"],
    ]
    assert [row[5].split()[-1] for row in table.rows] == ["–", "a)", "–", "e)"]
    assert report.by_compute
    long = report.by_compute.comparisons[1]
    assert (long.arm, long.other) == ("long", "e")
    difference = 100 * (
        report.analysis.arms["long"].figures[MACRO].value - report.analysis.arms["e"].figures[MACRO].value
    )
    assert table.rows[3][5] == f"−{abs(difference):.1f} (long\u00a0−\u00a0e)"
    assert compute_table(report_of(record("a"), record("b"))) is None


def test_pictures_have_places_on_the_axis() -> None:
    report = report_of(*runs_of(0, 1, 2))
    plot = differences_dots(report)
    assert [name for name, _ in plot.groups] == ["b\u00a0−\u00a0a", "e\u00a0−\u00a0a"]
    assert [dot.lang for dot in plot.groups[0][1]] == ["", "", "de", "es", "nl"]
    found = report.analysis.comparisons[0].figures[MACRO]
    dot = plot.groups[0][1][0]
    assert plot.zero is not None
    scale = (dot.value - plot.zero) / found.value
    assert (dot.low, dot.high) == pytest.approx(
        (plot.zero + scale * found.low, plot.zero + scale * found.high), abs=0.01
    )
    assert (dot.filled, dot.dashed) == (True, False)
    few = scores_dots(report_of(*runs_of(0)))
    assert {(dot.filled, dot.dashed) for _, rows in few.groups for dot in rows} == {(False, True)}
    assert few.zero is None


def test_axis() -> None:
    low, high, ticks = axis_of([-3.1, 0.4], [1.2, 7.7], zero=True)
    assert low < -3.1 < 7.7 < high
    assert ticks == [-2, 0, 2, 4, 6, 8]
    assert axis_of([70.0], [70.0], zero=False)[2] == [69.8, 69.9, 70.0, 70.1, 70.2]
