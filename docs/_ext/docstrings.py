"""Docstrings in spaCy's style, read: text, arguments, what is returned and raised; and arguments from elsewhere.

An argument is `name (type): text`; further lines of it are indented. A docstring that says "the arguments are those of
`X`" has the arguments of X, a name in its module or a registered function; that of a registered function says "see `X`"
as well.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TYPED = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) \((.*?)\): (.*)$")
UNTYPED = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*)$")
END = re.compile(r"^(RETURNS|RAISES|YIELDS)(?: \((.*?)\))?: (.*)$")
NAMES = r"(`[\w.]+`(?:(?:,| and|, and)\s+`[\w.]+`)*)"
THOSE_OF = re.compile(rf"arguments are those of {NAMES}")
SEE = re.compile(rf"\bsee {NAMES}")


class Field(NamedTuple):
    """What a docstring says of an argument, of what is returned, or of what is raised."""

    type: str
    text: str


@dataclass
class Docstring:
    """A docstring in parts. An argument that is written without a type has the type ""."""

    text: str = ""
    arguments: dict[str, Field] = field(default_factory=dict)
    ends: dict[str, Field] = field(default_factory=dict)  # RETURNS, RAISES, YIELDS


def read(documented: Any) -> Docstring:
    """Read the docstring of an object; an empty one if it has none of its own."""
    if isinstance(documented, type) and documented.__doc__ is None:
        return Docstring()
    return parse((inspect.getdoc(documented) or "").splitlines(), _parameters(documented))


def parse(lines: list[str], names: frozenset[str] | None = None) -> Docstring:
    """Read the lines of a docstring.

    names (frozenset[str] | None): names of the arguments, which then need no type: `name: text`; None where they are
        not known.
    """
    result, rest, lines = Docstring(), [], list(lines)
    while lines:
        line = lines.pop(0)
        typed, untyped = TYPED.match(line), UNTYPED.match(line)
        if end := END.match(line):
            result.ends[end[1]] = Field(end[2] or "", _text(end[3], lines))
        elif typed and (names is None or names.issuperset(_names(typed[1]))):
            found = Field(typed[2], _text(typed[3], lines))
            result.arguments |= dict.fromkeys(_names(typed[1]), found)
        elif untyped and names and names.issuperset(_names(untyped[1])):
            result.arguments |= dict.fromkeys(_names(untyped[1]), Field("", _text(untyped[2], lines)))
        else:
            rest.append(line)
    result.text = "\n".join(rest).strip()
    return result


def with_elsewhere(documented: Any, registered: Callable[[str], Any | None]) -> Iterator[tuple[str, Docstring]]:
    """An object's docstring, and those that it refers to, each with the name that it has there; its own has "".

    registered (Callable[[str], Any | None]): gives the function with a registered name, None for other names.
    """
    waiting, seen = [("", documented)], [documented]
    while waiting:
        name, current = waiting.pop(0)
        docstring = read(current)
        yield name, docstring
        for other in named_elsewhere(docstring.text, with_see=not name):
            found = registered(other) or _resolve(current, other)
            if found is not None and not any(found is each for each in seen):
                seen.append(found)
                waiting.append((other, found))


def named_elsewhere(text: str, with_see: bool) -> list[str]:
    """The names of what has further arguments."""
    patterns = (THOSE_OF, SEE) if with_see else (THOSE_OF,)
    found = [names for pattern in patterns for names in pattern.findall(" ".join(text.split()))]
    return [name for names in found for name in re.findall(r"`([\w.]+)`", names)]


def _names(text: str) -> list[str]:
    return [name.strip("*") for name in text.split(", ")]


def _text(first: str, lines: list[str]) -> str:
    """A field's text: its first line and the indented lines below it, which are taken from `lines`."""
    found = [first]
    while lines and (lines[0].startswith(" ") or (not lines[0] and lines[1:2] and lines[1].startswith(" "))):
        found.append(lines.pop(0))
    return inspect.cleandoc("\n".join(found))


def _parameters(documented: Any) -> frozenset[str] | None:
    """The names of an object's parameters; None if it takes others too, or has none."""
    try:
        found = inspect.signature(documented).parameters
    except (TypeError, ValueError):
        return None
    return None if any(each.kind is each.VAR_KEYWORD for each in found.values()) else frozenset(found)


def _resolve(documented: Any, name: str) -> Any | None:
    """What a name means in the module of an object, or, before a dot, in its package."""
    module = sys.modules[documented.__module__]
    first, *rest = name.split(".")
    found = getattr(module, first, None) or sys.modules.get(f"{module.__package__}.{first}")
    for part in rest:
        found = getattr(found, part, None)
    return found if callable(found) else None
