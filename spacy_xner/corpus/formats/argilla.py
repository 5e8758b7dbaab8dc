"""Argilla's records: "fields", with the "responses" of annotators and the "suggestions" of models.

Argilla 2: <https://docs.argilla.io/latest/how_to_guides/import_export/>. Records of Argilla 1 (`text`,
`annotation`) are read by `json_records.py`.
"""

from collections.abc import Iterator
from typing import Any

from .annotated import Annotated, Place, RefusalError
from .json_records import JsonOptions, checked_text, keys_of, meta_of_record
from .json_spans import identifier, is_like_mark, marks_of
from .settle import PREDICTIONS


def is_argilla(data: dict[str, Any]) -> bool:
    """Whether an object is a record of Argilla 2."""
    return isinstance(data.get("fields"), dict) and ("responses" in data or "suggestions" in data)


def read_argilla(data: dict[str, Any], place: Place, options: JsonOptions) -> Iterator[Annotated]:
    """The responses to the question about spans; unlabelled text if there is none. RAISES: ValueError."""
    fields = {key: value for key, value in data["fields"].items() if isinstance(value, str)}
    key = options.text_key or ("text" if "text" in fields else next(iter(fields), ""))
    if key not in fields or (len(fields) > 1 and key != "text" and not options.text_key):
        raise RefusalError(f"found the fields {keys_of(data['fields'])}. Expected the text's field as --text-key NAME")
    text, meta = checked_text(fields[key]), meta_of_record(data)
    if data.get("suggestions"):
        options.report.note(PREDICTIONS, place.path, place.line)
    given = data.get("responses")
    answers = [
        (question, answer)
        for question, found in (given.items() if isinstance(given, dict) else ())
        for answer in (found if isinstance(found, list) else [found])
        if isinstance(answer, dict)
        and isinstance(answer.get("value"), list)
        and all(map(is_like_mark, answer["value"]))
    ]
    questions = dict.fromkeys(question for question, _ in answers)
    if len(questions) > 1 and options.spans_key not in questions:
        raise RefusalError(f"found the questions {', '.join(questions)} about spans. Choose one with --spans-key NAME")
    answers = [
        (question, answer)
        for question, answer in answers
        if (not options.spans_key or question == options.spans_key) and answer.get("status") in (None, "submitted")
    ]
    if not answers:
        yield Annotated(text, None, place, meta=meta)
    for number, (_, answer) in enumerate(answers, start=1):
        marks = tuple(mark for item in answer["value"] for mark in marks_of(item, options.label_names))
        name = identifier(answer.get("user_id")) or (f"response {number}" if len(answers) > 1 else "")
        yield Annotated(text, marks, place, name, f"record at {place}", meta)
