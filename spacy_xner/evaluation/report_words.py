"""A study's numbers in words: how figures are written, and the answer that the comparisons give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .significance import MACRO, Analysis, Comparison, Difference, Estimate

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
    if found.excludes_zero:
        verdict = f"{one} scores {'higher' if found.value > 0 else 'lower'} than {other}"
    else:
        verdict = f"Whether {one} scores higher or lower than {other} stays open"
    zero = "" if found.excludes_zero else ", which includes zero"
    sentence = (
        f"{verdict}: {signed(found.value)} F1 (95% interval {interval(found)}{zero}; "
        f"corrected p {p_value(found.p_corrected)}; higher with {sum(each > 0 for each in found.by_seed)} of "
        f"{len(found.by_seed)} seed{'s' * (len(found.by_seed) > 1)})."
    )
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
    seeds = {len(each.seeds) for each in analysis.comparisons or analysis.arms.values()}
    if seeds == {1}:
        kind = "Each arm was trained once" if len(analysis.arms) < 2 else "Arms are compared by one training of each"
        return f"{kind}, so that the intervals are over test sentences alone: another training may differ by more."
    few = " With so few seeds they are approximate." if min(seeds) < 10 else ""
    counts = " or ".join(map(str, sorted(seeds)))
    return (
        f"The intervals are over {counts} training{'s' * (counts != '1')} of each arm and over the test sentences of "
        f"{listed(analysis.langs)}.{few} They say nothing of other languages, encoders or kinds of text."
    )
