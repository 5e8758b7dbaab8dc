"""The counts of a study's runs as arrays, and the F1 figures that are computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .packing import entities_to_find
from .records import RunRecord, StudyRecords

Floats = NDArray[np.floating]
Figure = tuple[str, str]  # language and label; "" stands for the mean over languages, and for all labels together
MACRO: Figure = ("", "")
NEAR: Figure = ("-", "")  # the mean over languages without the most distant ones


@dataclass(frozen=True)
class StudyCounts:
    """Counts of the arms of a study.

    langs (tuple[str, ...]): the target languages.
    labels (tuple[str, ...]): all labels in the reference and in predictions, then "" for all labels together.
    gold (frozenset[Figure]): (language, label) of the entities to find.
    seeds (dict[str, tuple[int, ...]]): arm -> its seeds.
    counts (dict[str, dict[str, Floats]]): arm -> language -> entities right, wrong and not found,
        (n_texts, n_seeds, n_labels + 1, 3), float32: whole numbers below 2**24 are exact, and so are their sums.
        Sentences with the same text share a row, which has their sums.
    distant (tuple[str, ...]): the target languages that the mean `NEAR` leaves out; () for no such mean.
    """

    langs: tuple[str, ...]
    labels: tuple[str, ...]
    gold: frozenset[Figure]
    seeds: dict[str, tuple[int, ...]]
    counts: dict[str, dict[str, Floats]]
    distant: tuple[str, ...] = ()

    @cached_property
    def figures(self) -> list[Figure]:
        """All figures: the means over languages, each language, each label in the reference, and each label of each
        language. Means are over the languages whose reference has entities, or the label."""
        labels = [label for label in self.labels if any((lang, label) in self.gold for lang in self.langs)]
        by_language = [(lang, label) for lang in self.langs for label in labels if (lang, label) in self.gold]
        means = [MACRO, NEAR] if self.near else [MACRO]
        return [*means, *((lang, "") for lang in self.langs), *(("", label) for label in labels), *by_language]

    @cached_property
    def near(self) -> tuple[str, ...]:
        """The languages of the mean `NEAR`; () if nothing is left out, or all."""
        kept = tuple(lang for lang in self.langs_with_entities if lang not in self.distant)
        return kept if len(kept) < len(self.langs_with_entities) else ()

    @cached_property
    def langs_with_entities(self) -> tuple[str, ...]:
        """The languages whose reference has entities to find; all of them if none has."""
        return tuple(lang for lang in self.langs if any(each == lang for each, _ in self.gold)) or self.langs

    def figures_of(self, f1: dict[str, Floats]) -> Floats:
        """Figures (..., n_figures) from F1: language -> (..., n_labels + 1)."""
        columns = []
        for lang, label in self.figures:
            langs = self.near if (lang, label) == NEAR else [lang] if lang else self.langs_with_entities
            if label and not lang:
                langs = [each for each in self.langs if (each, label) in self.gold]
            columns.append(np.mean([f1[each][..., self.labels.index(label)] for each in langs], axis=0))
        return np.stack(columns, axis=-1)

    def observed(self, arm: str) -> Floats:
        """The figures of each run of an arm, (n_seeds, n_figures)."""
        return self.figures_of({lang: f1_of(counts.sum(0)) for lang, counts in self.counts[arm].items()})


def f1_of(counts: Floats) -> Floats:
    """F1 from entities right, wrong and not found, (..., 3); 0 if there are none."""
    tp, fp, fn = np.moveaxis(counts.astype(np.float64), -1, 0)
    whole = 2 * tp + fp + fn
    return np.divide(2 * tp, whole, out=np.zeros_like(whole), where=whole > 0)


def study_counts(study: StudyRecords, distinct: bool = False, distant: Sequence[str] = ()) -> StudyCounts:
    """The counts of each arm's runs with the largest share of labels, for the target languages.

    distinct (bool): count only the first of several sentences with the same text.
    distant (Sequence[str]): the languages that the mean `NEAR` leaves out.
    """
    arms = study.arms()
    runs_of_arms = [run for runs in arms.values() for run in runs]
    langs = tuple(study.targets)
    found = {label for run in runs_of_arms for lang in langs for label in run.sentences[lang]["labels"]}
    labels = (*sorted(found), "")
    gold = {(lang, label) for lang in langs for label in entities_to_find(runs_of_arms[0].sentences[lang]["labels"])}
    counts = {
        arm: {lang: _language_counts(runs, lang, labels, distinct) for lang in langs} for arm, runs in arms.items()
    }
    for lang in langs:  # so that resamples do not depend on the order of sentences in the file
        order = _canonical_order([counts[arm][lang] for arm in sorted(arms)])
        for arm in arms:
            counts[arm][lang] = counts[arm][lang][order]
    seeds = {arm: tuple(run.seed for run in runs) for arm, runs in arms.items()}
    return StudyCounts(langs, labels, frozenset(gold), seeds, counts, tuple(distant))


def _language_counts(runs: Sequence[RunRecord], lang: str, labels: tuple[str, ...], distinct: bool) -> Floats:
    counts = np.zeros((runs[0].sentences[lang]["n"], len(runs), len(labels), 3), dtype=np.float32)
    for seed, run in enumerate(runs):
        for label, rows in run.sentences[lang]["labels"].items():
            if rows:
                table = np.array(rows)
                counts[table[:, 0], seed, labels.index(label)] = table[:, 1:]
    counts[:, :, -1] = counts.sum(axis=2)
    firsts = np.arange(len(counts))  # the number of the first sentence with the same text
    for number, first in runs[0].sentences[lang].get("repeats") or []:
        firsts[number] = first
    kept, places = np.unique(firsts, return_inverse=True)
    if distinct:
        return counts[kept]
    summed = np.zeros((len(kept), *counts.shape[1:]), dtype=np.float32)
    np.add.at(summed, places, counts)
    return summed


def _canonical_order(counts: Sequence[Floats]) -> NDArray[np.intp]:
    """Indices that sort texts by their counts, read as bytes."""
    rows = np.concatenate([each.reshape(len(each), -1) for each in counts], axis=1).astype(">i4")
    if not len(rows):
        return np.arange(0)
    return np.argsort(np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))[:, 0])
