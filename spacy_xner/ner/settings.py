"""Settings of the recogniser: their check, and the pipeline's config, which is where they are saved."""

import math
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from spacy.language import Language
from spacy.util import logger

from ..errors import XnerError
from .tags import TagScheme


def check_share(value: float, setting: str, component: str) -> float:
    """Return a setting that must be a number in [0, 1]. RAISES: XnerError for another value."""
    if not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise XnerError(f"The setting {setting} of the component {component!r} must be from 0 to 1, but it is {value}.")
    return float(value)


def check_below_one(value: float, setting: str, component: str) -> float:
    """Return a setting that must be a number in [0, 1). RAISES: XnerError for another value."""
    if not isinstance(value, int | float) or not 0.0 <= value < 1.0:
        raise XnerError(
            f"The setting {setting} of the component {component!r} must be from 0 to below 1, but it is {value}."
        )
    return float(value)


def one_of(choices: Sequence[str]) -> Callable[[str | None, str, str], str | None]:
    """The check of a setting that must be one of some names, or None. The check raises XnerError for another value."""

    def check(value: str | None, setting: str, component: str) -> str | None:
        if value is not None and value not in choices:
            raise XnerError(
                f"The setting {setting} of the component {component!r} is {value!r}, expected null or one of "
                f"{', '.join(choices)}."
            )
        return value

    return check


T = TypeVar("T")


class ConfigSetting(Generic[T]):
    """An attribute of a component that is checked when it is set, and saved in the pipeline's config.

    It is for a `ConfiguredComponent`.

    check (Callable): from a value, the name of the setting and the component's name to the checked value.
    """

    def __init__(self, check: Callable[[T, str, str], T]) -> None:
        self.check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, component: Any, owner: type | None = None) -> T:
        value: T = component.__dict__[f"_{self.name}"]
        return value

    def __set__(self, component: Any, value: T) -> None:
        checked = self.check(value, self.name, component.name)
        component.__dict__[f"_{self.name}"] = checked
        component.configure(self.name, checked)


def check_loaded(cfg: dict[str, Any], n_outputs: int | None, component: str) -> None:
    """Check what was read from a saved component.

    cfg (dict[str, Any]): its labels and temperature.
    n_outputs (int | None): the number of the model's outputs; None where it is not known.
    RAISES: XnerError for a damaged or edited component.
    """
    labels, temperature = cfg.get("labels"), cfg.get("temperature", 1.0)
    hint = "It is damaged, or was changed by hand: save the pipeline again, or get it again."
    if not isinstance(labels, list) or not all(isinstance(label, str) and label for label in labels):
        found = str(labels)[:80]
        raise XnerError(f"The saved component {component!r} has the labels {found}, expected a list of names. {hint}")
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not number or not 0 < temperature < math.inf:
        raise XnerError(
            f"The saved component {component!r} has the temperature {temperature!r}, expected a number above 0. {hint}"
        )
    if n_outputs is not None and n_outputs != len(TagScheme(tuple(labels))):
        raise XnerError(
            f"The saved component {component!r} has {len(labels)} labels, which need {len(TagScheme(tuple(labels)))} "
            f"tags, but its model has {n_outputs}. {hint}"
        )


class ConfigLink:
    """The way from a component to its block in the config of the pipeline that made it.

    It does not keep the pipeline alive. A copy of the pipeline's has its own; a pickled one has none, because a
    component that is sent to another process must not take its pipeline with it.

    nlp (Language | None): the pipeline.
    """

    def __init__(self, nlp: Language | None = None) -> None:
        self._pipeline = None if nlp is None else weakref.ref(nlp)

    def write(self, component: Any, setting: str, value: Any) -> bool:
        """Change a setting in the config. RETURNS: False where the component is in no pipeline that is known."""
        nlp = None if self._pipeline is None else self._pipeline()
        for name, pipe in [] if nlp is None else nlp.components:
            if pipe is component and nlp is not None:
                nlp.get_pipe_config(name)[setting] = value
                return True
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        return ConfigLink, ()

    def __deepcopy__(self, memo: dict[int, Any]) -> "ConfigLink":
        nlp = None if self._pipeline is None else self._pipeline()
        return ConfigLink(memo.get(id(nlp)))


class ConfiguredComponent:
    """A component whose settings are saved in the config of its pipeline, also where they are set in Python."""

    name: str
    _link: ConfigLink
    _unsaved: dict[str, Any]  # settings that could not be written into the config

    def start_settings(self, nlp: Language | None, **values: Any) -> None:
        """Set the `ConfigSetting` attributes of a new component, with the values that the config has.

        nlp (Language | None): the pipeline.
        RAISES: XnerError for a wrong value.
        """
        self._link, self._unsaved = ConfigLink(), {}
        for setting, value in values.items():
            setattr(self, setting, value)
        self._link, self._unsaved = ConfigLink(nlp), {}

    def configure(self, setting: str, value: Any) -> None:
        """Write a setting into the pipeline's config."""
        if self._link.write(self, setting, value):
            self._unsaved.pop(setting, None)
        else:
            self._unsaved[setting] = value

    def warn_of_unsaved(self) -> None:
        """Warn of settings that a saved component will not have."""
        for setting, value in self._unsaved.items():
            logger.warning(
                "%s: the setting %s = %s is not saved, because the component does not know its pipeline's config (a "
                'pickle of the pipeline does not keep it). Put it there: nlp.get_pipe_config("%s")["%s"] = %s',
                self.name, setting, value, self.name, setting, value,
            )  # fmt: skip
