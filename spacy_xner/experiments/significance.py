"""Confidence intervals and p values of differences between arms, over seeds and sentences.

Both trainings and test sentences are samples. The errors of a run are correlated, as all its sentences share a
training; the errors in a sentence are correlated across runs, as it is hard or easy for all of them. Sentences with the
same text are one observation, drawn and swapped together, since a pipeline predicts the same for all of them.

- Intervals: a draw is the mean over seeds on resampled sentences, the same sentences for all seeds and for both arms,
  plus t s / sqrt(S), where s is the standard deviation over the S seeds and t is drawn from Student's distribution with
  S - 1 degrees of freedom. This is the Behrens-Fisher solution for the sum of two sources of error (Fisher 1935), with
  the bootstrap in place of a normal distribution for the sentences. With resampled seeds in place of t, intervals of
  few seeds are too narrow: if all variance is between trainings, 51% (2 seeds), 76% (3) and 85% (5) of them have the
  true value. The interaction of seed and sentence is in both parts, so that intervals are rather too wide.
- p: approximate randomisation (Noreen 1989; Yeh 2000) swaps the two arms' counts of a sentence with the probability
  1/2, in all seeds at once, since the errors of runs in a sentence are not independent; t s / sqrt(S) is added too.

There is no interval and no p of one or two seeds. With one seed the variance between trainings is not known, and
with two t has one degree of freedom: nearly every interval would include zero. Such figures have a range: of one
seed, that of 95% of the resamples of the sentences; of two, from the lower to the higher, which has the true value
half of the time. `benchmarks/interval_coverage.py` prints how many intervals and ranges of simulated arms have the
true value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import XnerError
from ..extras import needs_extra
from .counts import MACRO, NEAR, Figure, Floats, StudyCounts, f1_of, study_counts
from .records import StudyRecords

STATISTICS_NEED = "The statistics of a report need"
CHUNK = 4_000_000  # numbers in an array of weights: 16 MB
MIN_SEEDS = 3  # there are no intervals and no p over fewer trainings
ROUNDING = 1e-12  # differences up to this size are rounding errors


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds.

    value (float): the mean; F1 is in [0, 1].
    sd (float | None): standard deviation over the seeds; None with one seed.
    low, high (float): 95% interval; a range if there are few seeds (see `few_seeds`).
    by_seed (tuple[float, ...]): the value of each seed.
    """

    value: float
    sd: float | None
    low: float
    high: float
    by_seed: tuple[float, ...]

    @property
    def few_seeds(self) -> bool:
        """Whether there are too few trainings for an interval. `low` and `high` are then a range: with one seed, of 95%
        of the resamples of the sentences; with two, the values of both."""
        return len(self.by_seed) < MIN_SEEDS


@dataclass(frozen=True)
class Difference(Estimate):
    """A mean of paired differences.

    p (float | None): two-sided, by the permutation test; None with few seeds.
    p_corrected (float | None): p corrected for the number of comparisons: of means over languages, on which claims
        rest, by Holm (1979), of languages and labels by Benjamini and Yekutieli (2001). Both allow any dependence
        between comparisons. There are five families: means over languages, those without the most distant ones,
        languages, labels, and labels by language. Comparisons of few seeds are in none.
    """

    p: float | None
    p_corrected: float | None

    @property
    def excludes_zero(self) -> bool:
        """Whether there is an interval, and zero is outside of it."""
        return not self.few_seeds and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class ArmScores:
    """F1 of an arm. figures (dict[Figure, Estimate]): (language, label) -> F1; `MACRO` is the mean over languages."""

    arm: str
    seeds: tuple[int, ...]
    figures: dict[Figure, Estimate]


@dataclass(frozen=True)
class Comparison:
    """F1 of `arm` minus F1 of `other`, for the seeds that both have."""

    arm: str
    other: str
    seeds: tuple[int, ...]
    figures: dict[Figure, Difference]


@dataclass(frozen=True)
class Analysis:
    """Arms and comparisons of a study.

    langs, labels (list[str]): target languages, and labels in the reference.
    near (list[str]): the languages of the mean `NEAR`; [] if there is no such mean.
    """

    langs: list[str]
    labels: list[str]
    arms: dict[str, ArmScores]
    comparisons: list[Comparison]
    resamples: int
    permutations: int
    near: list[str] = field(default_factory=list)


