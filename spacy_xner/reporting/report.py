"""The report of a study: its sentences and tables, made from the records alone."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import XnerError
from ..experiments.records import Run, Study
from ..experiments.significance import MACRO, Analysis, Comparison, Difference, Figure, analyse
from ..scoring.details import KINDS
from .wording import compared, interval, limits, listed, named, p_value, plus_minus, signed, summary

QUESTION = "Which arm finds most in languages that nobody labelled, and is the difference more than chance?"
PARTS = ("teacher", "distill", "train")  # of a run, in the order in which they are done; others come after them
METHOD = (
    "F1 of a language is from the summed counts of its entities, which are right if boundaries and label are; the mean "
    "is over the target languages, none of which counts more than another. ± is the standard deviation over seeds. "
    "Intervals hold 95% of {resamples} bootstrap resamples of seeds and sentences, the same ones for both arms of a "
    "comparison. p is of {permutations} random swaps of two arms' results, by sentence and by seed, corrected for the "
    "number of comparisons by Benjamini and Yekutieli: the comparisons of means are corrected together, those of "
    "languages too, and those of labels. Sentences with the same text are drawn and swapped together."
)
Row = list[str]


@dataclass(frozen=True)
class Table:
    """Texts in rows; the first column is a heading, in the colour of the arm that `arms` names for each row."""

    header: Row
    rows: list[Row]
    arms: list[str]


@dataclass(frozen=True)
class Report:
    """What can be said of a study.

    baseline (str): the arm that others are compared with where nothing else was asked for.
    analysis (Analysis): of the runs with the most labels.
    by_share (dict[float, Analysis]): share of labels -> analysis of the runs with it.
    distinct (Analysis | None): as `analysis`, with each text once; None where no two sentences have the same text.
    alone (list[str]): arms that were not compared, as they have no seed in common with the baseline.
    """

    study: Study
    baseline: str
    analysis: Analysis
    by_share: dict[float, Analysis]
    distinct: Analysis | None
    alone: list[str]

    @functools.cached_property
    def arms(self) -> dict[str, list[Run]]:
        """Those with the most labels: the baseline first, then by name."""
        found = self.study.arms()
        return {arm: found[arm] for arm in sorted(found, key=lambda arm: (arm != self.baseline, arm))}

    @functools.cached_property
    def fewer(self) -> list[str]:
        """Arms that have no run with as many labels as others have."""
        return sorted({run.arm for run in self.study.runs} - self.arms.keys())

    @functools.cached_property
    def places(self) -> dict[str, int]:
        return {arm: i for i, arm in enumerate([*self.arms, *self.fewer])}

    @functools.cached_property
    def titles(self) -> dict[str, str]:
        return {run.arm: run.title for run in reversed(self.study.runs)}

    @property
    def question(self) -> str:
        return self.study.question or QUESTION

    @property
    def answer(self) -> list[str]:
        """Sentences: a summary, one for each comparison, and the limits."""
        sentences = [summary(self.analysis, self.titles)]
        sentences += [compared(comparison, self.titles) for comparison in self.analysis.comparisons]
        if self.alone:
            sentences.append(f"Not compared, for want of a seed in common with {self.baseline}: {listed(self.alone)}.")
        if self.fewer:
            left_out = listed(self.fewer)
            sentences.append(f"Left out, having no run with {100 * self.study.share:g}% of the labels: {left_out}.")
        return [*sentences, limits(self.analysis)]

    def where(self) -> list[tuple[str, Figure]]:
        """Columns of figures: the mean where there are several languages, then each language."""
        langs: list[tuple[str, Figure]] = [(lang, (lang, "")) for lang in self.analysis.langs]
        return [("mean", MACRO), *langs] if len(langs) > 1 else langs

    def scores(self) -> Table:
        columns = self.where()
        rows = []
        for arm in self.arms:
            figures = self.analysis.arms[arm].figures
            cells = [f"{plus_minus(figures[figure])}\n({interval(figures[figure])})" for _, figure in columns]
            rows.append([named(arm, self.titles), str(len(self.arms[arm])), *cells])
        return Table(["arm", "runs", *(name for name, _ in columns)], rows, list(self.arms))

    def figures(self) -> dict[str, float]:
        """Numbers by name, in points: `f1_ARM`, `ARM_minus_OTHER`, and the ends of its interval, `..._low`, `..._high`.

        Of the means over languages; F1 of a language is `f1_ARM_LANG`.
        """
        found = {}
        for arm, scores in self.analysis.arms.items():
            found[f"f1_{arm}"] = scores.figures[MACRO].value
            found |= {f"f1_{arm}_{lang}": scores.figures[lang, ""].value for lang in self.analysis.langs}
        for comparison in self.analysis.comparisons:
            name, difference = f"{comparison.arm}_minus_{comparison.other}", comparison.figures[MACRO]
            found |= {name: difference.value, f"{name}_low": difference.low, f"{name}_high": difference.high}
        return {name: round(100 * value, 4) for name, value in found.items()}

    def rows(self) -> list[dict[str, float | str | int | None]]:
        """What `figures` says of each arm, with its spread, for programs."""
        rows: list[dict[str, float | str | int | None]] = []
        for arm, scores in self.analysis.arms.items():
            for lang, figure in self.where():
                found = scores.figures[figure]
                sd = None if found.sd is None else round(100 * found.sd, 4)
                numbers = {"f1": round(100 * found.value, 4), "sd": sd}
                ends = {"low": round(100 * found.low, 4), "high": round(100 * found.high, 4)}
                rows.append({"arm": arm, "of": lang, "seeds": len(scores.seeds), **numbers, **ends})
        return rows

    def differences(self) -> Table | None:
        rows = []
        for comparison in self.analysis.comparisons:
            for name, figure in self.where():
                found = comparison.figures[figure]
                p = [p_value(found.p), p_value(found.p_corrected)]
                rows.append([_pair(comparison), name, signed(found.value), interval(found), *p])
        header = ["arms", "of", "difference", "95% interval", "p", "corrected p"]
        arms = [c.arm for c in self.analysis.comparisons for _ in self.where()]
        return Table(header, rows, arms) if rows else None

    def once(self) -> Table | None:
        """F1 and differences where each text counts once: what a few lines that come again and again would hide."""
        if self.distinct is None:
            return None
        compared = {c.arm: c for c in self.distinct.comparisons if c.other == self.baseline}
        rows = []
        for arm in self.arms:
            figures = self.distinct.arms[arm].figures
            more = compared[arm].figures[MACRO] if arm in compared else None
            cells = [plus_minus(figures[figure]) for _, figure in self.where()]
            rows.append([arm, *cells, *_difference(more)])
        header = ["arm", *(name for name, _ in self.where()), f"more than {self.baseline}", "95% interval"]
        return Table(header, rows, list(self.arms))

    def labels(self) -> Table | None:
        """F1 by label, and by label and language."""
        rows, arms = [], []
        for arm in self.arms:
            for name, lang in self._places_of_labels():
                figures = self.analysis.arms[arm].figures
                cells = [
                    plus_minus(figures[lang, label]) if (lang, label) in figures else "–"
                    for label in self.analysis.labels
                ]
                rows.append([arm, name, *cells])
                arms.append(arm)
        return Table(["arm", "of", *self.analysis.labels], rows, list(arms)) if self.analysis.labels else None

    def label_differences(self) -> Table | None:
        rows = []
        for comparison in self.analysis.comparisons:
            for label in self.analysis.labels:
                found = comparison.figures["", label]
                cells = [signed(found.value), interval(found), p_value(found.p), p_value(found.p_corrected)]
                rows.append([_pair(comparison), label, *cells])
        arms = [c.arm for c in self.analysis.comparisons for _ in self.analysis.labels]
        header = ["arms", "label", "difference", "95% interval", "p", "corrected p"]
        return Table(header, rows, arms) if rows else None

    def _places_of_labels(self) -> list[tuple[str, str]]:
        return [(name, lang) for name, (lang, _) in self.where()]

    def amounts(self) -> Table | None:
        """F1 by the share of labels, with the difference to the baseline; None where there is one share alone."""
        if len(self.by_share) < 2:
            return None
        rows, arms = [], []
        for arm in self.places:
            for share, analysis in self.by_share.items():
                if arm in analysis.arms:
                    estimate = analysis.arms[arm].figures[MACRO]
                    difference = next((c.figures[MACRO] for c in analysis.comparisons if c.arm == arm), None)
                    n_runs = str(len(analysis.arms[arm].seeds))
                    cells = [f"{100 * share:g}%", n_runs, plus_minus(estimate), interval(estimate)]
                    rows.append([arm, *cells, *_difference(difference)])
                    arms.append(arm)
        header = ["arm", "labels", "runs", "F1", "95% interval", f"more than {self.baseline}", "95% interval"]
        return Table(header, rows, list(arms))

    def errors(self) -> Table | None:
        """Kinds of errors in a hundred entities to find, in the target languages and all seeds."""
        rows, arms = [], []
        for arm, runs in self.arms.items():
            kinds = _summed_kinds(runs)
            total = sum(kinds[kind] for kind in KINDS if kind != "spurious")
            if total:
                rows.append([named(arm, self.titles), *(f"{100 * kinds[kind] / total:.1f}" for kind in KINDS)])
                arms.append(arm)
        return Table(["arm", *KINDS], rows, list(arms)) if rows else None

    def costs(self) -> Table | None:
        """Minutes and training words of an arm, means over its runs."""
        known = {arm: runs for arm, runs in self.arms.items() if any(run.get("minutes") for run in runs)}
        found = {part for runs in known.values() for run in runs for part in run.get("parts") or {}}
        parts = [part for part in PARTS if part in found] + sorted(found - {*PARTS})
        rows = []
        for arm, runs in known.items():
            minutes = [run.data["minutes"] for run in runs if run.get("minutes")]
            cells = [_mean([(run.get("parts") or {}).get(part, 0) for run in runs]) for part in parts]
            words = [run.data["words"] for run in runs if run.get("words")]
            rows.append(
                [named(arm, self.titles), _mean(minutes), *cells, f"{statistics.mean(words):,.0f}" if words else "–"]
            )
        return Table(["arm", "minutes", *parts, "training words"], rows, list(known)) if rows else None

    @property
    def compute(self) -> str:
        """The time of all runs together, and where. A teacher of several arms, or with a record, is counted once."""
        counted: set[tuple[str | None, float, int]] = {run.key for run in self.study.runs}
        minutes = []
        for run in self.study.runs:
            if run.get("minutes"):
                teacher = (run.teacher, run.labels, run.seed)
                twice = (run.get("parts") or {}).get("teacher", 0) if teacher in counted else 0
                minutes.append(run.data["minutes"] - twice)
                if run.teacher:
                    counted.add(teacher)
        machines = sorted({run.data["machine"] for run in self.study.runs if run.get("machine")})
        said = f"{len(self.study.runs)} run{'s' * (len(self.study.runs) > 1)}"
        if minutes:
            without = f" ({len(self.study.runs) - len(minutes)} did not say)" * (len(minutes) < len(self.study.runs))
            said += f", {sum(minutes) / 60:.1f} hours together{without}"
        return f"{said}. Machine: {'; '.join(machines) or 'not said'}."

    @property
    def method(self) -> str:
        return METHOD.format(resamples=self.analysis.resamples, permutations=self.analysis.permutations)

    @property
    def sizes(self) -> str:
        """How many sentences and entities the arms were scored on."""
        said = []
        for lang in self.analysis.langs:
            found = self.study.runs[0].data["sentences"][lang]
            entities = sum(tp + fn for rows in found["labels"].values() for _, tp, _, fn in rows)
            n_repeats = len(found.get("repeats") or [])
            of_texts = f" ({found['n'] - n_repeats:,} different ones)" if n_repeats else ""
            said.append(f"{lang} {found['n']:,} sentences{of_texts} with {entities:,} entities")
        return f"Scored on {listed(said)}."


def make_report(
    study: Study,
    *,
    baseline: str | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    resamples: int = 2000,
    permutations: int = 10_000,
) -> Report:
    """Analyse a study.

    baseline (str | None): the arm to compare with; by default "a", or the first one by name where there is no a.
    pairs (Sequence[tuple[str, str]] | None): (arm, other) to compare; by default each arm with the baseline.
    RAISES: XnerError where an arm is not there.
    """
    arms = study.arms()
    baseline = baseline or ("a" if "a" in arms else min(arms))
    if baseline not in arms:
        raise XnerError(f"There are no runs of an arm '{baseline}', expected one of {', '.join(sorted(arms))}.")
    alone: list[str] = []
    if pairs is None:
        pairs, alone = _pairs_with(baseline, arms)
    analysed = functools.partial(analyse, resamples=resamples, permutations=permutations)
    by_share = {}
    shares = sorted({run.labels for run in study.runs})
    for share in shares if len(shares) > 1 else []:
        runs = [run for run in study.runs if run.labels == share]
        part = Study(study.name, runs)
        there = part.arms()
        by_share[share] = analysed(part, _pairs_with(baseline, there)[0] if baseline in there else [])
    repeated = any(study.runs[0].data["sentences"][lang].get("repeats") for lang in study.targets)
    distinct = analysed(study, _pairs_with(baseline, arms)[0], distinct=True) if repeated else None
    return Report(study, baseline, analysed(study, pairs), by_share, distinct, alone)


def _pairs_with(baseline: str, arms: dict[str, list[Run]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Pairs of each other arm with the baseline, and the arms that share no seed with it."""
    seeds = {arm: {run.seed for run in runs} for arm, runs in arms.items()}
    others = [arm for arm in sorted(arms) if arm != baseline]
    return (
        [(arm, baseline) for arm in others if seeds[arm] & seeds[baseline]],
        [arm for arm in others if not seeds[arm] & seeds[baseline]],
    )


def _pair(comparison: Comparison) -> str:
    return f"{comparison.arm}\u00a0−\u00a0{comparison.other}"  # on one line


def _difference(found: Difference | None) -> Row:
    """Two cells: a difference and its interval; dashes for an arm that is not compared."""
    return ["–", "–"] if found is None else [signed(found.value), interval(found)]


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.1f}"


def _summed_kinds(runs: Sequence[Run]) -> dict[str, int]:
    kinds = dict.fromkeys(KINDS, 0)
    for run in runs:
        for lang in run.targets:
            for kind in KINDS:
                kinds[kind] += (run.get("errors") or {}).get(lang, {}).get(kind, 0)
    return kinds
