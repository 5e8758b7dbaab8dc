"""The report of a study: its analyses, the sentences of its answer, and its figures for programs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import XnerError
from ..experiments.compute import Compute, compute_of, groups_by_compute
from ..experiments.contrasts import Contrast, contrast
from ..experiments.plan import Study
from ..experiments.records import RunRecord, StudyRecords
from ..experiments.significance import MACRO, NEAR, Analysis, Comparison, Figure, analyse
from .answering import Choice, answer_sentence, fixed_answer, highest, pair_of
from .distance import Distant, distant_languages
from .ordering import arms_in_order
from .wording import METHOD, QUESTION, compared, limits, listed, summary, without


@dataclass(frozen=True)
class Report:
    """Analyses of a study.

    baseline (str): the arm that others are compared with, unless other pairs were given.
    order (list[str]): all arms of the study, in the order of the report.
    analysis (Analysis): of the runs with the largest share of labels.
    by_share (dict[float, Analysis]): share of labels -> analysis of the runs with it; empty if there is one share only.
    distinct (Analysis | None): as `analysis`, counting each text once; None if no two sentences have the same text.
    by_compute (Analysis | None): compares each arm with the first of those that cost about the same, teachers and
        starts included; None if no two arms do.
    not_compared (list[str]): arms that have no seed in common with the baseline.
    choice (Choice | None): the contrast that answers the question; None if no arms are compared.
    distant (Distant): the languages that the second mean leaves out.
    """

    study: StudyRecords
    baseline: str
    order: list[str]
    analysis: Analysis
    by_share: dict[float, Analysis]
    distinct: Analysis | None
    by_compute: Analysis | None
    not_compared: list[str]
    choice: Choice | None
    distant: Distant

    @functools.cached_property
    def arms(self) -> dict[str, list[RunRecord]]:
        """Arm -> its runs with the largest share of labels, in the order of the report."""
        found = self.study.arms()
        return {arm: found[arm] for arm in self.order if arm in found}

    @functools.cached_property
    def arms_with_fewer_labels(self) -> list[str]:
        """Arms without a run with the largest share of labels."""
        return [arm for arm in self.order if arm not in self.arms]

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """Arm -> its place in the order of colours and markers."""
        return {arm: i for i, arm in enumerate([*self.arms, *self.arms_with_fewer_labels])}

    @functools.cached_property
    def titles(self) -> dict[str, str]:
        """Arm -> its title."""
        return {run.arm: run.title for run in reversed(self.study.runs)}

    @functools.cached_property
    def compute(self) -> dict[str, Compute]:
        """Arm -> what its pipelines cost to train."""
        return compute_of(self.study)

    @functools.cached_property
    def contrasts(self) -> list[Contrast]:
        """For each comparison, what its arms differ in."""
        pairs = [(comparison.arm, comparison.other) for comparison in self.analysis.comparisons]
        return [contrast(self.arms[arm][0], self.arms[other][0], self.compute) for arm, other in pairs]

    @property
    def warnings(self) -> list[str]:
        """A sentence on comparisons of arms that differ in more than one thing, and one on those of unknown
        settings."""
        mixed = [f"{c.arm} − {c.other} ({', '.join(c.things)})" for c in self.contrasts if c.things and not c.clean]
        unknown = [f"{c.arm} − {c.other}" for c in self.contrasts if c.things is None]
        found = []
        if mixed:
            found.append(
                f"Arms that differ in more than one thing are compared, so that a difference cannot be ascribed to "
                f"one of them: {'; '.join(mixed)}."
            )
        if unknown:
            found.append(f"What the arms differ in is not known, as a record lacks its settings: {'; '.join(unknown)}.")
        return found

    @property
    def question(self) -> str:
        """The study's question, or the general one."""
        return self.study.question or QUESTION

    @functools.cached_property
    def answer(self) -> list[str]:
        """Sentences: the answer, a summary, one for each comparison, what confuses comparisons, arms that were left
        out, differences in training steps, kinds of machine, and the limits."""
        sentences = [self._answer(), summary(self.analysis, self.titles)]
        sentences += [compared(comparison, self.titles) for comparison in self.analysis.comparisons]
        sentences += self.warnings
        if self.not_compared:
            sentences.append(
                f"Not compared with {self.baseline}, as they have no seed in common: {listed(self.not_compared)}."
            )
        if self.arms_with_fewer_labels:
            share = f"{100 * self.study.largest_share:g}%"
            sentences.append(
                f"Left out, as they have no run with {share} of the labels: {listed(self.arms_with_fewer_labels)}."
            )
        if (steps := self._steps()) and len(steps) > 1:
            listed_steps = ", ".join(f"{n:,} steps of {listed(arms)}" for n, arms in sorted(steps.items()))
            sentences.append(
                f"The arms differ in how much they were trained, teachers and starts included: {listed_steps}."
            )
        machines = sorted({run.data["machine"] for run in self.study.runs if run.get("machine")})
        if len(machines) > 1:
            sentences.append(
                f"The runs are of {len(machines)} kinds of machine, whose rounding differs, so that the same seed can "
                f"give other results on another one: {'; '.join(machines)}."
            )
        return [*sentences, limits(self.analysis)]

    def _answer(self) -> str:
        pair = self.choice.pair if self.choice else None
        compared_pairs = [(c.arm, c.other) for c in self.analysis.comparisons]
        found: tuple[Comparison | None, Contrast | None] = (None, None)
        if pair in compared_pairs:
            place = compared_pairs.index(pair)
            found = self.analysis.comparisons[place], self.contrasts[place]
        return answer_sentence(self.choice, *found, self.analysis, self.titles)

    def _steps(self) -> dict[int, list[str]]:
        """Optimizer steps, those of teachers and starts included -> arms; empty if a record does not say them."""
        found: dict[int, list[str]] = {}
        for arm, runs in self.arms.items():
            found.setdefault(sum(runs[0].steps.values()), []).append(arm)
        return {} if 0 in found else found

    @property
    def method(self) -> str:
        """How figures, intervals and p values were computed."""
        return METHOD.format(resamples=self.analysis.resamples, permutations=self.analysis.permutations)

    @property
    def sizes(self) -> str:
        """How many sentences and entities the arms were scored on."""
        parts, empty = [], []
        for lang in self.analysis.langs:
            found = self.study.runs[0].sentences[lang]
            entities = sum(tp + fn for rows in found["labels"].values() for _, tp, _, fn in rows)
            empty += [lang] * (not entities)
            n_repeats = len(found.get("repeats") or [])
            distinct = f" ({found['n'] - n_repeats:,} different ones)" if n_repeats else ""
            parts.append(f"{lang} {found['n']:,} sentences{distinct} with {entities:,} entities")
        first = self.study.first_sentence
        part = f", those from number {first} on whose text does not occur before" if first else ""
        if self.study.omitted_labels:
            part += f", without entities of {listed(self.study.omitted_labels)}"
        omitted = f" Without entities, and so not in the mean: {listed(empty)}." if empty else ""
        return f"Scored on {listed(parts)}{part}.{omitted}"

    def columns(self) -> list[tuple[str, Figure]]:
        """Names and figures of a table's columns: the means if there are several languages, then each language."""
        langs: list[tuple[str, Figure]] = [(lang, (lang, "")) for lang in self.analysis.langs]
        near = [(without(self.distant.langs), NEAR)] if self.analysis.near else []
        return [("mean", MACRO), *near, *langs] if len(langs) > 1 else langs

    def figures(self) -> dict[str, float]:
        """Figures by name, in points of F1.

        `f1_ARM` and `ARM_minus_OTHER` are means over languages, those that end with `[near]` without the most distant
        languages; `ARM_minus_OTHER_low` and `..._high` are the ends of the 95% interval. Where there are too few seeds
        for an interval, `..._range_low` and `..._range_high` are those of the range. `f1_ARM_LANG` is F1 of a language,
        or `f1_ARM[LANG]` where an arm has the name ARM_LANG.
        """
        found: dict[str, float] = {}
        means = {"": MACRO, "[near]": NEAR} if self.analysis.near else {"": MACRO}
        for arm, scores in self.analysis.arms.items():
            found |= {f"f1_{arm}{end}": scores.figures[figure].value for end, figure in means.items()}
            for lang in self.analysis.langs:
                name = f"{arm}[{lang}]" if f"{arm}_{lang}" in self.analysis.arms else f"{arm}_{lang}"
                found[f"f1_{name}"] = scores.figures[lang, ""].value
        for comparison in self.analysis.comparisons:
            for end, figure in means.items():
                name, difference = f"{comparison.arm}_minus_{comparison.other}{end}", comparison.figures[figure]
                kind = "range_" if difference.few_seeds else ""
                found |= {name: difference.value}
                found |= {f"{name}_{kind}low": difference.low, f"{name}_{kind}high": difference.high}
        return {name: round(100 * value, 4) for name, value in found.items()}

    def rows(self) -> list[dict[str, float | str | int | None]]:
        """A row for each arm and column, in points of F1, for programs.

        `low` and `high` are the ends of the 95% interval; null where there are too few seeds for one. `range_low` and
        `range_high` are then those of the range.
        """
        rows: list[dict[str, float | str | int | None]] = []
        for arm in self.arms:
            scores = self.analysis.arms[arm]
            for lang, figure in self.columns():
                found = scores.figures[figure]
                sd = None if found.sd is None else round(100 * found.sd, 4)
                numbers = {"f1": round(100 * found.value, 4), "sd": sd}
                both = [round(100 * end, 4) for end in (found.low, found.high)]
                none = [None, None]
                low, high, *span = [*none, *both] if found.few_seeds else [*both, *none]
                ends = {"low": low, "high": high, "range_low": span[0], "range_high": span[1]}
                rows.append({"arm": arm, "of": lang, "seeds": len(scores.seeds), **numbers, **ends})
        return rows


