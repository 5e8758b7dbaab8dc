"""Restrict records to a part of what they count: later test sentences, or some of the labels."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ..errors import XnerError
from .records import RunRecord, StudyRecords


def sentences_from(study: StudyRecords, first: int) -> StudyRecords:
    """The records with their test sentences from the number `first` on, in each language, counted from 0.

    Use it where the first test sentences influenced the choice of settings: the others did not.

    Sentences whose text occurs before `first` are left out too. So are kinds of errors and examples, since records do
    not have the sentence numbers of these.

    RAISES: XnerError if a target language has no sentence from there on.
    """
    for lang in study.targets:
        if not 0 <= first < (n := study.runs[0].sentences[lang]["n"]):
            raise XnerError(f"There is no test sentence {first} in {lang}, expected a number from 0 to {n - 1}.")
    runs = [replace(run, data=_later(run, first)) for run in study.runs]
    return replace(study, runs=runs, first_sentence=first)


def without_labels(study: StudyRecords, labels: Collection[str]) -> StudyRecords:
    """The records without the entities of some labels, in the reference and in predictions.

    Use it where data sets disagree on what a label means. Kinds of errors and examples are left out too.

    RAISES: XnerError for a label that no record has, and if no label is left.
    """
    known = {label for run in study.runs for found in run.sentences.values() for label in found["labels"]}
    if unknown := sorted(set(labels) - known):
        raise XnerError(
            f"There are no entities of {', '.join(unknown)}, expected labels of {', '.join(sorted(known))}."
        )
    if known <= set(labels):
        raise XnerError(f"No label is left without {', '.join(sorted(known))}, expected fewer labels to leave out.")
    runs = [replace(run, data=_without(run, labels)) for run in study.runs]
    return replace(study, runs=runs, omitted_labels=tuple(sorted(set(labels))))


def _without(run: RunRecord, labels: Collection[str]) -> dict[str, Any]:
    kept = {
        lang: {**found, "labels": {label: rows for label, rows in found["labels"].items() if label not in labels}}
        for lang, found in run.sentences.items()
    }
    return _with_sentences(run, kept)


def _later(run: RunRecord, first: int) -> dict[str, Any]:
    kept = {}
    for lang, found in run.sentences.items():
        repeats = dict(found.get("repeats") or [])
        left = [number for number in range(first, found["n"]) if repeats.get(number, number) >= first]
        numbers = {number: i for i, number in enumerate(left)}
        labels = {
            label: [[numbers[number], *counts] for number, *counts in rows if number in numbers]
            for label, rows in found["labels"].items()
        }
        again = [[numbers[number], numbers[one]] for number, one in repeats.items() if number in numbers]
        kept[lang] = {"n": len(left), "repeats": again, "labels": labels}
    return _with_sentences(run, kept)


def _with_sentences(run: RunRecord, kept: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in run.data.items() if key not in ("errors", "examples")} | {"sentences": kept}
