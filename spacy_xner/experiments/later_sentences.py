"""Restrict records to later test sentences: those from a given number on whose text does not occur before it.

Use it where the first test sentences influenced the choice of settings: the others did not.
"""

from dataclasses import replace
from typing import Any

from ..errors import XnerError
from .records import RunRecord, StudyRecords


def sentences_from(study: StudyRecords, first: int) -> StudyRecords:
    """The records with their test sentences from the number `first` on, in each language, counted from 0.

    Sentences whose text occurs before `first` are left out too. So are kinds of errors and examples, since records do
    not have the sentence numbers of these.

    RAISES: XnerError if a target language has no sentence from there on.
    """
    for lang in study.targets:
        if not 0 <= first < (n := study.runs[0].sentences[lang]["n"]):
            raise XnerError(f"There is no test sentence {first} in {lang}, expected a number from 0 to {n - 1}.")
    runs = [replace(run, data=_later(run, first)) for run in study.runs]
    return replace(study, runs=runs, first_sentence=first)


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
    return {key: value for key, value in run.data.items() if key not in ("errors", "examples")} | {"sentences": kept}
