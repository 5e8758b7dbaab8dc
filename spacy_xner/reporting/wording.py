"""A study's numbers in words: how figures are written, and the answer that the comparisons give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..experiments.significance import MACRO, Analysis, Comparison, Difference, Estimate

ENOUGH = 0.05  # corrected p above it is said to be no clear difference


def points(value: float) -> str:
    """F1 in [0, 1] as points, 0 to 100."""
    return f"{100 * value:.1f}"


def signed(value: float) -> str:
    """A difference of F1 in points, with its sign; the sign of what rounds to zero is left out."""
    shown = f"{100 * value:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


def p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(estimate: Estimate) -> str:
    """The ends of a 95% interval."""
    show = signed if isinstance(estimate, Difference) else points
    return f"{show(estimate.low)} to {show(estimate.high)}"


def plus_minus(estimate: Estimate) -> str:
    """Mean and standard deviation."""
    return points(estimate.value) + ("" if estimate.sd is None else f" ± {points(estimate.sd)}")


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([*([", ".join(items[:-1])] if items[:-1] else []), *items[-1:]])


def named(arm: str, titles: Mapping[str, str]) -> str:
    """An arm's short name with its title; what has no title has the name alone."""
    title = titles.get(arm, arm)
    return arm if title == arm else f"{arm} ({title})"


def compared(comparison: Comparison, titles: Mapping[str, str]) -> str:
    """One comparison in a sentence that does not say more than its interval and p do."""
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
        f"{verdict}: {signed(found.value)} F1 (95% interval {interval(found)}{zero}; "
        f"corrected p {p_value(found.p_corrected)}{seeds})."
    )
    if once:
        return sentence  # that another training may differ by more, `limits` says
    if found.excludes_zero and found.p_corrected > ENOUGH:
        sentence += " Corrected for the number of comparisons, the test does not confirm this difference."
    return sentence


def summary(analysis: Analysis, titles: Mapping[str, str]) -> str:
    """What comes first: the mean of each arm that is compared, and how many differences are clear."""
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
    said = f"{sum(clear)} of {len(clear)} comparisons have" if len(clear) > 1 else "The comparison has"
    if len(clear) == 1 and not clear[0]:
        return f"{text}. The comparison has an interval that includes zero."
    return f"{text}. {said} an interval that excludes zero."


def limits(analysis: Analysis) -> str:
    """What the intervals hold, and what they do not."""
    of_arms = {len(arm.seeds) for arm in analysis.arms.values()}
    of_pairs = {len(comparison.seeds) for comparison in analysis.comparisons}
    if of_arms == {1}:
        return (
            "Each arm was trained once, so that intervals and p are over test sentences alone: another training may "
            "differ by more."
        )
    said = (
        f"The intervals are over {_counted(of_arms)} of each arm and over the test sentences of "
        f"{listed(analysis.langs)}"
    )
    if of_pairs and of_pairs != of_arms:
        said += f", those of differences over the {_counted(of_pairs)} that both arms have"
    if 1 in of_arms | of_pairs:
        said += "; where it is one, over test sentences alone, and another training may differ by more"
    few = " With so few seeds they are approximate." if min(of_arms | of_pairs) < 10 else ""
    return f"{said}.{few} They say nothing of other languages, encoders or kinds of text."


def _counted(seeds: set[int]) -> str:
    """1, 2 or 3 trainings."""
    *most, last = map(str, sorted(seeds))
    return f"{', '.join(most)}{' or ' * bool(most)}{last} training{'s' * (seeds != {1})}"
