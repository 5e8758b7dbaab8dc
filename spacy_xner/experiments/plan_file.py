"""Reading study files: a section [study], and one [arms.NAME] for each arm."""

import configparser
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from spacy.util import load_config_from_str

from ..errors import XnerError
from .plan import Arm, Study
from .plan_checks import check_study


def read_study(path: Path, overrides: Mapping[str, Any] | None = None) -> Study:
    """Read and check a study file.

    Values can refer to other sections, as in every spaCy config: ${arms.NAME.settings}.

    overrides (Mapping[str, Any] | None): values for [study], by name. Those that are None are ignored. `steps` are
        those of every arm, also of arms with `steps` of their own.
    RAISES: XnerError for a missing or malformed file, an unknown setting, a number out of range, an unknown teacher
        or start, and an arm that would be its own teacher or start.
    """
    try:
        config = load_config_from_str(path.read_text(encoding="utf-8-sig"), interpolate=True)
    except (OSError, ValueError, configparser.Error) as error:
        raise XnerError(f"{path}: no study can be read: {' '.join(str(error).split())}") from error
    except KeyError as error:  # of confection
        raise XnerError(
            f"{path}: no study can be read: a section of {error} comes before the section itself. Move it behind."
        ) from error
    if "study" not in config or not config.get("arms"):
        raise XnerError(f"{path}: found the sections {', '.join(config) or 'none'}, expected [study] and [arms.NAME].")
    if "arms" in config["study"]:
        raise XnerError(f"{path}: [study] has a value `arms`, expected a section [arms.NAME] for each arm.")
    arms = {}
    for name, values in config["arms"].items():
        where = f"{path}: [arms.{name}]"
        if not isinstance(values, Mapping):
            raise XnerError(f"{path}: [arms] has {name} = {values!r}, expected a section [arms.{name}].")
        if "name" in values:
            raise XnerError(f"{where} has a `name`. Remove it: the section's name is the arm's name.")
        arms[name] = _from_section(Arm, {"name": name, **values}, where)
    changed = {key: value for key, value in (overrides or {}).items() if value is not None}
    study: Study = _from_section(Study, {**config["study"], **changed, "arms": arms}, f"{path}: [study]")
    if "steps" in changed:
        study = replace(study, arms={name: replace(arm, steps=None) for name, arm in arms.items()})
    check_study(study, path)
    return study


def _from_section(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    """Make a dataclass from the values of a section. RAISES: XnerError for a missing or unknown setting."""
    known = {each.name for each in fields(kind)}
    if unknown := sorted(values.keys() - known):
        raise XnerError(
            f"{where}: unknown setting {unknown[0]}, expected one of {', '.join(sorted(known - {'arms'}))}."
        )
    required = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]
    if lacking := [name for name in required if name not in values]:
        raise XnerError(f"{where} lacks {', '.join(lacking)}, expected a value for each.")
    return kind(**values)
