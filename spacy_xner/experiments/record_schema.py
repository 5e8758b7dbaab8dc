"""Checking JSON against what is expected: a sentence names the file and the key where it is something else."""

from collections.abc import Callable
from typing import Any, TypeAlias

from ..errors import XnerError

# Of a value: a check, or the keys that an object has, each with what is expected of its value.
Check = Callable[[Any, str, str], None]
Expected: TypeAlias = "Check | dict[str, Expected]"


def check(value: Any, expected: Expected, file: str, key: str = "") -> None:
    """Check a value.

    value (Any): plain JSON.
    expected (Expected): a check, or for an object its keys; other keys may be there too.
    file (str), key (str): where the value stands, for the message.
    RAISES: XnerError where it is something else.
    """
    if not isinstance(expected, dict):
        return expected(value, file, key)
    if not isinstance(value, dict):
        raise _error(file, key, value, "an object")
    for name, below in expected.items():
        where = f"{key}.{name}" if key else name
        if name not in value and not getattr(below, "optional", False):
            raise XnerError(f"{file}: `{where}` is missing.")
        check(value.get(name), below, file, where)
    return None


def text(value: Any, file: str, key: str) -> None:
    if not isinstance(value, str):
        raise _error(file, key, value, "a text")


def number(minimum: float | None, kind: type = float) -> Check:
    """A number that is not below `minimum`; a whole one with `kind` int."""
    name = "a whole number" if kind is int else "a number"
    said = name if minimum is None else f"{name} not below {minimum}"

    def check_number(value: Any, file: str, key: str) -> None:
        fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
        if not fits or not (minimum is None or minimum <= value < float("inf")):
            raise _error(file, key, value, said)

    return check_number


def items(expected: Expected) -> Check:
    """A list of what is expected."""

    def check_items(value: Any, file: str, key: str) -> None:
        if not isinstance(value, list):
            raise _error(file, key, value, "a list")
        for i, each in enumerate(value):
            check(each, expected, file, f"{key}[{i}]")

    return check_items


def mapping(expected: Expected) -> Check:
    """An object with any keys and values of what is expected."""

    def check_mapping(value: Any, file: str, key: str) -> None:
        if not isinstance(value, dict):
            raise _error(file, key, value, "an object")
        for name, each in value.items():
            check(each, expected, file, f"{key}.{name}")

    return check_mapping


def row(length: int, *kinds: type) -> Check:
    """A list of `length` values: of one kind, or each of its own; whole numbers are not negative."""
    expected = kinds * length if len(kinds) == 1 else kinds
    names = ", ".join("text" if kind is str else "whole number" for kind in expected)

    def check_row(value: Any, file: str, key: str) -> None:
        fits = isinstance(value, list) and [type(each) for each in value] == list(expected)
        if not fits or any(each < 0 for each in value if isinstance(each, int)):
            raise _error(file, key, value, f"[{names}], none of them negative")

    return check_row


def optional(expected: Expected) -> Check:
    """What may be missing or null."""

    def check_optional(value: Any, file: str, key: str) -> None:
        if value is not None:
            check(value, expected, file, key)

    check_optional.optional = True  # type: ignore[attr-defined]
    return check_optional


def _error(file: str, key: str, value: Any, expected: str) -> XnerError:
    shown = repr(value)
    return XnerError(f"{file}: `{key}` is {shown[:60]}{'…' * (len(shown) > 60)}, expected {expected}.")
