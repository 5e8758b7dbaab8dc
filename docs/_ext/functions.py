"""The configuration reference, made from the code: each function that setup.cfg registers, as Markdown."""

import configparser
import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

from config_values import OWN_VALUES, VALUES, section_of
from docstrings import NAMES, Docstring, Field, named_elsewhere, with_elsewhere
from spacy.language import Language
from thinc.api import Config

ROOT = Path(__file__).parents[2]
NOT_CONFIGURED = {"nlp", "name"}  # arguments that spaCy gives to factories
NOT_SHOWN = {"api_key", "complete"}  # refused, or of older configs
REFERENCE = re.compile(rf"(?:[;,.]\s+|^)(?:the\s+arguments\s+are\s+those\s+of|see)\s+{NAMES}\.?", re.IGNORECASE)


class DocstringError(Exception):
    """A docstring lacks something that the reference needs."""


class Function(NamedTuple):
    """A registered function."""

    registry: str
    name: str
    call: Any

    @property
    def parameters(self) -> list[inspect.Parameter]:
        hidden = NOT_CONFIGURED if self.registry == "factories" else set()
        return [each for each in inspect.signature(self.call).parameters.values() if each.name not in hidden]


def registered_functions() -> dict[str, Function]:
    """All functions in setup.cfg that a config can name, by name."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    found = {}
    for group, lines in parser["options.entry_points"].items():
        registry = group.removeprefix("spacy_")
        if group == "console_scripts" or registry == "cli":
            continue
        for line in lines.strip().splitlines():
            name, target = (part.strip() for part in line.split("=", 1))
            found[name] = Function(registry, name, EntryPoint(name, target, group).load())
    return found


FUNCTIONS = registered_functions()


def _registered(name: str) -> Any | None:
    return FUNCTIONS[name].call if name in FUNCTIONS else None


def markdown(*selected: str) -> str:
    """The functions of registries, such as "misc", or of a registry and a folder of the package: "misc:alignment".

    RAISES: DocstringError for an argument that no docstring explains.
    """
    return "\n\n".join(markdown_of(function) for function in select(*selected))


def select(*selected: str) -> list[Function]:
    """The functions of registries, in the order of setup.cfg."""
    wanted = [each.split(":") for each in selected]
    return [
        function
        for function in FUNCTIONS.values()
        for registry, *room in wanted
        if function.registry == registry and (not room or function.call.__module__.split(".")[1] == room[0])
    ]


def markdown_of(function: Function) -> str:
    docstrings = list(with_elsewhere(function.call, _registered))
    own = docstrings[0][1]
    explained = arguments(function, docstrings)
    parts = [
        f"({function.name})=\n## `{function.name}`",
        f"Registry `{function.registry}`",
        *_texts(function, docstrings),
    ]
    parts.append(f"```ini\n{config_block(function)}\n```")
    parts += [_argument(function, each) for each in explained]
    ends = dict(item for _, docstring in reversed(docstrings) for item in docstring.ends.items())
    returned = own.ends.get("RETURNS", Field("", ""))
    type_ = returned.type or show_type(inspect.signature(function.call).return_annotation)
    parts.append(f"**Returns** `{type_}`" + (f": {returned.text}" if returned.text else ""))
    if raised := ends.get("RAISES"):
        parts.append(f"**Raises** {raised.text}")
    return "\n\n".join(parts)


def _texts(function: Function, docstrings: list[tuple[str, Docstring]]) -> Iterator[str]:
    """What the function does, in its own docstring and in those that this one names, but for registered functions."""
    own = docstrings[0][1].text
    direct = named_elsewhere(own, with_see=True)
    text = re.sub(rf"^`{re.escape(function.name)}`[:;,]?\s*", "", own)
    text = re.sub(r"^Make an `\w+`[;.]\s*", "", text)
    text = REFERENCE.sub(".", text).strip(" .\n")
    if text:
        yield text[0].upper() + text[1:] + "."
    for name, docstring in docstrings[1:]:
        if name in direct and name not in FUNCTIONS:
            yield re.sub(r"\n{3,}", "\n\n", docstring.text)


def arguments(function: Function, docstrings: list[tuple[str, Docstring]]) -> list[tuple[inspect.Parameter, Field]]:
    """The arguments with what the first docstring that has them says.

    RAISES: DocstringError for an argument that none has.
    """
    found: dict[str, Field] = {}
    for _, docstring in docstrings:
        found = docstring.arguments | found
    missing = [each.name for each in function.parameters if each.name not in found]
    if missing:
        raise DocstringError(
            f"No docstring explains {', '.join(missing)} of {function.name}. Add `name (type): text` to that of "
            f"{function.call.__module__}.{function.call.__name__}, or say there whose arguments they are."
        )
    return [(each, found[each.name]) for each in function.parameters]


def _argument(function: Function, argument: tuple[inspect.Parameter, Field]) -> str:
    """A definition: name, type and default, and what the argument means."""
    parameter, (type_, text) = argument
    default = defaults(function).get(parameter.name, inspect.Parameter.empty)
    shown = "" if default is inspect.Parameter.empty else f", default {_show_default(default)}"
    body = textwrap.indent(text, "  ").strip()
    return f"`{parameter.name}` (`{type_ or show_type(parameter.annotation)}`{shown})\n: {body}"


def _show_default(value: Any) -> str:
    if isinstance(value, dict) and (name := next((each for key, each in value.items() if key[0] == "@"), None)):
        return f"`{name}`"
    return f"`{value!r}`" if value is None or isinstance(value, bool | str) else f"`{value}`"


def defaults(function: Function) -> dict[str, Any]:
    """The arguments' defaults: of a factory, with those that spaCy has for it."""
    empty = inspect.Parameter.empty
    found = {each.name: each.default for each in function.parameters if each.default is not empty}
    if function.registry == "factories":
        found |= Language.get_factory_meta(function.name).default_config or {}
    return found


def config_block(function: Function) -> str:
    """The part of a config that names the function, with all its arguments."""
    named = {"factory": function.name} if function.registry == "factories" else {f"@{function.registry}": function.name}
    given = defaults(function)
    for each in function.parameters:
        if each.name not in given and each.kind is not inspect.Parameter.VAR_POSITIONAL and each.name not in NOT_SHOWN:
            if each.name not in VALUES:
                raise DocstringError(
                    f"{function.name}: docs/_ext/config_values.py has no value of {each.name}. Add one."
                )
            given[each.name] = VALUES[each.name]
    given |= OWN_VALUES.get(function.name, {})
    order = [each.name for each in function.parameters if each.name in given]
    shown = dict.fromkeys([*order, *given])
    block: dict[str, Any] = {**named, **{key: given[key] for key in shown if key not in NOT_SHOWN}}
    section = section_of(function.registry, function.name, function.call.__module__)
    for part in reversed(section.split(".")):
        block = {part: block}
    text = Config(block).to_str(interpolate=False)
    return text[text.index(f"[{section}]") :].strip()  # without the headings of the sections that it is in


def show_type(annotation: Any) -> str:
    """A type as one writes it, without the names of modules."""
    if annotation is inspect.Parameter.empty:
        return "Any"
    if isinstance(annotation, str):
        return annotation
    is_plain = isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias)
    text = annotation.__qualname__ if is_plain else str(annotation)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", text)
