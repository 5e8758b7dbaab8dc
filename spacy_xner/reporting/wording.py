"""The text of a report: number formats, sentences about comparisons, and the description of the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..experiments.significance import MACRO, MIN_SEEDS, Analysis, Comparison, Difference, Estimate

QUESTION = (
    "Which arm has the highest F1 in languages without labelled training data, and are the differences between arms "
    "more than chance?"
)
METHOD = (
    "F1 of a language is computed from the summed counts of its entities; an entity is right if both its boundaries "
    "and its label are. The mean is over the target languages that have entities, with equal weights. ± is the "
    "standard deviation over seeds. Intervals contain 95% of {resamples} bootstrap resamples of the sentences, the "
    "same ones for both arms of "
    "a comparison, each with an error for the variance between trainings: Student's t with one degree of freedom less "
    "than there are seeds, times the standard error of the mean over seeds. p is from {permutations} random swaps of "
    "the two arms' results by sentence, with the same errors. It is corrected for the number of comparisons, of "
    "means by Holm, of languages and of labels by Benjamini and Yekutieli. Sentences with the same text are "
    "drawn and swapped together. One or two seeds have no interval and no p: the range of one seed has 95% of the "
    "resamples of the sentences, and leaves out that another training differs; that of two seeds is from the lower to "
    "the higher, and has the true value about half of the time."
)
SIGNIFICANT = 0.05  # a difference with a larger corrected p is not confirmed


def points(value: float) -> str:
    """F1 in [0, 1] as points, 0 to 100."""
    return f"{100 * value:.1f}"


def signed(value: float) -> str:
    """A difference of F1 in points, with its sign; without a sign if it rounds to zero."""
    shown = f"{100 * value:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


def p_value(p: float | None) -> str:
    """p with three decimals; a dash where there is none."""
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(estimate: Estimate, with_seeds: bool = True) -> str:
    """The ends of a 95% interval, or of a range (see `Estimate.few_seeds`), by default with the number of seeds."""
    if not estimate.few_seeds:
        return ends(estimate)
    return f"range {ends(estimate)}" + (f"; {count(len(estimate.by_seed), 'seed')}" if with_seeds else "")


def ends(estimate: Estimate) -> str:
    """The ends of an interval or range: "70.1 to 71.3"; those of a difference with their signs."""
    show = signed if isinstance(estimate, Difference) else points
    return f"{show(estimate.low)} to {show(estimate.high)}"


def count(n: int, noun: str, plural: str = "") -> str:
    """1 seed, 2 seeds. plural (str): for nouns that have another plural than with s."""
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def plus_minus(estimate: Estimate) -> str:
    """Mean and standard deviation."""
    return points(estimate.value) + ("" if estimate.sd is None else f" ± {points(estimate.sd)}")


def without(distant: Sequence[str]) -> str:
    """The name of the mean that leaves the most distant languages out."""
    return f"mean without {', '.join(distant)}"


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([*([", ".join(items[:-1])] if items[:-1] else []), *items[-1:]])


def named(arm: str, titles: Mapping[str, str]) -> str:
    """An arm's name, with its title in brackets if it has one."""
    title = titles.get(arm, arm)
    return arm if title == arm else f"{arm} ({title})"


