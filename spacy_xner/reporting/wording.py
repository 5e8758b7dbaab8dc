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
    "the two arms' results by sentence, with the same errors. It is corrected for the number of comparisons by "
    "Benjamini and Yekutieli, separately for means, for languages and for labels. Sentences with the same text are "
    "drawn and swapped together."
)
SIGNIFICANT = 0.05  # a difference with a larger corrected p is not confirmed


def points(value: float) -> str:
    """F1 in [0, 1] as points, 0 to 100."""
    return f"{100 * value:.1f}"


def signed(value: float) -> str:
    """A difference of F1 in points, with its sign; without a sign if it rounds to zero."""
    shown = f"{100 * value:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


def p_value(p: float) -> str:
    """p with three decimals."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(estimate: Estimate) -> str:
    """The ends of a 95% interval; with the number of seeds where they are too few (see `Estimate.few_seeds`)."""
    return f"{_ends(estimate)}{_few_seeds(estimate)}"


def _ends(estimate: Estimate) -> str:
    show = signed if isinstance(estimate, Difference) else points
    return f"{show(estimate.low)} to {show(estimate.high)}"


def _few_seeds(estimate: Estimate) -> str:
    n_seeds = len(estimate.by_seed)
    return f"; {n_seeds} seed{'s' * (n_seeds > 1)} only" if estimate.few_seeds else ""


def plus_minus(estimate: Estimate) -> str:
    """Mean and standard deviation."""
    return points(estimate.value) + ("" if estimate.sd is None else f" ± {points(estimate.sd)}")


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
    once = len(found.by_seed) == 1
    if found.excludes_zero:
        way = "higher" if found.value > 0 else "lower"
        verdict = f"In one training of each, {one} scored {way}" if once else f"{one} scores {way}"
        verdict += f" than {other}"
    else:
        verdict = f"Whether {one} scores higher or lower than {other} stays open"
    zero = "" if found.excludes_zero else ", which includes zero"
    seeds = "" if once else f"; higher with {sum(each > 0 for each in found.by_seed)} of {len(found.by_seed)} seeds"
    sentence = (
        f"{verdict}: {signed(found.value)} F1 (95% interval {_ends(found)}{zero}{'' if once else _few_seeds(found)}; "
        f"corrected p {p_value(found.p_corrected)}{seeds})."
    )
    if once:
        return sentence  # `limits` says that another training may differ by more
    if found.excludes_zero and found.p_corrected > SIGNIFICANT:
        sentence += " Corrected for the number of comparisons, the test does not confirm this difference."
    return sentence


def summary(analysis: Analysis, titles: Mapping[str, str]) -> str:
    """The first sentence: the highest and the lowest mean, and how many intervals of comparisons exclude zero."""
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
    clear = [c.figures[MACRO].excludes_zero for c in analysis.comparisons]
    if not clear:
        return f"{text}. No arms were compared."
    count = f"{sum(clear)} of {len(clear)} comparisons have" if len(clear) > 1 else "The comparison has"
    if len(clear) == 1 and not clear[0]:
        return f"{text}. The comparison has an interval that includes zero."
    return f"{text}. {count} an interval that excludes zero."


def limits(analysis: Analysis) -> str:
    """What the intervals cover, and what they do not."""
    seeds_of_arms = {len(arm.seeds) for arm in analysis.arms.values()}
    seeds_of_pairs = {len(comparison.seeds) for comparison in analysis.comparisons}
    if seeds_of_arms == {1}:
        return (
            "Each arm was trained once, so that intervals and p are over test sentences alone: another training may "
            "differ by more."
        )
    text = (
        f"The intervals are over {_counted(seeds_of_arms)} of each arm and over the test sentences of "
        f"{listed(analysis.langs)}"
    )
    if seeds_of_pairs and seeds_of_pairs != seeds_of_arms:
        text += f", those of differences over the {_counted(seeds_of_pairs)} that both arms have"
    if 1 in seeds_of_arms | seeds_of_pairs:
        text += "; where it is one, over test sentences alone, and another training may differ by more"
    few = ""
    if 2 in seeds_of_arms | seeds_of_pairs:
        few = f" Those of 2 trainings are very wide: use {MIN_SEEDS} or more seeds."
    return f"{text}.{few} They do not cover other languages, encoders or kinds of text."


def _counted(seeds: set[int]) -> str:
    """Numbers of trainings in words: 1, 2 or 3 trainings."""
    *most, last = map(str, sorted(seeds))
    return f"{', '.join(most)}{' or ' * bool(most)}{last} training{'s' * (seeds != {1})}"
