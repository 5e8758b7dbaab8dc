"""The values of JSON files: a value a line (JSON lines), one array or object, or values one after another."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import XnerError
from ...lines import Lines
from .annotated import Place
from .report import Report

SPACE = re.compile(r"[ \t\r\n]*")
# Keys of an object around the list of all texts, in the order in which they are tried.
CONTAINERS = ("examples", "data", "annotations", "documents", "records", "rows", "items", "tasks", "common_examples")
TEXTS = ("text", "content", "sentence", "document", "source")


class JsonValue(NamedTuple):
    """A value, its place, and the object around the list that it is an element of."""

    value: Any
    place: Place
    around: dict[str, Any]


def read_values(path: Path, report: Report, encoding: str | None = None) -> Iterator[JsonValue]:
    """The values of a file, plain or compressed. JSON lines are read as a stream; another file is read whole.

    The elements of a list that is the whole file are values; so are those of the list in an object such as
    `{"classes": [...], "annotations": [...]}`.

    RAISES: XnerError for what is not JSON.
    """
    source = Lines(path, encoding)
    lines = ((number, line) for number, line in source.read(report.note) if line.strip())
    first = next(lines, None)
    if first is None:
        return
    second = next(lines, None)
    try:
        value = loads(first[1])
    except ValueError:
        yield from _read_whole(path, source)
        return
    if second is None and (is_list_of_values(value) or container_of(value)):
        yield from _read_whole(path, source)
        return
    yield JsonValue(value, Place(path, first[0]), {})
    for number, line in (*([second] if second else []), *lines):
        try:
            yield JsonValue(loads(line), Place(path, number), {})
        except json.JSONDecodeError as error:
            raise XnerError(
                f"{path}:{number}: column {error.colno}: not JSON ({error.msg}). Expected a JSON object in each line."
            ) from None
        except ValueError as error:
            raise XnerError(f"{path}:{number}: not JSON that can be read ({error}). Expected a JSON object.") from None


def loads(text: str) -> Any:
    """`json.loads` that raises ValueError for too deep nesting as well."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def is_list_of_values(value: Any) -> bool:
    """Whether a value is a list of records, not one record such as `["text", {"entities": []}]`."""
    return isinstance(value, list) and not (len(value) == 2 and isinstance(value[0], str))


def container_of(value: Any) -> str:
    """The key of the list of records in an object (or in "rasa_nlu_data" in it); "" if it has none or is a record."""
    if not isinstance(value, dict) or any(isinstance(value.get(key), str) for key in TEXTS):
        return ""
    if isinstance(value.get("rasa_nlu_data"), dict):
        return container_of(value["rasa_nlu_data"])
    for key in CONTAINERS:
        items = value.get(key)
        if not isinstance(items, list) or not items or not all(isinstance(item, dict | list) for item in items):
            continue
        if not any(isinstance(item, dict) and "result" in item for item in items):  # annotations of Label Studio
            return key
    return ""


def _read_whole(path: Path, source: Lines) -> Iterator[JsonValue]:
    text = "\n".join(line for _, line in source.read())
    try:
        values = list(_decode(text))
    except json.JSONDecodeError as error:
        raise XnerError(
            f"{path}:{error.lineno}: column {error.colno}: not JSON ({error.msg}). Expected JSON lines, or one JSON "
            "list of objects."
        ) from None
    except (ValueError, RecursionError) as error:
        raise XnerError(f"{path}: not JSON that can be read ({error}). Expected JSON lines, or a JSON list.") from None
    around: dict[str, Any] = {}
    if len(values) == 1:
        value, at = values[0]
        if key := container_of(value):
            value = value if key in value else value["rasa_nlu_data"]
            around = {name: item for name, item in value.items() if name != key}
            values = [(item, at) for item in value[key]]
        elif is_list_of_values(value):
            values = list(_decode_list(text, at))
    line, seen = 1, 0
    for number, (value, at) in enumerate(values, start=1):
        line, seen = line + text.count("\n", seen, at), at
        yield JsonValue(value, Place(path, line, number), around)


def _decode(text: str) -> Iterator[tuple[Any, int]]:
    """Values one after another, with their places."""
    at = SPACE.match(text).end()  # type: ignore[union-attr]
    while at < len(text):
        value, end = json.JSONDecoder().raw_decode(text, at)
        yield value, at
        at = SPACE.match(text, end).end()  # type: ignore[union-attr]


def _decode_list(text: str, at: int) -> Iterator[tuple[Any, int]]:
    """The elements of a valid list that begins at `at`, with their places."""
    at = SPACE.match(text, at + 1).end()  # type: ignore[union-attr]
    while text[at] != "]":
        value, end = json.JSONDecoder().raw_decode(text, at)
        yield value, at
        at = SPACE.match(text, end).end()  # type: ignore[union-attr]
        if text[at] == ",":
            at = SPACE.match(text, at + 1).end()  # type: ignore[union-attr]