def compared(comparison: Comparison, titles: Mapping[str, str]) -> str:
    """A comparison in a sentence, which claims no more than its interval and p show."""
    found = comparison.figures[MACRO]
    one, other = (named(arm, titles) for arm in (comparison.arm, comparison.other))
    if found.few_seeds:
        n = len(found.by_seed)
        level = {"0.0": "as high as"}.get(signed(found.value), "higher than" if found.value > 0 else "lower than")
        times = "In one training" if n == 1 else "In two trainings"
        what = "range over test sentences" if n == 1 else "range of both"
        return (
            f"{times} of each, {one} scored {level} {other}: {signed(found.value)} F1 ({what} {ends(found)}; an "
            f"interval takes {MIN_SEEDS} or more seeds)."
        )
    if found.excludes_zero:
        verdict = f"{one} scores {'higher' if found.value > 0 else 'lower'} than {other}"
    else:
        verdict = f"Whether {one} scores higher or lower than {other} stays open"
    zero = "" if found.excludes_zero else ", which includes zero"
    higher = sum(each > 0 for each in found.by_seed)
    sentence = (
        f"{verdict}: {signed(found.value)} F1 (95% interval {ends(found)}{zero}; "
        f"corrected p {p_value(found.p_corrected)}; higher with {higher} of {len(found.by_seed)} seeds)."
    )
    if found.excludes_zero and not confirmed(found):
        sentence += " Corrected for the number of comparisons, the test does not confirm this difference."
    return sentence


def confirmed(found: Difference) -> bool:
    """Whether the interval excludes zero, and p is small enough after correction."""
    return found.excludes_zero and found.p_corrected is not None and found.p_corrected <= SIGNIFICANT


def summary(analysis: Analysis, titles: Mapping[str, str]) -> str:
    """A sentence on the highest and the lowest mean, and how many intervals of comparisons exclude zero."""
    langs = listed(analysis.langs)
    means = sorted(analysis.arms.values(), key=lambda arm: -arm.figures[MACRO].value)
    best, last = means[0], means[-1]
    text = f"Mean F1 over {langs}" if len(analysis.langs) > 1 else f"F1 on {langs}"
    if best is last:
        text += f" of {named(best.arm, titles)} is {points(best.figures[MACRO].value)}"
    elif points(best.figures[MACRO].value) == points(last.figures[MACRO].value):
        text += f" is {points(best.figures[MACRO].value)} for all arms"
    else:
        ends = [f"{named(arm.arm, titles)}, {points(arm.figures[MACRO].value)}" for arm in (best, last)]
        text += f" is highest for {ends[0]}, and lowest for {ends[1]}"
    clear = [found.excludes_zero for c in analysis.comparisons if not (found := c.figures[MACRO]).few_seeds]
    if not analysis.comparisons:
        return f"{text}. No arms were compared."
    if not clear:
        return f"{text}. No comparison has enough seeds for an interval."
    if len(clear) == 1:
        return f"{text}. The comparison has an interval that {'excludes' if clear[0] else 'includes'} zero."
    return f"{text}. {sum(clear)} of {len(clear)} comparisons with an interval have one that excludes zero."


def limits(analysis: Analysis) -> str:
    """What the intervals cover, and what they do not."""
    of_arms = {len(arm.seeds) for arm in analysis.arms.values()}
    of_pairs = {len(comparison.seeds) for comparison in analysis.comparisons}
    if of_arms == {1}:
        return (
            "Each arm was trained once, so that there are no intervals: ranges are over test sentences alone, and "
            "another training may differ by more."
        )
    over = f"over {_counted(of_arms)} of each arm and over the test sentences of {listed(analysis.langs)}"
    if of_pairs and of_pairs != of_arms:
        over += f", those of differences over the {_counted(of_pairs)} that both arms have"
    few = sorted(n for n in of_arms | of_pairs if n < MIN_SEEDS)
    if not few:
        return f"The intervals are {over}. They do not cover other languages, encoders or kinds of text."
    numbers = " or ".join(map(str, few))
    return (
        f"Intervals and ranges are {over}. Figures of {numbers} training{'s' * (few != [1])} have a range in place of "
        f"an interval: another training may well lie outside of it. Intervals do not cover other languages, encoders "
        "or kinds of text."
    )


def _counted(seeds: set[int]) -> str:
    """Numbers of trainings in words: 1, 2 or 3 trainings."""
    *most, last = map(str, sorted(seeds))
    return f"{', '.join(most)}{' or ' * bool(most)}{last} training{'s' * (seeds != {1})}"
