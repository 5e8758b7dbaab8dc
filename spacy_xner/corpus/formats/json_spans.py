"""An entity in JSON, in the spellings of all tools: `[0, 5, "PER"]`, `{"start": 0, "end": 5, "label": "PER"}`."""

import json
import re
from collections.abc import Mapping
from typing import Any

from .annotated import Mark, RefusalError

# Spellings of keys, in lower case and without underscores; the first one that an entity has counts.
STARTS = ("start", "startoffset", "startchar", "begin", "beginoffset", "from", "startindex", "startidx", "startpos",
          "startposition", "charstart", "offset")  # fmt: skip
ENDS = ("end", "endoffset", "endchar", "to", "endindex", "endidx", "endpos", "endposition", "charend", "stop")
LABELS = ("label", "labels", "entitylabel", "type", "tag", "labelname", "entitytype", "entitygroup", "classname",
          "nerlabel", "category", "class", "entity")  # fmt: skip
TEXTS = ("text", "coveredtext", "surface", "surfaceform", "mention", "value")
# Keys of the text that can also have another form of it: in lower case (of Hugging Face's pipelines), or a normal form.
FORMS = ("entitytext", "word", "string", "phrase", "name", "entity")
WORD_PIECE = re.compile(r"##|\u2581|\s+")
SCORES = ("score", "confidence")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def shown(value: Any) -> str:
    """The beginning of a value as JSON, for messages."""
    return json.dumps(value, ensure_ascii=True)[:80]


def first_key(item: dict[str, Any], spellings: tuple[str, ...]) -> str:
    """The item's key that has the first of the spellings and a value; "" if there is none."""
    known = {key.lower().replace("_", ""): key for key in item if item[key] is not None}
    return next((known[spelling] for spelling in spellings if spelling in known), "")


def first_value(item: dict[str, Any], spellings: tuple[str, ...]) -> Any:
    """The value of `first_key`, or None."""
    key = first_key(item, spellings)
    return item[key] if key else None


def is_like_mark(item: Any) -> bool:
    """Whether a value has the form of an entity, right or wrong."""
    if isinstance(item, dict):
        points = "points" in item or bool(first_key(item, STARTS) and first_key(item, (*ENDS, "length")))
        return points and bool(first_key(item, LABELS))
    return isinstance(item, list) and len(item) in (3, 4)


def marks_of(item: Any, label_names: Mapping[str, str]) -> list[Mark]:
    """The entity that a value describes (more than one for Dataturks' "points").

    label_names (Mapping[str, str]): names of labels that are numbers in the file.
    RAISES: ValueError.
    """
    match item:
        case [str(label), int(start), int(end)]:  # Rubrix, Argilla 1
            return [Mark(offset(start, item), offset(end, item), label_name(label, label_names, item))]
        case [start, end, label]:
            return [Mark(offset(start, item), offset(end, item), label_name(label, label_names, item))]
        case [start, end, label, str(covered)]:
            return [Mark(offset(start, item), offset(end, item), label_name(label, label_names, item), covered)]
        case {"points": [*points]} if points and all(isinstance(point, dict) for point in points):
            label = item.get("label")
            return [mark for point in points for mark in marks_of({"label": label, **point}, label_names)]
        case dict():
            return [_mark_of_object(item, label_names)]
    raise ValueError(f"found the entity {shown(item)}")


def _mark_of_object(item: dict[str, Any], label_names: Mapping[str, str]) -> Mark:
    start_key, end_key, label_key = first_key(item, STARTS), first_key(item, ENDS), first_key(item, LABELS)
    if start_key and isinstance(item[start_key], str) and "(" in item[start_key]:
        raise RefusalError(
            f"found the entity {shown(item)}, a place in HTML. Expected offsets in plain text: annotate it as text "
            "(<Text> in Label Studio, not <HyperText>), or make the text of each document from its HTML yourself"
        )
    if not (start_key and label_key) or not (end_key or "length" in item):
        raise ValueError(f"found the entity {shown(item)}")
    start = offset(item[start_key], item)
    end = offset(item[end_key], item) if end_key else start + offset(item["length"], item)
    # In Rasa's files "value" beside "entity" is a normal form, not the text.
    is_named_entity = label_key.lower() == "entity"
    covered = first_value(item, TEXTS if not is_named_entity else ("text",))
    is_form = not isinstance(covered, str)
    if is_form:
        covered = first_value(item, FORMS if not is_named_entity else FORMS[:-2])
    return Mark(
        start,
        end,
        label_name(item[label_key], label_names, item),
        covered if isinstance(covered, str) else None,
        identifier(item.get("kb_id")),
        item["id"] if isinstance(item.get("id"), str) and not LONE_SURROGATE.search(item["id"]) else "",
        score_of(item),
        annotators_of(item),
        is_form=is_form and isinstance(covered, str),
    )


def with_own_text(mark: Mark, text: str) -> Mark:
    """The mark whose text is compared with the offsets: as the text has it where they differ in case, spaces and marks
    of word pieces; no text where it is another form, which the text does not have."""
    if not mark.is_form or mark.covered is None:
        return mark
    own, covered = text[max(mark.start, 0) : max(mark.end, 0)], WORD_PIECE.sub("", mark.covered).casefold()
    if WORD_PIECE.sub("", own).casefold() == covered:
        return mark._replace(covered=own)
    return mark if covered in WORD_PIECE.sub("", text).casefold() else mark._replace(covered=None)


def offset(value: Any, item: Any) -> int:
    """An offset as a number: 5, "5" or 5.0. RAISES: ValueError."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):  # a JSON true is a Python int
        return value
    raise ValueError(f"found the entity {shown(item)}, without offsets that are numbers")


def label_name(value: Any, label_names: Mapping[str, str], item: Any) -> str:
    """The name of a label: a string, a list of one, an object with a name, or a number that `label_names` has.

    RAISES: ValueError.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = next((value[key] for key in ("name", "text", "label") if isinstance(value.get(key), str)), value)
    if isinstance(value, int) and not isinstance(value, bool):
        if str(value) not in label_names:
            raise RefusalError(
                f"found the entity {shown(item)}, whose label is a number. Expected the names of labels: export them "
                f"(doccano: as JSONL with text labels), or give them as --label-names {value}=NAME,..."
            )
        value = label_names[str(value)]
    if isinstance(value, list) and len(value) > 1:
        raise RefusalError(
            f"found the entity {shown(item)} with {len(value)} labels. Expected one: correct it in the tool"
        )
    if not isinstance(value, str) or not value.strip() or LONE_SURROGATE.search(value):
        raise ValueError(f"found the entity {shown(item)}, without a label")
    return value.strip()


def identifier(value: Any) -> str:
    """An id as a string; "" for none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return LONE_SURROGATE.sub("?", str(value))


def score_of(item: dict[str, Any]) -> float | None:
    """The score of an entity; None if it has none in [0, 1]."""
    value = first_value(item, SCORES)
    is_score = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if is_score else None


def annotators_of(item: dict[str, Any]) -> tuple[str, ...]:
    """Who marked an entity: doccano's "user", LightTag's "annotated_by"."""
    value = item.get("user", item.get("annotated_by"))
    people = value if isinstance(value, list) else [value]
    names = (person.get("annotator") if isinstance(person, dict) else person for person in people)
    return tuple(dict.fromkeys(name for person in names if (name := identifier(person))))
