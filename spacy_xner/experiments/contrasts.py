"""What two arms differ in: a contrast is clean if that is one thing.

The things are the text that an arm learns from (with the teacher that labels it), the layers that its recogniser reads,
the learning rates, its optimizer steps, the weights that it starts from, any other setting by its own name, and the
compute of all trainings that its pipeline needs. The rates and layers of a teacher are settings of the teacher's arm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .comparability import differences
from .compute import Compute, similar
from .records import RunRecord

# Settings of an arm -> what they are about; others are things of their own.
THINGS = {
    "text": (
        *("projected", "filters", "synthetic", "synthetic_languages", "unrelated", "with_sources"),
        *("certainty", "agreement", "teacher"),
    ),
    "start": ("start", "start_share"),
    "order": ("new_order",),
    "training config": ("config",),
}
LAYER_PARTS = ("aggregator", "max_layers")
RATE_PARTS = ("learn_rate", "optimizer", "encoder_learn_rate_factor")
COMPUTE = "compute"
CONFIG = "settings."  # how the names of settings of the training config begin
MAX_LENGTH = 60  # characters of a value
AGAINST = " against "
UNIMPORTANT = ("name", "title", "description")


@dataclass(frozen=True)
class Contrast:
    """Two arms, and what they differ in.

    things (dict[str, str] | None): thing -> how they differ in it, in words; None if a record lacks its settings.
    """

    arm: str
    other: str
    things: dict[str, str] | None

    @property
    def clean(self) -> bool | None:
        """Whether the arms differ in at most one thing; None if that is not known."""
        return None if self.things is None else len(self.things) <= 1


def contrast(one: RunRecord, other: RunRecord, compute: Mapping[str, Compute]) -> Contrast:
    """Compare the settings of two arms by a run of each.

    compute (Mapping[str, Compute]): of both arms, by name.
    """
    settings = _arm_of(one), _arm_of(other)
    if not all(settings):
        return Contrast(one.arm, other.arm, None)
    by_thing: dict[str, dict[str, tuple[Any, Any]]] = {}
    for name, values in differences(*settings).items():
        if name.startswith(CONFIG):
            values = ("default" if values[0] is None else values[0], "default" if values[1] is None else values[1])
        short = name.removesuffix(".@architectures").rsplit(".", 1)[-1]
        by_thing.setdefault(_thing_of(name), {})[short] = values
    things = {thing: _listed(changed) for thing, changed in by_thing.items()}
    costs = compute[one.arm], compute[other.arm]
    if similar(*costs) is False:
        things[COMPUTE] = _costs(*costs)
    return Contrast(one.arm, other.arm, things)


def _arm_of(run: RunRecord) -> dict[str, Any]:
    """An arm's settings as in its study file, with its steps and the dotted names of the config in `settings`, those of
    the study included.

    A switch that is off, an empty list and 0 are as good as a setting that is missing.
    """
    setting = run.get("setting")
    arm = setting.get("arm") if isinstance(setting, Mapping) else None
    if not isinstance(setting, Mapping) or not isinstance(arm, Mapping):
        return {}
    steps = arm.get("steps") or setting.get("steps")
    found = {key: value for key, value in arm.items() if key not in (*UNIMPORTANT, "settings") and value}
    both = {**(setting.get("settings") or {}), **(arm.get("settings") or {})}
    settings = {key: "null" if value is None else value for key, value in both.items()}
    return {**found, "steps": steps, "settings": settings}


def _thing_of(name: str) -> str:
    """The thing that a setting, by its dotted name, is about."""
    if name.startswith(CONFIG):
        rest = name.removeprefix(CONFIG)
        if any(part in rest for part in LAYER_PARTS):
            return "layers"
        return "rate" if any(part in rest for part in RATE_PARTS) else rest
    first = name.split(".")[0]
    return next((thing for thing, names in THINGS.items() if first in names), first)


def _listed(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """Settings with the values of both arms: "learn_rate 0.002 against 0.004, layers [6, 7] against none"."""
    return ", ".join(f"{name} {AGAINST.join(map(_shown, values))}" for name, values in changed.items())


def _shown(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def _costs(one: Compute, other: Compute) -> str:
    """What both arms cost, in words, or in steps where the words of one are not known."""
    if one.words is None or other.words is None:
        return f"{one.steps:,} steps{AGAINST}{other.steps:,} steps"
    return f"{one.words:,.0f} words{AGAINST}{other.words:,.0f} words"