def make_report(
    study: StudyRecords,
    *,
    baseline: str | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    answer: str | None = None,
    plan: Study | None = None,
    distant: Sequence[str] | None = None,
    resamples: int = 2000,
    permutations: int = 10_000,
) -> Report:
    """Analyse a study.

    baseline (str | None): the arm to compare with; by default "a", or the first one by name if there is no "a".
    pairs (Sequence[tuple[str, str]] | None): pairs (arm, other) to compare; by default each arm with the baseline.
    answer (str | None): the contrast that answers the question, ARM-OTHER; by default the one that the study file
        names, or else the comparison whose arm has the highest mean. It is compared, also if `pairs` lack it.
    plan (Study | None): the study file, for the order of the arms and the answer, which new records have themselves.
    distant (Sequence[str] | None): languages that a second mean leaves out; () for no such mean; by default the most
        distant ones, see `distance.distant_languages`.
    resamples, permutations (int): draws of the bootstrap and of the permutation test.
    RAISES: XnerError for an unknown arm or language, and for a pair without a common seed.
    """
    arms = study.arms()
    baseline = baseline or ("a" if "a" in arms else min(arms))
    if baseline not in arms:
        raise XnerError(f"There are no runs of an arm '{baseline}', expected one of {', '.join(sorted(arms))}.")
    order = arms_in_order(study, baseline, plan)
    not_compared: list[str] = []
    default_pairs, others = _pairs_with(baseline, arms, order)
    if pairs is None:
        pairs, not_compared = default_pairs, others
    left_out = distant_languages(study, distant)
    analysed = functools.partial(analyse, resamples=resamples, permutations=permutations, distant=left_out.langs)
    named = answer or fixed_answer(study, plan)
    fixed = pair_of(named, study) if named else None
    if fixed and fixed not in pairs and _can_be_compared(fixed, arms):
        pairs = [fixed, *pairs]
    analysis = analysed(study, pairs)
    chosen = fixed or highest(analysis, baseline)
    by_share = {}
    shares = sorted({run.labels for run in study.runs})
    for share in shares if len(shares) > 1 else []:
        part = replace(study, runs=[run for run in study.runs if run.labels == share])
        with_share = part.arms()
        by_share[share] = analysed(part, _pairs_with(baseline, with_share, order)[0] if baseline in with_share else [])
    repeated = any(study.runs[0].sentences[lang].get("repeats") for lang in study.targets)
    distinct = analysed(study, default_pairs, distinct=True) if repeated else None
    groups = groups_by_compute(compute_of(study), [arm for arm in order if arm in arms])
    same_compute = [(arm, first) for first, *rest in groups for arm in rest if _can_be_compared((arm, first), arms)]
    by_compute = analysed(study, same_compute) if same_compute and len(groups) > 1 else None
    choice = Choice(chosen, fixed is not None, bool(study.question), len(analysis.comparisons)) if chosen else None
    return Report(study, baseline, order, analysis, by_share, distinct, by_compute, not_compared, choice, left_out)


def _can_be_compared(pair: tuple[str, str], arms: dict[str, list[RunRecord]]) -> bool:
    """Whether both arms have runs with the same seed."""
    one, two = ({run.seed for run in arms.get(arm, ())} for arm in pair)
    return bool(one & two)


def _pairs_with(
    baseline: str, arms: dict[str, list[RunRecord]], order: Sequence[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Pairs of each other arm with the baseline, and the arms that have no seed in common with it."""
    others = [arm for arm in order if arm in arms and arm != baseline]
    fitting = [(arm, baseline) for arm in others if _can_be_compared((arm, baseline), arms)]
    return fitting, [arm for arm in others if (arm, baseline) not in fitting]
