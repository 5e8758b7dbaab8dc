"""Optimizers of pipelines: made from configs with variables, and copied and pickled with their schedules.

A pipeline keeps its optimizer after `nlp.resume_training` or `nlp.initialize`. thinc's schedules are generators, which
Python can neither copy nor pickle, so that such a pipeline could not be pickled. Importing this module registers how
optimizers are pickled, which both of this package's components do.
"""

import copyreg
import warnings
from collections.abc import Generator, Iterator
from functools import partial
from itertools import islice, repeat
from typing import Any

from spacy.language import Language
from spacy.util import registry
from thinc.api import Optimizer

from . import compat_spacy


def interpolate_optimizer(nlp: Language) -> Language:
    """Let a pipeline make its optimizer from a config with variables, such as `total_steps = ${training.max_steps}`.

    `nlp.resume_training`, `nlp.initialize` and `spacy debug data` read `[training.optimizer]` without the sections that
    define its variables. The config itself is not changed: variables that are replaced in it would no longer follow
    `--training.max_steps` when it is used again.

    RETURNS: the same pipeline.
    """
    nlp.create_optimizer = partial(make_optimizer, nlp)  # type: ignore[method-assign]
    return nlp


def make_optimizer(nlp: Language) -> Optimizer:
    """The optimizer of `[training.optimizer]`, with the values of its variables."""
    block = nlp.config.copy().interpolate()["training"]["optimizer"]
    optimizer: Optimizer = registry.resolve({"optimizer": block})["optimizer"]
    return optimizer


class ResumedSchedule(Iterator[float]):
    """A registered schedule of thinc that continues after the values that were taken from it; it can be pickled.

    name (str): the schedule's registered name.
    arguments (dict[str, Any]): its arguments.
    n_taken (int): number of values that were taken.
    """

    def __init__(self, name: str, arguments: dict[str, Any], n_taken: int) -> None:
        self._made_from = name, arguments
        self._n_taken = n_taken
        self._values = islice(registry.get("schedules", name)(**arguments), n_taken, None)

    def __next__(self) -> float:
        value: float = next(self._values)
        self._n_taken += 1
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        return ResumedSchedule, (*self._made_from, self._n_taken)


def picklable_schedule(schedule: Iterator[float], setting: str, value: float) -> Iterator[float]:
    """A schedule that gives the values that this one would give next, and can be pickled.

    setting (str): what it is the schedule of, such as `learn_rate`.
    value (float): its present value, which is kept for generators of other code than thinc's.
    """
    if not isinstance(schedule, Generator):
        return schedule
    found = compat_spacy.read_schedule(schedule)
    if found is not None:
        return ResumedSchedule(*found)
    warnings.warn(
        f"The optimizer's schedule of {setting} cannot be copied or pickled: the copy keeps {setting} = {value}. "
        "To train the copy with a schedule, make a new optimizer.",
        stacklevel=2,
    )
    return repeat(value)


def _reduce(optimizer: Optimizer) -> tuple[Any, ...]:
    state = {slot: getattr(optimizer, slot) for slot in Optimizer.__slots__}
    state["schedules"] = {
        setting: picklable_schedule(schedule, setting, state[setting])
        for setting, schedule in optimizer.schedules.items()
    }
    return Optimizer, (0.0,), (None, state)


copyreg.pickle(Optimizer, _reduce)