def analyse(
    study: StudyRecords,
    pairs: Sequence[tuple[str, str]] = (),
    *,
    resamples: int = 2000,
    permutations: int = 10_000,
    seed: int = 0,
    distinct: bool = False,
    distant: Sequence[str] = (),
) -> Analysis:
    """Estimate F1 of each arm, and compare pairs of arms.

    study (StudyRecords): of each arm, the runs with the largest share of labels are used.
    pairs (Sequence[tuple[str, str]]): (arm, other); a difference is `arm` minus `other`.
    resamples, permutations (int): draws of the bootstrap and of the permutation test.
    seed (int): of the draws. The same seed gives the same results, whatever the order of sentences.
    distinct (bool): count only the first of several sentences with the same text.
    distant (Sequence[str]): languages without which there is a second mean, `NEAR`.
    RAISES: XnerError for an unknown arm, and for a pair without a common seed.
    """
    if min(resamples, permutations) < 100:
        raise XnerError(f"Expected 100 or more resamples and permutations, found {resamples} and {permutations}.")
    counts = study_counts(study, distinct, distant)
    common = [_common_seeds(counts, *pair) for pair in pairs]
    resampled = _resample(counts, resamples, seed)
    arms = {}
    for arm, seeds in counts.seeds.items():
        figures = _estimates(counts.observed(arm), resampled[arm], seed, (0, 1))
        arms[arm] = ArmScores(arm, seeds, dict(zip(counts.figures, figures, strict=True)))
    raw = []
    for (arm, other), seeds in zip(pairs, common, strict=True):
        places = [[counts.seeds[each].index(s) for s in seeds] for each in (arm, other)]
        observed = counts.observed(arm)[places[0]] - counts.observed(other)[places[1]]
        drawn = resampled[arm][:, places[0]] - resampled[other][:, places[1]]
        estimates = _estimates(observed, drawn, seed, (-1, 1))
        enough = len(seeds) >= MIN_SEEDS
        p = _permutation_test(counts, (arm, other), places, observed, permutations, seed) if enough else None
        raw.append((estimates, p))
    tested = [p for _, p in raw if p is not None]
    corrected: Iterator[Floats] = iter(_correct(counts.figures, np.array(tested)) if tested else ())
    comparisons = []
    for (arm, other), seeds, (estimates, p) in zip(pairs, common, raw, strict=True):
        none = [None] * len(estimates)
        both = (none, none) if p is None else (p.tolist(), next(corrected).tolist())
        differences = [
            Difference(**vars(estimate), p=one, p_corrected=two)
            for estimate, one, two in zip(estimates, *both, strict=True)
        ]
        comparisons.append(Comparison(arm, other, seeds, dict(zip(counts.figures, differences, strict=True))))
    labels = [label for lang, label in counts.figures if label and not lang]
    return Analysis(list(counts.langs), labels, arms, comparisons, resamples, permutations, list(counts.near))


def _common_seeds(counts: StudyCounts, arm: str, other: str) -> tuple[int, ...]:
    for each in (arm, other):
        if each not in counts.seeds:
            raise XnerError(f"There are no runs of an arm '{each}', expected one of {', '.join(counts.seeds)}.")
    seeds = tuple(seed for seed in counts.seeds[arm] if seed in counts.seeds[other])
    if not seeds:
        raise XnerError(
            f"The arms {arm} and {other} have no seed in common: found {counts.seeds[arm]} and {counts.seeds[other]}, "
            "expected runs with the same seeds."
        )
    return seeds


def _resample(counts: StudyCounts, resamples: int, seed: int) -> dict[str, Floats]:
    """Arm -> figures of each run on resampled sentences, (resamples, n_seeds, n_figures).

    The draws are the same for all arms.
    """
    f1: dict[str, dict[str, Floats]] = {arm: {} for arm in counts.seeds}
    for number, lang in enumerate(counts.langs):
        random = np.random.default_rng([seed, number])
        arrays = {arm: counts.counts[arm][lang] for arm in counts.seeds}
        n = len(next(iter(arrays.values())))
        parts: dict[str, list[Floats]] = {arm: [] for arm in arrays}
        for size in _chunks(resamples, n):
            drawn = random.integers(0, n, (size, n)) if n else np.zeros((size, 0), dtype=np.int64)
            drawn += n * np.arange(size)[:, None]
            weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float32)
            for arm, array in arrays.items():
                sums = weights @ array.reshape(n, math.prod(array.shape[1:]))
                parts[arm].append(f1_of(sums.reshape(size, *array.shape[1:])))
        for arm in arrays:
            f1[arm][lang] = np.concatenate(parts[arm])
    return {arm: counts.figures_of(by_language) for arm, by_language in f1.items()}


