"""Label Studio's JSON export: a task with its "annotations" (before 1.0: "completions").

<https://labelstud.io/guide/task_format>, <https://labelstud.io/guide/export>. JSON_MIN is read by `json_records.py`,
CoNLL 2003 by `columns.py`.
"""

from collections.abc import Iterator
from typing import Any

from .annotated import Annotated, Mark, Place, RefusalError
from .json_records import JsonOptions, checked_text, keys_of, meta_of_record
from .json_spans import identifier, label_name, marks_of, shown
from .settle import PREDICTIONS


def is_task(data: dict[str, Any]) -> bool:
    """Whether an object is a task of Label Studio."""
    found = data.get("annotations", data.get("completions"))
    has_results = isinstance(found, list) and any(isinstance(item, dict) and "result" in item for item in found)
    return has_results or (isinstance(data.get("data"), dict) and ("predictions" in data or isinstance(found, list)))


def read_task(data: dict[str, Any], place: Place, options: JsonOptions) -> Iterator[Annotated]:
    """The annotations of a task that were not cancelled; unlabelled text if there is none. RAISES: ValueError."""
    report = options.report
    text = checked_text(text_of(data, options))
    if predictions := data.get("predictions"):
        report.note(PREDICTIONS, place.path, place.line, len(predictions) if isinstance(predictions, list) else 1)
    found = data.get("annotations") or data.get("completions") or []
    if not all(isinstance(item, dict) and isinstance(item.get("result"), list) for item in found):
        raise ValueError(f"found the annotations {shown(found)} of a task of Label Studio")
    kept = [item for item in found if not (item.get("was_cancelled") or item.get("skipped"))]
    report.note("cancelled annotations left out", place.path, place.line, len(found) - len(kept))
    truth = [item for item in kept if item.get("ground_truth") is True]
    if len(truth) == 1 and len(kept) > 1:
        report.note("annotations beside the ground truth left out", place.path, place.line, len(kept) - 1)
        kept = truth
    meta = meta_of_record(data)
    if not kept:
        yield Annotated(text, None, place, meta=meta)
    for number, item in enumerate(kept, start=1):
        marks = tuple(mark for region in item["result"] for mark in marks_of_region(region, place, options))
        name = annotator_of(item) or (f"annotation {number}" if len(kept) > 1 else "")
        yield Annotated(text, marks, place, name, f"task at {place}", meta)


def text_of(data: dict[str, Any], options: JsonOptions) -> str:
    """The text of a task: "text", or the only string. RAISES: RefusalError."""
    values = data.get("data") if isinstance(data.get("data"), dict) else data.get("task_data", {})
    assert isinstance(values, dict)
    key = options.text_key or "text"
    texts = [value for value in values.values() if isinstance(value, str)]
    if isinstance(values.get(key), str):
        return str(values[key])
    if len(texts) == 1 and not options.text_key:
        return str(texts[0])
    raise RefusalError(
        f"found the task {data.get('id')!s:.20} of Label Studio with the values {keys_of(values)}; none of them is "
        f"surely the text. Expected the text's key as --text-key, one of {keys_of(values, str)}"
    )


def annotator_of(annotation: dict[str, Any]) -> str:
    """Who annotated: the name, the e-mail address or the number."""
    value = annotation.get("completed_by", annotation.get("created_username"))
    if isinstance(value, dict):
        value = value.get("email", value.get("id"))
    return identifier(value)


def marks_of_region(region: Any, place: Place, options: JsonOptions) -> list[Mark]:
    """The entity of one result of an annotation; none for relations and labels of whole texts. RAISES: ValueError."""
    value = region.get("value") if isinstance(region, dict) else None
    kind = region.get("type") if isinstance(region, dict) else None
    if kind in ("relation", "choices", "textarea", "rating", "taxonomy", "number", "pairwise"):
        options.report.note(f"results of the type {kind} not read", place.path, place.line)
        return []
    if not isinstance(value, dict) or not isinstance(kind, str):
        raise ValueError(f"found the result {shown(region)} of Label Studio")
    if kind == "paragraphlabels":
        raise RefusalError(
            "found the type paragraphlabels: a dialogue. Expected the type labels: annotate each turn as a text"
        )
    labels = value.get(kind, value.get("labels"))
    if "start" not in value and "labels" not in value:
        raise RefusalError(f"found the result type {kind}, expected labels: a project for named entities in text")
    if not labels:
        raise RefusalError(
            f"found the region {shown(value)} without a label. Give it one, or delete it, and export again"
        )
    item = {key: value[key] for key in ("start", "end", "text") if key in value}
    return marks_of(
        {**item, "label": label_name(labels, options.label_names, value), "score": value.get("confidence")}, {}
    )
