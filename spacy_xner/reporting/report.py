"""The report of a study: its analyses, the sentences of its answer, and its figures for programs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import XnerError
from ..experiments.records import RunRecord, StudyRecords
from ..experiments.significance import MACRO, Analysis, Figure, analyse
from .wording import METHOD, QUESTION, compared, limits, listed, summary


@dataclass(frozen=True)
class Report:
    """Analyses of a study.

    baseline (str): the arm that others are compared with, unless other pairs were given.
    analysis (Analysis): of the runs with the largest share of labels.
    by_share (dict[float, Analysis]): share of labels -> analysis of the runs with it; empty if there is one share only.
    distinct (Analysis | None): as `analysis`, counting each text once; None if no two sentences have the same text.
    not_compared (list[str]): arms that have no seed in common with the baseline.
    """

    study: StudyRecords
    baseline: str
    analysis: Analysis
    by_share: dict[float, Analysis]
    distinct: Analysis | None
    not_compared: list[str]

    @functools.cached_property
    def arms(self) -> dict[str, list[RunRecord]]:
        """Arm -> its runs with the largest share of labels; the baseline first, then by name."""
        found = self.study.arms()
        return {arm: found[arm] for arm in sorted(found, key=lambda arm: (arm != self.baseline, arm))}

    @functools.cached_property
    def arms_with_fewer_labels(self) -> list[str]:
        """Arms without a run with the largest share of labels."""
        return sorted({run.arm for run in self.study.runs} - self.arms.keys())

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """Arm -> its place in the order of colours and markers."""
        return {arm: i for i, arm in enumerate([*self.arms, *self.arms_with_fewer_labels])}

    @functools.cached_property
    def titles(self) -> dict[str, str]:
        """Arm -> its title."""
        return {run.arm: run.title for run in reversed(self.study.runs)}

    @property
    def question(self) -> str:
        """The study's question, or the general one."""
        return self.study.question or QUESTION

    @property
    def answer(self) -> list[str]:
        """Sentences: a summary, one for each comparison, arms that were left out, differences in
        training steps, kinds of machine, and the limits."""
        sentences = [summary(self.analysis, self.titles)]
        sentences += [compared(comparison, self.titles) for comparison in self.analysis.comparisons]
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
        omitted = f" Without entities, and so not in the mean: {listed(empty)}." if empty else ""
        return f"Scored on {listed(parts)}{part}.{omitted}"

    def columns(self) -> list[tuple[str, Figure]]:
        """Names and figures of a table's columns: the mean if there are several languages, then each language."""
        langs: list[tuple[str, Figure]] = [(lang, (lang, "")) for lang in self.analysis.langs]
        return [("mean", MACRO), *langs] if len(langs) > 1 else langs

    def figures(self) -> dict[str, float]:
        """Figures by name, in points of F1.

        `f1_ARM` and `ARM_minus_OTHER` are means over languages; `ARM_minus_OTHER_low` and `..._high` are the ends of
        the 95% interval; `f1_ARM_LANG` is F1 of a language, or `f1_ARM[LANG]` where an arm has the name ARM_LANG.
        """
        found = {}
        for arm, scores in self.analysis.arms.items():
            found[f"f1_{arm}"] = scores.figures[MACRO].value
            for lang in self.analysis.langs:
                name = f"{arm}[{lang}]" if f"{arm}_{lang}" in self.analysis.arms else f"{arm}_{lang}"
                found[f"f1_{name}"] = scores.figures[lang, ""].value
        for comparison in self.analysis.comparisons:
            name, difference = f"{comparison.arm}_minus_{comparison.other}", comparison.figures[MACRO]
            found |= {name: difference.value, f"{name}_low": difference.low, f"{name}_high": difference.high}
        return {name: round(100 * value, 4) for name, value in found.items()}

    def rows(self) -> list[dict[str, float | str | int | None]]:
        """A row for each arm and column, in points of F1, for programs."""
        rows: list[dict[str, float | str | int | None]] = []
        for arm, scores in self.analysis.arms.items():
            for lang, figure in self.columns():
                found = scores.figures[figure]
                sd = None if found.sd is None else round(100 * found.sd, 4)
                numbers = {"f1": round(100 * found.value, 4), "sd": sd}
                ends = {"low": round(100 * found.low, 4), "high": round(100 * found.high, 4)}
                rows.append({"arm": arm, "of": lang, "seeds": len(scores.seeds), **numbers, **ends})
        return rows


def make_report(
    study: StudyRecords,
    *,
    baseline: str | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    resamples: int = 2000,
    permutations: int = 10_000,
) -> Report:
    """Analyse a study.

    baseline (str | None): the arm to compare with; by default "a", or the first one by name if there is no "a".
    pairs (Sequence[tuple[str, str]] | None): pairs (arm, other) to compare; by default each arm with the baseline.
    resamples, permutations (int): draws of the bootstrap and of the permutation test.
    RAISES: XnerError for an unknown arm, and for a pair without a common seed.
    """
    arms = study.arms()
    baseline = baseline or ("a" if "a" in arms else min(arms))
    if baseline not in arms:
        raise XnerError(f"There are no runs of an arm '{baseline}', expected one of {', '.join(sorted(arms))}.")
    not_compared: list[str] = []
    if pairs is None:
        pairs, not_compared = _pairs_with(baseline, arms)
    analysed = functools.partial(analyse, resamples=resamples, permutations=permutations)
    by_share = {}
    shares = sorted({run.labels for run in study.runs})
    for share in shares if len(shares) > 1 else []:
        runs = [run for run in study.runs if run.labels == share]
        part = replace(study, runs=runs)
        with_share = part.arms()
        by_share[share] = analysed(part, _pairs_with(baseline, with_share)[0] if baseline in with_share else [])
    repeated = any(study.runs[0].sentences[lang].get("repeats") for lang in study.targets)
    distinct = analysed(study, _pairs_with(baseline, arms)[0], distinct=True) if repeated else None
    return Report(study, baseline, analysed(study, pairs), by_share, distinct, not_compared)


def _pairs_with(baseline: str, arms: dict[str, list[RunRecord]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Pairs of each other arm with the baseline, and the arms that have no seed in common with it."""
    seeds = {arm: {run.seed for run in runs} for arm, runs in arms.items()}
    others = [arm for arm in sorted(arms) if arm != baseline]
    return (
        [(arm, baseline) for arm in others if seeds[arm] & seeds[baseline]],
        [arm for arm in others if not seeds[arm] & seeds[baseline]],
    )
