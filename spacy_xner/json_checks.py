"""Checks of plain JSON against an expected structure. Error messages name the file, the key and what was expected."""

from collections.abc import Callable
from typing import Any, TypeAlias

from .errors import XnerError

# A check of a value: it receives the value, the file and the key, and raises XnerError.
Check = Callable[[Any, str, str], None]
# A check, or for an object its keys, each with what is expected of its value.
Expected: TypeAlias = "Check | dict[str, Expected]"


def check(value: Any, expected: Expected, file: str, key: str = "") -> None:
    """Check a value.

    value (Any): plain JSON.
    expected (Expected): the structure. Objects may have further keys.
    file (str), key (str): where the value was found, for the message.
    RAISES: XnerError for a value that does not fit.
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
    """A text."""
    if not isinstance(value, str):
        raise _error(file, key, value, "a text")


def number(minimum: float | None, kind: type = float) -> Check:
    """A finite number that is not below `minimum`, or any number; with `kind` int a whole number."""
    name = "a whole number" if kind is int else "a number"
    expected = name if minimum is None else f"{name} not below {minimum}"

    def check_number(value: Any, file: str, key: str) -> None:
        fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
        if not fits or not (minimum is None or minimum <= value < float("inf")):
            raise _error(file, key, value, expected)

    return check_number


def items(expected: Expected) -> Check:
    """A list whose items are as expected."""

    def check_items(value: Any, file: str, key: str) -> None:
        if not isinstance(value, list):
            raise _error(file, key, value, "a list")
        for i, each in enumerate(value):
            check(each, expected, file, f"{key}[{i}]")

    return check_items


def mapping(expected: Expected) -> Check:
    """An object with any keys, whose values are as expected."""

    def check_mapping(value: Any, file: str, key: str) -> None:
        if not isinstance(value, dict):
            raise _error(file, key, value, "an object")
        for name, each in value.items():
            check(each, expected, file, f"{key}.{name}")

    return check_mapping


def row(length: int, *kinds: type) -> Check:
    """A list of `length` texts or whole numbers that are not negative.

    kinds (type): one for all values, or one for each.
    """
    expected = kinds * length if len(kinds) == 1 else kinds
    names = ", ".join("text" if kind is str else "whole number" for kind in expected)

    def check_row(value: Any, file: str, key: str) -> None:
        fits = isinstance(value, list) and [type(each) for each in value] == list(expected)
        if not fits or any(each < 0 for each in value if isinstance(each, int)):
            raise _error(file, key, value, f"[{names}], none of them negative")

    return check_row


def optional(expected: Expected) -> Check:
    """A value that may be missing or null."""

    def check_optional(value: Any, file: str, key: str) -> None:
        if value is not None:
            check(value, expected, file, key)

    check_optional.optional = True  # type: ignore[attr-defined]
    return check_optional


def _error(file: str, key: str, value: Any, expected: str) -> XnerError:
    shown = repr(value)
    return XnerError(f"{file}: `{key}` is {shown[:60]}{'…' * (len(shown) > 60)}, expected {expected}.")
