"""Differences, intervals and p values: by hand, as properties, and their coverage on simulated arms."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from spacy_xner.errors import XnerError
from spacy_xner.experiments import significance
from spacy_xner.experiments.counts import f1_of
from spacy_xner.experiments.significance import MACRO, MIN_SEEDS, NEAR, Analysis, Difference, analyse, holm

from .records_util import counted, record, simulated, study_of

FEW: dict[str, Any] = {"resamples": 200, "permutations": 200}
COVERAGE = 0.9  # the least share of simulated 95% intervals that contain the true value
Rows = dict[str, dict[str, list[list[int]]]]


def compared(one: dict[int, Rows], two: dict[int, Rows], n: int, **settings: Any) -> Analysis:
    """Arms b and a, seed -> language -> label -> rows."""
    arms = {"b": one, "a": two}
    records = [record(arm, seed, counted(rows, n)) for arm, runs in arms.items() for seed, rows in runs.items()]
    return analyse(study_of(*records), [("b", "a")], **{**FEW, **settings})


def macro(analysis: Analysis) -> Difference:
    return analysis.comparisons[0].figures[MACRO]


def test_by_hand() -> None:
    """Micro F1 of a language from summed counts, then the mean over languages, then over seeds."""
    one = {
        0: {"de": {"PER": [[0, 1, 0, 0], [1, 1, 0, 0]], "LOC": [[0, 0, 0, 1]]}, "es": {"PER": [[0, 1, 0, 0]]}},
        1: {"de": {"PER": [[0, 1, 0, 0], [1, 1, 0, 0]], "LOC": [[0, 1, 0, 0]]}, "es": {"PER": [[0, 1, 0, 0]]}},
    }
    two = {
        0: {"de": {"PER": [[0, 1, 1, 0], [1, 0, 0, 1]], "LOC": [[0, 0, 0, 1]]}, "es": {"PER": [[0, 0, 0, 1]]}},
        1: {"de": {"PER": [[0, 1, 0, 0], [1, 0, 0, 1]], "LOC": [[0, 1, 0, 0]]}, "es": {"PER": [[0, 1, 0, 0]]}},
    }
    analysis = compared(one, two, 2)
    a, b = (analysis.arms[arm].figures for arm in "ab")
    assert b["de", ""].by_seed == pytest.approx((4 / 5, 1))
    assert a["de", ""].by_seed == pytest.approx((2 / 5, 4 / 5))
    assert a["es", ""].by_seed == (0, 1)
    assert a[MACRO].by_seed == pytest.approx((0.2, 0.9))
    assert a[MACRO].sd == pytest.approx(0.7 / 2**0.5)
    assert b["de", "PER"].by_seed == (1, 1)
    assert b["", "LOC"].by_seed == (0, 1)  # over German alone: Spanish has none
    assert a["", "PER"].by_seed == pytest.approx(((1 / 2 + 0) / 2, (2 / 3 + 1) / 2))
    difference = macro(analysis)
    assert difference.by_seed == pytest.approx((0.7, 0.1))
    assert (difference.value, difference.sd) == pytest.approx((0.4, 0.6 / 2**0.5))
    assert (analysis.langs, analysis.labels, analysis.comparisons[0].seeds) == (["de", "es"], ["LOC", "PER"], (0, 1))


def test_a_language_without_entities_is_not_in_the_mean() -> None:
    """German has F1 2/3 and 0; in Spanish there is nothing to find, whatever is predicted."""
    one: dict[int, Rows] = {0: {"de": {"PER": [[0, 1, 0, 1]]}, "es": {"PER": [[0, 0, 1, 0]]}}}
    two: dict[int, Rows] = {0: {"de": {"PER": [[0, 0, 0, 2]]}, "es": {"PER": []}}}
    analysis = compared(one, two, 2)
    assert analysis.arms["b"].figures[MACRO].value == pytest.approx(2 / 3)
    assert macro(analysis).value == pytest.approx(2 / 3)
    assert analysis.arms["b"].figures["es", ""].value == 0
    nothing = compared({0: {"de": {"PER": []}}}, {0: {"de": {"PER": []}}}, 2)
    assert nothing.arms["b"].figures[MACRO].value == 0


def test_only_a_language_s_reference_labels_are_figures() -> None:
    """A label that is not in the reference counts as wrong where it is predicted, and has no figure of its own."""
    analysis = compared(
        {0: {"de": {"PER": [[0, 1, 0, 0]], "X": [[0, 0, 1, 0]]}}}, {0: {"de": {"PER": [[0, 1, 0, 0]]}}}, 1
    )
    assert analysis.labels == ["PER"]
    assert analysis.arms["b"].figures["de", ""].value == pytest.approx(2 / 3)


def three_times(rows: Rows) -> dict[int, Rows]:
    """Three equal trainings, which have no variance between them."""
    return dict.fromkeys(range(3), rows)


def test_p_of_swaps_by_hand() -> None:
    """Three sentences that only one arm has right: of the eight swaps two are as extreme, so p is 2/8."""
    right, missed = [[i, 1, 0, 0] for i in range(3)], [[i, 0, 0, 1] for i in range(3)]
    arms = three_times({"de": {"PER": right}}), three_times({"de": {"PER": missed}})
    difference = macro(compared(*arms, 3, permutations=20_000))
    assert (difference.value, difference.low, difference.high, difference.sd) == (1, 1, 1, 0)
    assert difference.p == pytest.approx(2 / 8, abs=0.01)


def test_sentences_of_the_same_text_are_one() -> None:
    """Three equal sentences that only one arm has right are one observation: p is 1, and all or none are drawn."""
    rows = [[[i, 1, 0, 0] for i in range(4)], [[0, 1, 0, 0], *([i, 0, 0, 1] for i in range(1, 4))]]
    sentences = [
        {"de": {"n": 4, "repeats": [[2, 1], [3, 1]], "labels": {"PER": counts}}} for counts in (rows[0], rows[1])
    ]
    study = study_of(*(record(arm, s, each) for arm, each in zip("ba", sentences, strict=True) for s in range(3)))
    analysis = analyse(study, [("b", "a")], resamples=20_000, permutations=200)
    assert (macro(analysis).value, macro(analysis).p) == (pytest.approx(1 - 2 / 5), 1)
    assert (macro(analysis).low, macro(analysis).high) == (0, 1)
    once = analyse(study, [("b", "a")], **FEW, distinct=True)
    assert once.arms["a"].figures[MACRO].value == pytest.approx(2 / 3)
    assert analyse(study, [("b", "a")], **FEW).arms["b"].figures[MACRO].value == 1


def found_of(right: int, n: int = 20) -> Rows:
    """One entity in each of n sentences; the first `right` of them are found."""
    return {"de": {"PER": [[i, int(i < right), 0, int(i >= right)] for i in range(n)]}}


def test_one_seed_has_a_range_over_sentences_and_two_that_of_both() -> None:
    """They have no p, and do not exclude zero, whatever the range."""
    one = macro(compared({0: found_of(12)}, {0: found_of(0)}, 20))
    assert (one.few_seeds, one.p, one.p_corrected, one.excludes_zero) == (True, None, None, False)
    assert 0 < one.low < one.value < one.high < 1
    two = macro(compared({0: found_of(12), 1: found_of(18)}, dict.fromkeys((0, 1), found_of(0)), 20))
    both = [2 * n / (20 + n) for n in (12, 18)]
    assert (two.few_seeds, two.p, two.p_corrected, two.excludes_zero) == (True, None, None, False)
    assert (two.low, two.high) == pytest.approx(both)
    three = macro(compared(three_times(found_of(12)), three_times(found_of(0)), 20))
    assert (three.few_seeds, three.excludes_zero) == (False, True)


def test_comparisons_of_few_seeds_are_in_no_family() -> None:
    """p of others is not corrected for them."""
    runs = [simulated(arm, seed, q) for arm, q in {"a": 0.5, "b": 0.6}.items() for seed in range(3)]
    study = study_of(*runs, simulated("c", 0, 0.7))
    alone = analyse(study, [("b", "a")], **FEW).comparisons[0]
    beside = analyse(study, [("c", "a"), ("b", "a"), ("c", "b")], **FEW).comparisons
    assert beside[1] == alone
    assert {each.p for c in (beside[0], beside[2]) for each in c.figures.values()} == {None}


def test_a_mean_without_the_most_distant_language() -> None:
    """It is over the other languages, and a family of its own; there is none if nothing or all is left out."""
    study = study_of(*(simulated(arm, seed, q) for arm, q in {"a": 0.5, "b": 0.6}.items() for seed in range(3)))
    with_both = analyse(study, [("b", "a")], **FEW, distant=["es"])
    figures = with_both.arms["b"].figures
    assert with_both.near == ["de", "nl"]
    assert figures[NEAR].value == pytest.approx((figures["de", ""].value + figures["nl", ""].value) / 2)
    assert figures[NEAR].by_seed != figures[MACRO].by_seed
    plain = analyse(study, [("b", "a")], **FEW)
    assert NEAR not in plain.arms["b"].figures
    assert macro(plain) == macro(with_both)
    for distant in ([], ["de", "es", "nl"], ["fr"]):
        assert analyse(study, **FEW, distant=distant).near == []


def test_interval_of_one_proportion_by_hand() -> None:
    """Each sentence has one entity, found or not, and no wrong ones: F1 is 2x/(1+x) for the share x of found ones."""
    n, k = 40, 20
    rows = {"de": {"PER": [[i, int(i < k), 0, int(i >= k)] for i in range(n)]}}
    estimate = compared({0: rows}, {0: rows}, n, resamples=20_000).arms["a"].figures[MACRO]
    shares = np.quantile(np.random.default_rng(1).binomial(n, k / n, 100_000) / n, [0.025, 0.975])
    assert (estimate.low, estimate.high) == pytest.approx(2 * shares / (1 + shares), abs=0.02)


def test_families_are_corrected_by_themselves() -> None:
    study = study_of(
        *(simulated(arm, seed, q) for arm, q in zip("abc", (0.5, 0.6, 0.7), strict=True) for seed in range(3))
    )
    analysis = analyse(study, [("b", "a"), ("c", "a")], **FEW)
    for family in ([MACRO], [(lang, "") for lang in analysis.langs], [("", label) for label in analysis.labels]):
        found = [comparison.figures[figure] for comparison in analysis.comparisons for figure in family]
        raw = [each.p for each in found]
        expected = holm(np.array(raw)) if family == [MACRO] else false_discovery_control(raw, method="by")
        assert [each.p_corrected for each in found] == pytest.approx(list(expected))


def test_holm_by_hand() -> None:
    """0.01 counts thrice, 0.02 twice; 0.04 cannot be below the one before it; none is above 1."""
    assert holm(np.array([0.02, 0.04, 0.01])).tolist() == pytest.approx([0.04, 0.04, 0.03])
    assert holm(np.array([0.6, 0.9])).tolist() == [1, 1]
    assert holm(np.array([0.3])).tolist() == [0.3]


def test_a_clear_difference_and_none() -> None:
    study = study_of(
        *(simulated(arm, seed, q) for arm, q in zip("abc", (0.5, 0.5, 0.8), strict=True) for seed in range(3))
    )
    same, clear = (c.figures[MACRO] for c in analyse(study, [("b", "a"), ("c", "a")]).comparisons)
    assert same.p_corrected is not None
    assert clear.p_corrected is not None
    assert not same.excludes_zero
    assert same.p_corrected > 0.05
    assert clear.excludes_zero
    assert clear.p_corrected < 0.01
    assert clear.low > 0.1


def test_seeds_are_paired() -> None:
    study = study_of(
        *(simulated("a", seed, 0.5) for seed in (0, 1, 4)), *(simulated("b", seed, 0.5) for seed in (4, 0, 7))
    )
    comparison = analyse(study, [("b", "a")], **FEW).comparisons[0]
    assert comparison.seeds == (0, 4)
    runs = {(run.arm, run.seed): run for run in study.runs}
    both = study_of(*(runs[arm, seed].data for arm in "ab" for seed in (0, 4)))
    assert comparison.figures[MACRO].by_seed == analyse(both, [("b", "a")], **FEW).comparisons[0].figures[MACRO].by_seed


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("b", "x"), "no runs of an arm 'x', expected one of a, b, c"),
        (("c", "a"), r"no seed in common: found \(5,\) and"),
    ],
)
def test_arms_that_cannot_be_compared(pair: tuple[str, str], message: str) -> None:
    study = study_of(simulated("a", 0, 0.5), simulated("b", 0, 0.5), simulated("c", 5, 0.5))
    with pytest.raises(XnerError, match=message):
        analyse(study, [pair], **FEW)


def test_too_few_draws() -> None:
    with pytest.raises(XnerError, match="100 or more resamples and permutations, found 10 and 10000"):
        analyse(study_of(simulated("a", 0, 0.5)), resamples=10)


COUNTS = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2))


@st.composite
def two_arms(draw: st.DrawFn) -> tuple[dict[int, Rows], dict[int, Rows], int]:
    """Two arms on the same sentences: in each sentence and seed, some entities are found, and some are wrong."""
    n, seeds = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    gold = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    arms: list[dict[int, Rows]] = []
    for _ in range(2):
        runs: dict[int, Rows] = {}
        for seed in range(seeds):
            tp = [draw(st.integers(0, each)) for each in gold]
            fp = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
            rows = [[i, tp[i], fp[i], gold[i] - tp[i]] for i in range(n) if gold[i] + fp[i]]
            runs[seed] = {"de": {"PER": rows}}
        arms.append(runs)
    return arms[0], arms[1], n


@given(two_arms())
@settings(max_examples=60, deadline=None)
def test_properties(drawn: tuple[dict[int, Rows], dict[int, Rows], int]) -> None:
    one, two, n = drawn
    there, back = macro(compared(one, two, n)), macro(compared(two, one, n))
    assert there.low <= there.value <= there.high
    assert there.value == pytest.approx(-back.value)
    assert there.few_seeds == (len(one) < MIN_SEEDS) == (there.p is None) == (there.p_corrected is None)
    if there.p is not None and there.p_corrected is not None:
        assert 0 < there.p <= there.p_corrected <= 1
    same = macro(compared(one, one, n))
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, None if same.few_seeds else 1)


@given(two_arms(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_sentences_does_not_matter(
    drawn: tuple[dict[int, Rows], dict[int, Rows], int], random: Any
) -> None:
    one, two, n = drawn
    order = random.sample(range(n), n)
    moved, moved_two = (
        {seed: {"de": {"PER": [[order[i], *rest] for i, *rest in rows["de"]["PER"]]}} for seed, rows in arm.items()}
        for arm in (one, two)
    )
    assert macro(compared(one, two, n)) == macro(compared(moved, moved_two, n))


def test_f1() -> None:
    counts = np.array([[[0, 0, 0], [1, 1, 0]], [[0, 2, 3], [5, 0, 0]]])
    assert f1_of(counts) == pytest.approx(np.array([[0, 2 / 3], [0, 1]]))


def two_simulated_arms(
    random: np.random.Generator, effect: float, seeds: int, n: int, between: float = 0.06, within: float = 1.0
) -> tuple[dict[int, Rows], dict[int, Rows]]:
    """Arms whose expected F1 differs by `effect`, with random effects of trainings and of sentences.

    between (float): standard deviation between trainings. within (float): factor of the deviations between sentences.
    """
    difficulty = random.normal(0, 0.15 * within, n)
    arms: list[dict[int, Rows]] = []
    for mean in (0.6 + effect, 0.6):
        own = random.normal(0, 0.1 * within, n)  # sentences that are harder for one arm than for the other
        runs: dict[int, Rows] = {}
        for seed in range(seeds):
            found = random.random(n) < mean + random.normal(0, between) + difficulty + own
            runs[seed] = {"de": {"PER": [[i, int(found[i]), int(not found[i]), int(not found[i])] for i in range(n)]}}
        arms.append(runs)
    return arms[0], arms[1]


def coverage(seeds: int, between: float, within: float, effect: float) -> tuple[float, float]:
    """The shares of 100 simulated studies whose interval contains the true difference, and whose p is at most 0.05.

    F1 is the share of right entities here, so the true value is `effect`.
    """
    random = np.random.default_rng(3)
    arms = (two_simulated_arms(random, effect, seeds, 80, between, within) for _ in range(100))
    found = [macro(compared(*pair, 80)) for pair in arms]
    covered = np.mean([each.low <= effect <= each.high for each in found])
    return float(covered), float(np.mean([each.p is not None and each.p <= 0.05 for each in found]))


@pytest.mark.parametrize(
    ("seeds", "between", "within", "effect"),
    [(3, 0.1, 0, 0), (5, 0.1, 0, 0.05), (3, 0.06, 1, 0.05), (5, 0.06, 1, 0), (3, 0, 1, 0)],
)
def test_coverage_of_intervals(seeds: int, between: float, within: float, effect: float) -> None:
    """Also where nearly all variance is between trainings, of which there are few."""
    covered, rejected = coverage(seeds, between, within, effect)
    assert covered >= COVERAGE
    if effect == 0:
        assert rejected <= 0.1


def test_intervals_of_resampled_seeds_would_not_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they were made before: of three seeds, 76% contain the true value if all variance is between trainings."""

    def resampled(observed: Any, draws: int, seed: Sequence[int]) -> Any:
        drawn = np.random.default_rng([*seed]).integers(0, len(observed), (draws, len(observed)))
        return observed[drawn].mean(1) - observed.mean(0)

    monkeypatch.setattr(significance, "_training_errors", resampled)
    assert 0.65 < coverage(3, 0.1, 0, 0)[0] < 0.85 < COVERAGE


