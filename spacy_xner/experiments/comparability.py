"""Checks that runs can be compared: one study, the same settings, and the same test sentences."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import XnerError
from ..journal import differing_keys
from .packing import entities_to_find
from .records import RunRecord

COMMON_SETTINGS = ("source", "encoder_version", "held_back", "steps", "batch_words")  # the same for all runs of a study


def check_study(one: RunRecord, other: RunRecord) -> None:
    """RAISES: XnerError for runs of two studies."""
    if one.study != other.study:
        raise XnerError(
            f"{one.file} is of the study '{one.study}', {other.file} of '{other.study}': expected runs of one study."
        )


def check_equal(one: RunRecord, other: RunRecord) -> None:
    """RAISES: XnerError for two records of the same run that differ."""
    if keys := differing_keys(one.data, other.data):
        raise XnerError(
            f"{one.file} and {other.file} are both of {one}, but differ in {', '.join(f'`{k}`' for k in keys)}: "
            "expected one record for each arm and seed. Remove one of them."
        )


def check_comparable(one: RunRecord, other: RunRecord) -> None:
    """RAISES: XnerError for runs of a study that differ in more than arm, seed and share of the labels."""
    _check_settings(one, other)
    _check_sizes(one, other)
    _check_gold(one, other)


def _check_settings(one: RunRecord, other: RunRecord) -> None:
    settings = [run.data["setting"] if isinstance(run.get("setting"), dict) else {} for run in (one, other)]
    both = [{key: setting.get(key) for key in COMMON_SETTINGS} for setting in settings]
    if all(settings) and (keys := differing_keys(*both)):
        raise XnerError(
            f"{one.file} and {other.file} are of trainings with another {', another '.join(keys)}: expected the same "
            f"for all runs of a study, so that its arms can be compared."
        )
    inputs = [setting.get("inputs") or {} for setting in settings]
    for path in sorted(inputs[0].keys() & inputs[1].keys()):
        if inputs[0][path] != inputs[1][path]:
            raise XnerError(
                f"{path} had another content when the run of {one.file} read it than for {other.file}: expected the "
                f"same for all runs of a study. Remove the older record and run its arm again."
            )


def _check_sizes(one: RunRecord, other: RunRecord) -> None:
    sizes = [{lang: found["n"] for lang, found in run.sentences.items()} for run in (one, other)]
    if sizes[0] != sizes[1] or set(one.targets) != set(other.targets):
        raise XnerError(
            f"{one.file} was scored on {_listed(sizes[0], one.targets)}, {other.file} on "
            f"{_listed(sizes[1], other.targets)}: expected the same sentences for all runs."
        )


def _check_gold(one: RunRecord, other: RunRecord) -> None:
    """Check that the same sentences have the same text, and the same entities to find."""
    for lang, found in one.sentences.items():
        if (found.get("repeats") or []) != (other.sentences[lang].get("repeats") or []):
            raise XnerError(
                f"{one.file} and {other.file} differ in which sentences of {lang} have the same text (`repeats`): "
                f"expected all runs to be scored on the same sentences in the same order."
            )
        golds = [entities_to_find(each["labels"]) for each in (found, other.sentences[lang])]
        for label in sorted({*golds[0], *golds[1]}):
            if golds[0].get(label) != golds[1].get(label):
                raise XnerError(
                    f"{one.file} and {other.file} do not have the same {label} entities to find in the sentences of "
                    f"{lang}: expected all runs to be scored on the same sentences in the same order."
                )


def _listed(sizes: dict[str, int], targets: Iterable[str]) -> str:
    found = [f"{n} sentences of {lang}" for lang, n in sorted(sizes.items())]
    return f"{', '.join(found)} (targets: {', '.join(sorted(targets))})"
