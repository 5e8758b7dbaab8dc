"""Checks of a study file: types, ranges, settings that must be the same for all arms, and arms that need others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from ..distillation.selection import Selection
from ..errors import XnerError
from ..projection.filters import check_filters
from .pairs import parse_pair
from .plan import TEACHER, Arm, Study

# Settings of the training config that arms may not change: they are set from [study], or fixed by `train_into`.
FIXED_SETTINGS = (
    "training.max_",
    "training.batcher",
    "training.logger",
    "training.eval_",
    "training.patience",
    "training.accumulate_gradient",
    "training.before_to_disk",
    "training.dev_corpus",
    "training.train_corpus",
    "corpora.",
    "paths.",
    "system.seed",
    "training.seed",
)
# What an arm's labels mean, not which text it reads: the rule for names in lower case can be a difference between arms.
FREE_SETTINGS = ("corpora.train.capitalised",)
# Type annotation of a field -> the type to check, and its name for the message. Numbers have checks of their own.
FIELD_TYPES: dict[Any, tuple[Any, str]] = {
    str: (str, "a text"),
    str | None: (str | None, "one text or null"),
    bool: (bool, "true or false"),
    dict[str, Any]: (Mapping, "settings, as in a section of their own"),
}
NAME = re.compile(r"\w[\w.+-]*")
MAX_SEED = 2**32  # of numpy
MINIMA = {"steps": 1, "batch_words": 1, "eval_every": 1, "dev_limit": 0, "examples": 0}


def check_study(study: Study, path: Path) -> None:
    """RAISES: XnerError for what `read_study` says."""
    _check_types(study, f"{path}: [study]")
    for arm in study.arms.values():
        _check_types(arm, f"{path}: [arms.{arm.name}]")
    for name in (study.name, *study.arms):
        if not NAME.fullmatch(name):
            raise XnerError(
                f"{path}: the name '{name}' of {'the study' if name == study.name else 'an arm'} cannot be a part of "
                f"file names: expected letters, digits, and any of _ - + . after the first character."
            )
    for section in ("more_tests", "optional_tests"):
        for name, value in getattr(study, section).items():
            if not NAME.fullmatch(name) or not isinstance(value, str):
                raise XnerError(
                    f"{path}: [study.{section}] has {name} = {value!r}, expected a name that can be a part of file "
                    "names, and the path of test data."
                )
    if both := sorted(study.more_tests.keys() & study.optional_tests.keys()):
        raise XnerError(f"{path}: {both[0]} is in [study.more_tests] and [study.optional_tests], expected one of them.")
    _check_numbers(study, path)
    _check_lists(study, path)
    _check_settings(study, path)
    for arm in study.arms.values():
        _check_filters(arm, path)
        _check_selection(arm, path)
        _check_teacher_seeds(arm, path)
        _check_parents(arm, study, path)
    _check_order(study, path)
    if study.answer:
        try:
            parse_pair(study.answer, study.arms)
        except XnerError as error:
            raise XnerError(f"{path}: [study] answer: {error}") from error


def _check_types(part: Study | Arm, where: str) -> None:
    for each in fields(part):
        value = getattr(part, each.name)
        kind, expected = FIELD_TYPES.get(each.type, (object, ""))
        if not isinstance(value, kind):
            raise XnerError(f"{where} has {each.name} = {value!r}, expected {expected}.")


def _check_number(value: Any, kind: Any, name: str) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise XnerError(f"{name} is {value!r}, expected a {'whole number' if kind is int else 'number'}.")


def _check_numbers(study: Study, path: Path) -> None:
    numbers = [(name, minimum, getattr(study, name), "") for name, minimum in MINIMA.items()]
    numbers += [("steps", 1, arm.steps, f"[arms.{arm.name}] ") for arm in study.arms.values() if arm.steps is not None]
    for name, minimum, value, where in numbers:
        if name == "batch_words" and value is None:
            continue
        _check_number(value, int, f"{path}: {where}{name}")
        if value < minimum:
            raise XnerError(f"{path}: {where}{name} is {value}, expected {minimum} or more.")
    for name, _, value, where in numbers:
        if name == "steps" and value > study.eval_every and value % study.eval_every:
            raise XnerError(
                f"{path}: {where}steps is {value}, expected a multiple of eval_every ({study.eval_every}), so that the "
                f"learning curve ends at the last step."
            )
    _check_number(study.held_back, int | float, f"{path}: held_back")
    if not 0 <= study.held_back < 1:
        raise XnerError(f"{path}: held_back is {study.held_back}, expected a share from 0 to below 1.")


def _check_lists(study: Study, path: Path) -> None:
    for name, kind in (("seeds", int), ("labels", int | float)):
        values = getattr(study, name)
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise XnerError(f"{path}: {name} is {values!r}, expected a list of one or more numbers.")
        _check_numbers_of_list(values, kind, f"{path}: ", name)
    _check_seeds(study.seeds, f"{path}: ")
    for share in study.labels:
        if not 0 < share <= 1:
            raise XnerError(f"{path}: the share of labels is {share}, expected more than 0 and at most 1.")


def _check_numbers_of_list(values: Sequence[Any], kind: Any, where: str, name: str) -> None:
    for value in values:
        _check_number(value, kind, f"{where}one of {name}")
    if len(set(values)) < len(values):
        raise XnerError(f"{where}{name} is {values}, where a number is listed twice: expected each once.")


def _check_seeds(seeds: Sequence[int], where: str) -> None:
    for seed in seeds:
        if not 0 <= seed < MAX_SEED:
            raise XnerError(f"{where}a seed is {seed}, expected a whole number from 0 to {MAX_SEED - 1}.")


def _check_teacher_seeds(arm: Arm, path: Path) -> None:
    seeds, where = arm.teacher_seeds, f"{path}: [arms.{arm.name}] "
    if not isinstance(seeds, Sequence) or isinstance(seeds, str):
        raise XnerError(f"{where}teacher_seeds is {seeds!r}, expected a list of seeds, such as [0, 1, 2].")
    _check_numbers_of_list(seeds, int, where, "teacher_seeds")
    _check_seeds(seeds, where)
    if seeds and arm.teacher is None:
        raise XnerError(f"{where}has teacher_seeds, but no teacher: expected `teacher`, or no seeds.")


def check_teacher_labels(arm: Arm, share: float) -> None:
    """RAISES: XnerError for several teachers with a share of the labels: they would have more labels than the arm."""
    if arm.teacher_seeds and share < 1:
        raise XnerError(
            f"The arm {arm.name} has teacher_seeds, and is to be trained with a share of {share:g} of the labels. Each "
            f"seed draws other labels, so that its teachers together would learn from more than this share. Expected "
            f"all labels (1.0) for this arm, or no teacher_seeds."
        )


def _check_settings(study: Study, path: Path) -> None:
    for where, settings in (("study", study.settings), *((f"arms.{a.name}", a.settings) for a in study.arms.values())):
        for key in settings:
            if key.startswith(FIXED_SETTINGS) and key not in FREE_SETTINGS:
                raise XnerError(
                    f"{path}: [{where}.settings] has {key}, which must be the same for all arms, so that they can be "
                    f"compared. Set steps, batch_words, eval_every, dev_limit or seeds in [study] instead, or "
                    f"the steps or the start of an arm in its section."
                )


def _check_filters(arm: Arm, path: Path) -> None:
    check_filters(arm.filters, f"{path}: [arms.{arm.name}] filters")
    if arm.filters and arm.projected is None:
        raise XnerError(f"{path}: the arm {arm.name} has filters, but no projected sentences: expected `projected`.")


def _check_selection(arm: Arm, path: Path) -> None:
    languages = arm.synthetic_languages
    if isinstance(languages, str) or not all(isinstance(code, str) and code for code in languages):
        raise XnerError(
            f"{path}: [arms.{arm.name}] has synthetic_languages = {languages!r}, expected a list of languages, such as "
            f'["de", "fr"].'
        )
    if languages and arm.synthetic is None:
        raise XnerError(
            f"{path}: the arm {arm.name} has synthetic_languages, but no synthetic text: expected `synthetic`."
        )
    if (arm.teacher is None) != (arm.synthetic is None):
        raise XnerError(
            f"{path}: the arm {arm.name} has {'no teacher' if arm.teacher is None else 'no synthetic text'}: expected "
            f"both, a teacher and the synthetic text that it labels, or neither."
        )
    for name in ("certainty", "agreement"):
        _check_number(getattr(arm, name), int | float, f"{path}: [arms.{arm.name}] {name}")
    try:
        Selection(arm.certainty, arm.agreement)
    except XnerError as error:
        raise XnerError(f"{path}: [arms.{arm.name}] {error}") from None
    if arm.combine and not arm.with_sources:
        raise XnerError(
            f"{path}: the arm {arm.name} has combine = true, but projects nothing that could be combined with the "
            f"teacher's labels: expected with_sources = true."
        )
    if arm.agreement and not arm.with_sources:
        raise XnerError(
            f"{path}: the arm {arm.name} asks for an agreement of {arm.agreement} between teacher and projection, "
            f"but projects nothing: expected with_sources = true."
        )


def _check_parents(arm: Arm, study: Study, path: Path) -> None:
    """Check that the teacher and the start of an arm exist, and the share of the start."""
    where = f"{path}: [arms.{arm.name}] start_share"
    _check_number(arm.start_share, int | float, where)
    if not 0 <= arm.start_share < 1:
        raise XnerError(f"{where} is {arm.start_share}, expected a share of the start's weights, from 0 to below 1.")
    if arm.start_share and arm.start is None:
        raise XnerError(f"{where} is {arm.start_share}, but the arm has no start: expected `start`, or no share.")
    if arm.new_order and arm.start is None:
        raise XnerError(f"{path}: [arms.{arm.name}] has new_order, but no start: expected `start`, or no new_order.")
    if arm.teacher is not None and arm.teacher not in study.arms:
        raise XnerError(f"{path}: the teacher of {arm.name} is '{arm.teacher}', which is no arm of the study.")
    if arm.start == TEACHER:
        if TEACHER in study.arms:
            raise XnerError(
                f"{path}: [arms.{arm.name}] has start = '{TEACHER}', which stands for the arm's teacher and is the "
                f"name of an arm too. Rename the arm {TEACHER}."
            )
        if arm.teacher is None:
            raise XnerError(
                f"{path}: [arms.{arm.name}] has start = '{TEACHER}', but no teacher: expected a teacher and the "
                f"synthetic text that it labels, or the name of an arm as start."
            )
    elif arm.start is not None and arm.start not in study.arms:
        raise XnerError(
            f"{path}: [arms.{arm.name}] has start = '{arm.start}', which is no arm of the study: expected "
            f"'{TEACHER}', or one of {', '.join(study.arms)}."
        )


def _check_order(study: Study, path: Path) -> None:
    """Check that no arm needs its own pipeline."""
    graph = {arm.name: [parent.name for parent in study.parents_of(arm).values()] for arm in study.arms.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        chain = error.args[1][::-1]  # each needs the next one
        raise XnerError(
            f"{path}: the arm {chain[0]} would be its own teacher or start ({' <- '.join(chain)}): expected teachers "
            f"and starts that can be trained before it."
        ) from None