def test_ranges_of_two_seeds_are_no_intervals() -> None:
    """Half of them contain the true value."""
    assert 0.4 < coverage(2, 0.1, 0, 0)[0] < 0.6


def test_intervals_of_seeds_by_hand() -> None:
    """Without variance between sentences, intervals are those of Student's t, within the possible values."""
    found = [0.5, 0.6, 0.7]  # of ten entities in each of five sentences
    runs = {
        s: {"de": {"PER": [[i, round(10 * f), 0, 10 - round(10 * f)] for i in range(5)]}} for s, f in enumerate(found)
    }
    estimate = compared(runs, runs, 5, resamples=4000).arms["a"].figures[MACRO]
    f1 = np.array([2 * f / (1 + f) for f in found])
    half = 4.302653 * f1.std(ddof=1) / 3**0.5
    assert (estimate.low, estimate.high) == pytest.approx((f1.mean() - half, min(1, f1.mean() + half)), abs=0.005)
    assert estimate.sd == pytest.approx(f1.std(ddof=1))


def test_a_large_study() -> None:
    """4,000 sentences x 3 languages x 3 seeds, of arms without a true difference."""
    study = study_of(*(big_record(arm, seed) for arm in "ab" for seed in range(3)))
    difference = analyse(study, [("b", "a")], resamples=200, permutations=200).comparisons[0].figures[MACRO]
    assert difference.low < 0 < difference.high
    assert difference.high - difference.low < 0.04


def big_record(arm: str, seed: int, n: int = 4000) -> dict[str, Any]:
    random = np.random.default_rng([ord(arm), seed])
    rows: Rows = {}
    for lang in ("de", "es", "nl"):
        rows[lang] = {}
        for label in ("LOC", "MISC", "ORG", "PER"):
            found = random.integers(0, 2, n)
            table = np.stack([np.arange(n), found, random.integers(0, 2, n), 1 - found], axis=1)
            rows[lang][label] = table.tolist()
    return record(arm, seed, counted(rows, n))
