"""JSON lines with character offsets, as written by Prodigy and doccano and used with spaCy."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import XnerError
from ...lines import read_lines
from .report import Report
from .sentence import CharSpan, Sentence, overlapping

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
ENTITY_KEYS = ("entities", "spans", "ents", "label", "labels")


def read_jsonl(path: Path, report: Report) -> Iterator[Sentence]:
    """Read one JSON object per line: {"text": "...", "entities": [{"start": 0, "end": 5, "label": "PER"}, ...]}.

    An entity may also be a list [0, 5, "PER"], and the key may be "spans", "ents", "label" or "labels". Offsets count
    characters (Unicode code points), end exclusive. A text without any of these keys is unlabelled, and so is one
    whose "answer" (of Prodigy) is "reject" or "ignore". "id" and "lang" are kept.

    RAISES: XnerError with file and line for anything else, and for spans that are empty, overlap or are outside the
        text.
    """
    for number, line in read_lines(path):
        if line.strip():
            try:
                yield _parse_sentence(json.loads(line), path, number)
            except json.JSONDecodeError as error:
                raise XnerError(f"{path}:{number}: column {error.colno}: not JSON ({error.msg}). {EXPECTED}") from None
            except ValueError as error:
                raise XnerError(f"{path}:{number}: {error}. {EXPECTED}") from None


EXPECTED = 'Expected {"text": "...", "entities": [{"start": 0, "end": 5, "label": "PER"}]}.'


def _parse_sentence(data: Any, path: Path, number: int) -> Sentence:
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise ValueError('found no object with a string "text"')
    text = data["text"]
    if surrogate := LONE_SURROGATE.search(text):
        raise ValueError(
            f"found a lone surrogate at {surrogate.start()} (half of a character, for example of an emoji)"
        )
    key = next((key for key in ENTITY_KEYS if data.get(key) is not None), None)
    meta = {key: str(data[key]) for key in ("id", "lang") if data.get(key) not in (None, "")}
    if key is None or data.get("answer") in ("reject", "ignore"):
        return Sentence(text, None, path, number, meta=meta)
    if not isinstance(data[key], list):
        raise ValueError(f'found {json.dumps(data[key])[:60]} as "{key}"')
    spans = sorted(_parse_span(text, item) for item in data[key])
    for left, right in overlapping(spans):
        raise ValueError(f"found the overlapping entities {list(left)} and {list(right)}")
    return Sentence(text, tuple(spans), path, number, meta=meta)


def _parse_span(text: str, item: Any) -> CharSpan:
    found = [item.get("start"), item.get("end"), item.get("label")] if isinstance(item, dict) else item
    match found:
        # a JSON true is a Python int: bool is excluded
        case [int(start), int(end), str(label)] if label and not isinstance(start, bool) and not isinstance(end, bool):
            if not 0 <= start < end <= len(text):
                raise ValueError(f"found the entity {found} in a text of {len(text)} characters")
            name = text[start:end]
            if not name.strip():
                raise ValueError(f"found the entity {found}, which is blank")
            # Annotation tools often include the space beside a name.
            return start + len(name) - len(name.lstrip()), end - (len(name) - len(name.rstrip())), label
    raise ValueError(f"found the entity {json.dumps(item)[:80]}")
