"""The sentence that a report begins with: the answer to the study's question, from one contrast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import XnerError
from ..experiments.contrasts import Contrast
from ..experiments.pairs import parse_pair
from ..experiments.plan import Study
from ..experiments.records import StudyRecords
from ..experiments.significance import MACRO, Analysis, Comparison
from .wording import confirmed, count, ends, listed, named, p_value, points, signed

WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True)
class Choice:
    """The contrast that answers the question.

    pair (tuple[str, str]): (arm, other).
    fixed (bool): whether the study file or the caller names it.
    asked (bool): whether it is the answer to a question of the study, so that a higher arm means yes.
    candidates (int): otherwise, from how many comparisons it was chosen after the results were known.
    """

    pair: tuple[str, str]
    fixed: bool
    asked: bool
    candidates: int


def fixed_answer(study: StudyRecords, plan: Study | None = None) -> str | None:
    """The contrast that the study file names, ARM-OTHER: that of `plan`, or as the records have it.

    RAISES: XnerError if records name different ones.
    """
    if plan is not None:
        return plan.answer or None
    found = {run.data["answer"]: run.file for run in study.runs if run.get("answer")}
    if len(found) > 1:
        (one, file), (two, other) = sorted(found.items())[:2]
        raise XnerError(
            f"{file} and {other} name different contrasts as the answer, {one} and {two}: the study file was changed "
            "between the runs. Choose one, or give the study file."
        )
    return next(iter(found), None)


def pair_of(answer: str, study: StudyRecords) -> tuple[str, str]:
    """The arms of a contrast. RAISES: XnerError if it is not one of arms of the study."""
    names = {run.arm for run in study.runs} | {arm for run in study.runs for arm in run.get("arms") or ()}
    try:
        return parse_pair(answer, names)
    except XnerError as error:
        raise XnerError(f"The answer of the study: {error}") from error


def highest(analysis: Analysis, baseline: str) -> tuple[str, str] | None:
    """The comparison whose arm has the highest mean, with the baseline if there is one; None without comparisons."""
    pairs = [(c.arm, c.other) for c in analysis.comparisons]
    pairs = [pair for pair in pairs if pair[1] == baseline] or pairs
    return max(pairs, key=lambda pair: analysis.arms[pair[0]].figures[MACRO].value, default=None)


def answer_sentence(
    choice: Choice | None,
    found: Comparison | None,
    contrast: Contrast | None,
    analysis: Analysis,
    titles: Mapping[str, str],
) -> str:
    """The answer in one sentence, which claims no more than its interval and p show.

    choice (Choice | None): None if no arms are compared. found (Comparison | None): its comparison; None if one of its
        arms has no run, or they have no seed in common. contrast (Contrast | None): what its arms differ in.
    """
    if choice is None:
        return "There is no answer yet: no two arms are compared."
    one, other = (named(arm, titles) for arm in choice.pair)
    if found is None:
        return f"There is no answer yet: it needs runs of {one} and {other} with the same seeds."
    figure = found.figures[MACRO]
    n_seeds = len(figure.by_seed)
    where = f"in the mean over {listed(analysis.langs)}" if len(analysis.langs) > 1 else f"in {analysis.langs[0]}"
    gain = f"{points(abs(figure.value))} points of F1 {'more' if figure.value > 0 else 'less'} than {other} {where}"
    if signed(figure.value) == "0.0":
        gain = f"the same F1 as {other} {where}, to a tenth of a point"
    if figure.few_seeds:
        what = "over test sentences" if n_seeds == 1 else "of both"
        verdict = f"Not settled by {count(n_seeds, 'seed')}"
        evidence = f"range {what} {ends(figure)}, no interval"
    else:
        verdict = _verdict(found, choice)
        zero = "" if figure.excludes_zero else ", which contains zero"
        corrected = f"; p {p_value(figure.p_corrected)}, corrected for {count(len(analysis.comparisons), 'comparison')}"
        evidence = f"95% interval {ends(figure)}{zero}; {count(n_seeds, 'seed')}{corrected}"
    sentence = f"{verdict}: {one} has {gain} ({evidence})"
    if choice.candidates > 1 and not choice.fixed:
        sentence += f"; it has the highest arm of {choice.candidates} comparisons, so that its size is partly luck"
    if contrast is not None and not contrast.clean and contrast.things:
        things = list(contrast.things)
        sentence += f"; the arms differ in {WORDS.get(len(things), len(things))} things, {listed(things)}"
    return f"{sentence}."


def _verdict(found: Comparison, choice: Choice) -> str:
    """The first words: yes and no for a contrast that was fixed for a question, open if the interval contains zero."""
    figure = found.figures[MACRO]
    if not figure.excludes_zero:
        return "Open"
    sure = confirmed(figure)
    if not (choice.fixed and choice.asked):
        return "A clear difference" if sure else "A difference that the corrected test does not confirm"
    word = "Yes" if figure.value > 0 else "No"
    return word if sure else f"Probably {word.lower()}, not confirmed by the corrected test"