def _estimates(observed: Floats, resampled: Floats, seed: int, bounds: tuple[int, int]) -> list[Estimate]:
    """A mean over seeds for each figure.

    observed (Floats): (n_seeds, n_figures).
    resampled (Floats): (resamples, n_seeds, n_figures), on resampled sentences.
    bounds (tuple[int, int]): the lowest and highest possible value.
    """
    if len(observed) == 2:
        low, high = observed.min(0), observed.max(0)
    else:
        low, high = _interval(observed, resampled, seed, bounds)
    value = observed.mean(0)
    sd = observed.std(0, ddof=1) if len(observed) > 1 else None
    return [
        Estimate(
            float(value[i]),
            None if sd is None else float(sd[i]),
            float(min(low[i], value[i])),  # all resamples of few sentences can lie to one side of it
            float(max(high[i], value[i])),
            tuple(map(float, observed[:, i])),
        )
        for i in range(len(value))
    ]


def _interval(observed: Floats, resampled: Floats, seed: int, bounds: tuple[int, int]) -> tuple[Floats, Floats]:
    """The ends of the 95% interval of each figure, or with one seed of its range; arguments as of `_estimates`."""
    draws = resampled.mean(1) + _training_errors(observed, len(resampled), [seed, 1])
    low, high = np.quantile(draws, (0.025, 0.975), axis=0).clip(*bounds)
    return low, high


def _training_errors(observed: Floats, draws: int, seed: Sequence[int]) -> Floats:
    """Errors of a mean over seeds by the variance between trainings, t s / sqrt(S), (draws, n_figures).

    observed (Floats): (n_seeds, n_figures). With one seed, the errors are 0.
    """
    n_seeds = len(observed)
    if n_seeds < 2:
        return np.zeros((draws, 1))
    with needs_extra("train", STATISTICS_NEED):
        from scipy.stats import t as student

    # The quantiles of t in random order: with one degree of freedom, ends of intervals of independent draws would vary.
    order = np.random.default_rng([*seed, n_seeds]).permutation(draws)
    errors = student.ppf((order + 0.5) / draws, n_seeds - 1)
    return np.asarray(errors[:, None] * observed.std(0, ddof=1) / math.sqrt(n_seeds))


def _permutation_test(
    counts: StudyCounts,
    arms: tuple[str, str],
    places: Sequence[Sequence[int]],
    observed: Floats,
    permutations: int,
    seed: int,
) -> Floats:
    """p of each figure, (n_figures,).

    places (Sequence[Sequence[int]]): for each arm, the indices of the seeds that are paired.
    observed (Floats): differences, (n_seeds, n_figures).
    """
    swapped: dict[str, Floats] = {}
    for number, lang in enumerate(counts.langs):
        random = np.random.default_rng([seed, number, 2])
        one, two = (counts.counts[arm][lang][:, place] for arm, place in zip(arms, places, strict=True))
        both, difference = one.sum(0) + two.sum(0), one - two
        difference = difference[difference.any(axis=(1, 2, 3))]  # swapping equal counts changes nothing
        parts = []
        for size in _chunks(permutations, len(difference)):
            kept = random.integers(0, 2, (size, len(difference)), dtype=np.uint8).astype(np.float32)
            moved = (kept @ difference.reshape(len(difference), both.size)).reshape(size, *both.shape)
            first = two.sum(0) + moved
            parts.append(f1_of(first) - f1_of(both - first))
        swapped[lang] = np.concatenate(parts)
    statistic = counts.figures_of(swapped).mean(1)
    statistic = statistic + _training_errors(observed, permutations, [seed, 3])
    extreme = np.abs(statistic) >= np.abs(observed.mean(0)) - ROUNDING
    return np.asarray((1 + extreme.sum(0)) / (1 + permutations))


def _correct(figures: Sequence[Figure], p: Floats) -> Floats:
    """Corrected p values, (n_comparisons, n_figures); each family is corrected separately."""
    with needs_extra("train", STATISTICS_NEED):
        from scipy.stats import false_discovery_control

    corrected = np.empty_like(p)
    families = [(NEAR if figure == NEAR else not figure[0], not figure[1]) for figure in figures]
    for family in set(families):
        columns = [i for i, each in enumerate(families) if each == family]
        flat = p[:, columns].ravel()
        is_mean = figures[columns[0]] in (MACRO, NEAR)
        found = holm(flat) if is_mean else false_discovery_control(flat, method="by")
        corrected[:, columns] = found.reshape(len(p), -1)
    return corrected


def holm(p: Floats) -> Floats:
    """p values that are corrected for their number by Holm (1979): the chance of any false claim stays below the level.

    p: (n,). RETURNS: (n,).
    """
    order = np.argsort(p)
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    return corrected


def _chunks(total: int, width: int) -> list[int]:
    """Split `total` draws of `width` numbers into parts that fit into memory. RETURNS: the size of each part."""
    size = max(1, CHUNK // max(width, 1))
    return [min(size, total - start) for start in range(0, total, size)]


__all__ = ["MACRO", "NEAR", "Analysis", "ArmScores", "Comparison", "Difference", "Estimate", "analyse", "holm"]
