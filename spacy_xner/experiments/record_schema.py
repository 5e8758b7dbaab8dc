"""The structure of run records and of study files, and the check of a single record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import XnerError
from ..json_checks import Expected, check, items, mapping, number, optional, row, text
from ..scoring.error_kinds import ERROR_KINDS
from .packing import SHARED
from .records import RunRecord

FORMAT = 1
COUNTS = row(4, int)
EXAMPLE_SPANS = items(row(3, int, int, str))
PER_LABEL = mapping(mapping(number(0, int)))
RECORD: dict[str, Expected] = {
    "format": number(0, int),
    "study": text,
    "arm": text,
    "seed": number(None, int),
    "scores": {"targets": items(text), "languages": mapping({"f": number(0)})},
    "sentences": mapping(
        {"n": number(0, int), "repeats": optional(items(row(2, int))), "labels": mapping(items(COUNTS))}
    ),
    "question": optional(text),
    "answer": optional(text),  # a contrast: ARM-OTHER
    "arms": optional(items(text)),  # of the study, in the order of its file
    "title": optional(text),
    "description": optional(text),
    "minutes": optional(number(0)),
    "parts": optional(mapping(number(0))),  # minutes of each
    "trainings": optional(  # those of the teachers and the start, each once, then its own; no `seed`: that of the run
        items(
            {
                "arm": text,
                "seed": optional(number(None, int)),
                "steps": number(1, int),
                "words": number(0),
                "minutes": number(0),
                "reused": optional(number(0)),  # minutes among these in which teachers labelled text for another run
            }
        )
    ),
    "machine": optional(text),
    "words": optional(number(0)),
    "labels": optional(number(0)),
    "layers": optional(items(items(number(0, int)))),  # for each aggregator, the encoder's numbers of its layers
    "layer_weights": optional(items(items(number(0)))),
    "curve": optional(items({"step": number(0), "words": optional(number(0)), "score": number(0)})),
    "errors": optional(mapping({**dict.fromkeys(ERROR_KINDS, number(0, int)), "confusion": PER_LABEL})),
    "examples": optional(
        items({"lang": text, "id": text, "text": text, "gold": EXAMPLE_SPANS, "found": EXAMPLE_SPANS})
    ),
}
STUDY_FILE: dict[str, Expected] = {
    "format": number(0, int),
    "study": text,
    "runs": items({}),
    "sentences": optional(SHARED),
    "question": optional(text),
    "notes": optional(text),
}


def checked_record(data: dict[str, Any], file: str) -> RunRecord:
    """Check the record of a run.

    data (dict[str, Any]): plain JSON.
    file (str): where it was read from.
    RAISES: XnerError that names the file, the key, what was found and what was expected.
    """
    check(data, RECORD, file)
    check_format(data, file)
    run = RunRecord(data, file)
    if not 0 < run.labels <= 1:
        raise XnerError(f"{file}: `labels` is {run.labels}, expected a share greater than 0 and not above 1.")
    if missing := [lang for lang in run.targets if lang not in data["sentences"]]:
        raise XnerError(f"{file}: `sentences` lacks {', '.join(missing)}, expected each language of `scores.targets`.")
    sizes = [[len(each) for each in run.get(key) or []] for key in ("layers", "layer_weights")]
    if sizes[0] and sizes[0] != sizes[1]:
        raise XnerError(f"{file}: `layers` and `layer_weights` differ in length, expected a weight for each layer.")
    if not run.targets:
        raise XnerError(f"{file}: `scores.targets` is empty, expected at least one target language.")
    for lang, found in data["sentences"].items():
        _check_sentences(found, f"{file}: `sentences.{lang}")
    return run


def check_format(content: Mapping[str, Any], file: str) -> None:
    """RAISES: XnerError for a record or study file of a newer version."""
    if content["format"] != FORMAT:
        raise XnerError(
            f"{file}: `format` is {content['format']}, expected {FORMAT}. A newer version of spacy-xner may read it."
        )


def _check_sentences(found: Mapping[str, Any], where: str) -> None:
    """Check the sentence numbers of a language."""
    repeats = dict(found.get("repeats") or [])
    if any(not first < number < found["n"] or first in repeats for number, first in repeats.items()):
        raise XnerError(
            f"{where}.repeats` has a pair that is not [sentence number, number of the first sentence with the same "
            f"text], expected numbers below `n` = {found['n']}, the first one lower and no repeat itself."
        )
    for label, rows in found["labels"].items():
        if not label:
            raise XnerError(f"{where}.labels` has an empty label, expected a name.")
        numbers = [number for number, *_ in rows]
        if len(set(numbers)) != len(numbers) or any(not 0 <= number < found["n"] for number in numbers):
            raise XnerError(
                f"{where}.labels.{label}` has a sentence twice, or one that is not below `n` = {found['n']}: expected "
                f"each sentence number from 0 on at most once."
            )
