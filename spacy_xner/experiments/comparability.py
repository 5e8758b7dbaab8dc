"""Checks that runs can be compared: one study, the same settings and versions, and the same test sentences.

Runs of an arm are pooled, so that they may differ in the seed and the share of the labels alone. Runs of different arms
may also differ in the settings of the arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import XnerError
from ..journal import differing_keys
from .packing import entities_to_find
from .records import RunRecord

# The same for all runs of a study, where their records have it.
COMMON_SETTINGS = (
    *("source", "encoder_version", "held_back", "steps", "batch_words", "eval_every", "dev_limit"),
    "settings",  # those of the study, not of an arm
)
VERSIONS = "versions"  # records that were made before they had versions are compared with each other only
RUN_SETTINGS = ("seed", "labels")  # of a run in an arm; its teacher and start have the same
PARENTS = ("teacher", "start")  # the settings of the runs whose pipelines a run needs
DIGEST = "training"  # in older records, a digest of the training config, which depends on the seed


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


def check_arms(runs: Iterable[RunRecord]) -> None:
    """RAISES: XnerError for runs of an arm that differ in more than the seed and the share of the labels."""
    firsts: dict[str, RunRecord] = {}
    same_training: dict[Any, RunRecord] = {}
    for run in runs:
        first = firsts.setdefault(run.arm, run)
        if changed := differences(without_run(_setting_of(first)), without_run(_setting_of(run))):
            raise XnerError(
                f"{first.file} and {run.file} are runs of the arm {run.arm} with another {listed_changes(changed)}: "
                f"expected runs that differ in the seed and the share of the labels alone. Remove one of the records, "
                f"and train the arm with the same settings; or use two arms."
            )
        _check_digest(run, same_training)


def _check_digest(run: RunRecord, found: dict[Any, RunRecord]) -> None:
    """Compare the digests of older records where they should be equal."""
    setting = _setting_of(run)
    arm = setting.get("arm")
    if DIGEST in setting and isinstance(arm, Mapping):
        key = repr([run.seed, arm.get("config"), sorted((arm.get("settings") or {}).items())])
        first = found.setdefault(key, run)
        if _setting_of(first)[DIGEST] != setting[DIGEST]:
            raise XnerError(
                f"{first.file} and {run.file} are of trainings with another `training`, the digest of the training "
                f"config, although seed and settings of the arm are the same: expected one config for all runs."
            )


def differences(one: Any, other: Any, key: str = "") -> dict[str, tuple[Any, Any]]:
    """The values that differ between two settings, by dotted name. Values that are missing are None."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        found: dict[str, tuple[Any, Any]] = {}
        for name in sorted(one.keys() | other.keys()):
            found |= differences(one.get(name), other.get(name), f"{key}.{name}" if key else str(name))
        return found
    return {} if one == other else {key: (one, other)}


def listed_changes(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Differing settings with their values: steps (300 and 600), another source (...)."""
    return ", another ".join(f"{name} ({_shown(one)} and {_shown(other)})" for name, (one, other) in changed.items())


def _shown(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _setting_of(run: RunRecord) -> Mapping[str, Any]:
    setting = run.get("setting")
    return setting if isinstance(setting, Mapping) else {}


def without_run(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A setting, and those of its teacher and start, without what differs between the runs of an arm.

    Inputs, the encoder's version and the versions of packages are compared for all runs, and the encoder's folder does
    not matter.
    """
    return without(setting, *RUN_SETTINGS, DIGEST, "inputs", "encoder", VERSIONS)


def without(setting: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """A setting, and those of its teacher and start, without some keys."""
    kept = {key: value for key, value in setting.items() if key not in keys}
    parents = {kind: setting[kind] for kind in PARENTS if isinstance(setting.get(kind), Mapping)}
    return kept | {kind: without(parent, *keys) for kind, parent in parents.items()}


def _check_settings(one: RunRecord, other: RunRecord) -> None:
    settings = [_setting_of(run) for run in (one, other)]
    _check_versions(one, other)
    if not all(settings):
        return
    both = [{key: setting.get(key) for key in COMMON_SETTINGS} for setting in settings]
    configs = [setting.get("config") or {} for setting in settings]
    if configs[0].get("file") == configs[1].get("file"):
        both = [{**found, "config": config} for found, config in zip(both, configs, strict=True)]
    if changed := differences(both[0], both[1]):
        raise XnerError(
            f"{one.file} and {other.file} are of trainings with another {listed_changes(changed)}: expected the same "
            f"for all runs of a study, so that its arms can be compared."
        )
    inputs = [setting.get("inputs") or {} for setting in settings]
    for path in sorted(inputs[0].keys() & inputs[1].keys()):
        if inputs[0][path] != inputs[1][path]:
            raise XnerError(
                f"{path} had another content when the run of {one.file} read it than for {other.file}: expected the "
                f"same for all runs of a study. Remove the older record and run its arm again."
            )


def _check_versions(one: RunRecord, other: RunRecord) -> None:
    versions = [_setting_of(run).get(VERSIONS) for run in (one, other)]
    if versions[0] == versions[1]:
        return
    if unknown := [run.file for run, known in zip((one, other), versions, strict=True) if not known]:
        raise XnerError(
            f"{unknown[0]} does not say with which versions of spacy-xner and its libraries it was made, but "
            f"{(other if unknown[0] == one.file else one).file} does: expected the same versions for all runs of a "
            f"study. Remove the record and run its arm again, or report on both apart."
        )
    changed = listed_changes(differences(versions[0], versions[1]))
    raise XnerError(
        f"{one.file} and {other.file} were made with another version of {changed}: "
        f"expected the same versions for all runs of a study. Remove the older record and run its arm again."
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
