"""The names of numbered tags that a data set of Hugging Face gives: in its file, or in a description beside it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import srsly

from .annotated import RefusalError

JSON_DESCRIPTIONS = ("dataset_info.json", "dataset_infos.json")


class TagNames(NamedTuple):
    """Names of tags in the order of their numbers, and the name of the file that has them; both empty without one."""

    names: tuple[str, ...] = ()
    file: str = ""


def names_of_data_set(path: Path, around: dict[str, Any], key: str) -> TagNames:
    """The names of the tags under a key that a data set gives: in the file, or in `dataset_info.json`,
    `dataset_infos.json` or `README.md` beside it.

    RAISES: RefusalError where its configurations have different names, or numbers without a name.
    """
    beside = [path.parent / name for name in JSON_DESCRIPTIONS]
    sources = [(path, {"": around}), *((file, _configs(_read_json(file), file.name)) for file in beside)]
    sources.append((path.parent / "README.md", _configs_of_readme(path.parent / "README.md")))
    for file, configs in sources:
        found: dict[tuple[str, ...], list[str]] = {}
        for config, value in configs.items():
            for names in find_names(value, key):
                found.setdefault(tuple(names), []).append(config or "(unnamed)")
        if len(found) > 1:
            several = "; ".join(f"{', '.join(configs)}: {','.join(names)[:100]}" for names, configs in found.items())
            raise RefusalError(
                f'found {len(found)} lists of names for the numbers of "{key}" in {file.name} ({several}). Expected '
                "those of this file: --label-names O,B-PER,I-PER,... in the order of their numbers"
            )
        if found:
            return TagNames(next(iter(found)), file.name)
    return TagNames()


def find_names(value: Any, key: str, is_inside: bool = False) -> Iterator[list[str]]:
    """The names of each `ClassLabel` that belongs to a feature, in a description of features.

    RAISES: RefusalError for names of other numbers than 0, 1, 2.
    """
    if isinstance(value, list):
        for item in value:
            yield from find_names(item, key, is_inside)
    if not isinstance(value, dict):
        return
    is_inside = is_inside or value.get("name") == key
    names: Any = value.get("names")
    if is_inside and isinstance(names, dict) and names:
        names = _in_order(names, key)
    if is_inside and isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        yield names
        return
    for name, item in value.items():
        yield from find_names(item, key, is_inside or name == key)


def _in_order(names: dict[Any, Any], key: str) -> list[Any]:
    by_number = {int(number): name for number, name in names.items() if str(number).isdecimal()}
    if sorted(by_number) != list(range(len(names))):
        raise RefusalError(
            f'found names for the numbers {", ".join(map(str, names))[:80]} of "{key}", expected all of 0 to '
            f"{len(names) - 1}: give them as --label-names O,B-PER,I-PER,..."
        )
    return [by_number[number] for number in range(len(names))]


def _configs(value: Any, file: str) -> dict[str, Any]:
    """The descriptions in a file by the name of the configuration."""
    if file == "dataset_infos.json" and isinstance(value, dict):
        return value
    return {"": value}


def _configs_of_readme(path: Path) -> dict[str, Any]:
    """Those in the YAML at the beginning of a data set's card."""
    try:
        text = path.read_text(encoding="utf8", errors="replace")
        parts = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n---", 1)
        header = srsly.yaml_loads(parts[0].removeprefix("---")) if parts[0].startswith("---") else None
    except (OSError, ValueError):  # none, or no YAML
        return {}
    infos = header.get("dataset_info") if isinstance(header, dict) else None
    items = infos if isinstance(infos, list) else [infos]
    return {
        str(item.get("config_name", "")) or f"number {number}": item
        for number, item in enumerate(items, start=1)
        if isinstance(item, dict)
    }


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError):
        return None
