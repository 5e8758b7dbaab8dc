"""A text with its entities in one JSON object, as doccano, Prodigy, LightTag, Dataturks, UBIAI and spaCy write it.

doccano: <https://doccano.github.io/doccano/>, its issues 113, 1291, 1522 and pull request 1703 for older exports.
Prodigy: <https://prodi.gy/docs/api-interfaces>. SageMaker Ground Truth: `source` beside `JOB` and `JOB-metadata`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .annotated import Annotated, Mark, Place, RefusalError
from .json_spans import LONE_SURROGATE, identifier, is_like_mark, marks_of, shown, with_own_text
from .json_unread import looks_like_entities
from .report import Report
from .spacing import Spaces

TEXT_KEYS = ("text", "data", "content", "source", "document", "sentence", "doc", "raw")
ENTITY_KEYS = ("entities", "spans", "ents", "label", "labels", "annotations", "annotation")
# Keys that also mean other things: read only where each value is like an entity.
OTHER_ENTITY_KEYS = ("tags", "tokens", "ner", "mentions", "named_entities", "entity_mentions")
ANNOTATOR_KEYS = ("_annotator_id", "_session_id", "annotator", "annotated_by")
NOT_READ = ("relations", "predictions", "prediction", "Comments", "comments", "cats")
EXPECTED = 'Expected {"text": "...", "entities": [{"start": 0, "end": 5, "label": "PER"}]}'


@dataclass(frozen=True)
class JsonOptions:
    """What the user says of JSON files.

    text_key (str): the key of the text; "" to find it.
    spans_key (str): the key of the entities in "spans" (of spaCy) or of the job (of SageMaker); "" for the only one.
    label_names (Mapping[str, str]): names of labels that are numbers.
    label (str): the label of tags without one.
    spaces (str), lang (str | None): spaces between tokens, as in `read_columns`, and the language of the text.
    scheme (str): "io": tags are labels without prefixes.
    """

    report: Report
    text_key: str = ""
    spans_key: str = ""
    label_names: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    spaces: Spaces = "natural"
    lang: str | None = None
    scheme: str = ""


def read_record(data: dict[str, Any], place: Place, options: JsonOptions) -> Iterator[Annotated]:
    """The annotations of a text: one, or one for each annotator.

    RAISES: ValueError.
    """
    key = text_key(data, options)
    text = checked_text(data[key])
    note_what_is_not_read(data, place, options)
    meta = meta_of_record(data)
    answer = data.get("answer")
    if answer in ("reject", "ignore"):
        what = {"reject": "rejected", "ignore": "ignored"}[str(answer)]
        options.report.note(f"{what} answers read as unlabelled text", place.path, place.line)
    marks = None if answer in ("reject", "ignore") else find_marks(data, key, options, place)
    marks = None if marks is None else [with_own_mark(mark, text, place, options) for mark in marks]
    if marks is None and answer == "accept" and data.get("_view_id") in ("ner_manual", "spans_manual"):
        options.report.note("accepted answers without spans read as texts without entities", place.path, place.line)
        marks = []
    # "username" beside "doc_id" is doccano's; elsewhere it can be the author of the text.
    keys = (*ANNOTATOR_KEYS, "username") if "doc_id" in data else ANNOTATOR_KEYS
    annotator = next((name for key in keys if (name := identifier(data.get(key)))), "")
    by_annotator = split_by_annotator(marks or ())
    if len(by_annotator) > 1:
        for name, own in by_annotator.items():
            yield Annotated(text, tuple(own), place, name, f"record at {place}", meta)
        return
    # `ner.teach` of Prodigy asks of one entity at a time.
    only_marks = data.get("_view_id") == "ner" and marks is not None
    if only_marks:
        options.report.note("answers about single entities: all other text is unlabelled", place.path, place.line)
    is_in_other_records = bool(annotator or "_input_hash" in data) and not only_marks
    group = group_of(data, text) if is_in_other_records else ""
    name = annotator or next(iter(by_annotator), "")
    missing = unlabelled_of(data, text)
    marked = None if marks is None else tuple(marks)
    yield Annotated(text, marked, place, name, group, meta, only_marks, unlabelled=missing)


def with_own_mark(mark: Mark, text: str, place: Place, options: JsonOptions) -> Mark:
    """`with_own_text`, which counts the texts that are not compared."""
    new = with_own_text(mark, text)
    if mark.covered is not None and new.covered is None:
        options.report.note(
            "texts of entities that are another form, which the text does not have, not compared",
            place.path,
            place.line,
        )
    return new


def unlabelled_of(data: dict[str, Any], text: str) -> tuple[tuple[int, int], ...]:
    """The stretches of text without annotation, as `write_jsonl` writes them: [[start, end], ...].

    RAISES: ValueError.
    """
    found = []
    for item in data.get("unlabelled") or ():
        match item:
            case [int(start), int(end)] if 0 <= start < end <= len(text):
                found.append((start, end))
            case _:
                raise ValueError(f'found {shown(item)[:60]} in "unlabelled", expected [start, end] inside the text')
    return tuple(found)


def text_key(data: dict[str, Any], options: JsonOptions) -> str:
    """The key of the text. RAISES: ValueError."""
    if options.text_key:
        if not isinstance(data.get(options.text_key), str):
            raise RefusalError(f"found no text under '{options.text_key}'; expected one of {keys_of(data, str)}")
        return options.text_key
    for key in TEXT_KEYS:
        if isinstance(data.get(key), str):
            return key
    if "source-ref" in data:
        raise RefusalError('found "source-ref": the text is in another file. Expected the text itself under "source"')
    if isinstance(data.get("text"), list):
        raise RefusalError(
            "found a list of texts, so columns in place of rows. Expected an object for each text; from pandas: "
            'frame.to_json(path, orient="records", lines=True, force_ascii=False)'
        )
    raise ValueError(
        f'found no object with a string "text", but the keys {keys_of(data)}. Another key: --text-key NAME'
    )


def keys_of(data: dict[str, Any], kind: type = object) -> str:
    """The keys of an object whose values are of a kind, for messages."""
    keys = [str(key)[:40] for key, value in data.items() if isinstance(value, kind)]
    return ", ".join(keys[:20]).encode("ascii", "backslashreplace").decode() or "(none)"


def checked_text(text: str) -> str:
    """The text. RAISES: ValueError for half of a character."""
    if surrogate := LONE_SURROGATE.search(text):
        raise ValueError(
            f"found a lone surrogate at {surrogate.start()} (half of a character, for example of an emoji)"
        )
    return text


def meta_of_record(data: dict[str, Any]) -> dict[str, Any]:
    """The id and the language of a record."""
    ids = {key: identifier(data.get(key, data.get("doc_id") if key == "id" else None)) for key in ("id", "lang")}
    return {key: value for key, value in ids.items() if value}


def group_of(data: dict[str, Any], text: str) -> str:
    """What two annotations of the same text have in common."""
    found = next((data[key] for key in ("_input_hash", "id", "doc_id") if data.get(key) is not None), "")
    return f"{found} {text}"


def note_what_is_not_read(data: dict[str, Any], place: Place, options: JsonOptions) -> None:
    """Count what is beside the entities."""
    for key in NOT_READ:
        if isinstance(data.get(key), list | dict) and data[key]:
            options.report.note(f'values of "{key}" not read', place.path, place.line, len(data[key]))


def split_by_annotator(marks: tuple[Mark, ...] | list[Mark]) -> dict[str, list[Mark]]:
    """The marks of each annotator, where each mark says whose it is."""
    found: dict[str, list[Mark]] = {}
    if all(mark.annotators for mark in marks):
        for mark in marks:
            for name in mark.annotators:
                found.setdefault(name, []).append(mark)
    return found


def find_marks(data: dict[str, Any], text_key: str, options: JsonOptions, place: Place) -> list[Mark] | None:
    """The entities of a record, in the key that has them; None for an unlabelled text. RAISES: ValueError."""
    groups = data.get("spans")
    if isinstance(groups, dict):
        data = {**data, "spans": spans_of_groups(groups, data, options)}
    for key in ("annotations", "annotation"):  # {"text": ..., "annotations": {"entities": [...]}}
        inner = data.get(key)
        if isinstance(inner, dict) and isinstance(inner.get("entities"), list):
            data = {**data, key: inner["entities"]}
    lists = {key: data[key] for key in ENTITY_KEYS if data.get(key) is not None and key != text_key}
    lists |= {
        key: data[key]
        for key in OTHER_ENTITY_KEYS
        if isinstance(data.get(key), list)
        and data[key]
        and all(map(is_like_mark, data[key]))
        and (key != "tokens" or any("entityLabel" in item for item in data[key]))  # of UBIAI; others have a "tag"
    }
    lists |= {
        job: items
        for job, items in jobs_of_sagemaker(data).items()
        if not options.spans_key or options.spans_key == job
    }
    filled = {key: read_list(items, options, place) for key, items in lists.items() if items not in ([], {})}
    wrong = {key: marks for key, marks in filled.items() if marks is None}
    good = {key: marks for key, marks in filled.items() if marks is not None}
    if not good and wrong and [] not in lists.values():
        key = next(iter(wrong))
        raise ValueError(f'found {shown(lists[key])[:60]} as "{key}"')
    for key in wrong:
        options.report.note(f'values of "{key}", which are not entities, not read', place.path, place.line)
    if len({frozenset((mark.start, mark.end, mark.label) for mark in marks or ()) for marks in good.values()}) > 1:
        raise RefusalError(
            f"found other entities under {' than under '.join(repr(key) for key in good)}. Expected them under one "
            "key: delete the other one"
        )
    found = next(iter(good.values()), [] if lists else None)
    check_unread(data, {text_key, *lists}, found, options, place)
    return found


def has_entity_key(data: dict[str, Any]) -> bool:
    """Whether a record has a key that entities are read from."""
    others = (data.get(key) for key in OTHER_ENTITY_KEYS)
    return (
        any(data.get(key) is not None for key in ENTITY_KEYS)
        or any(isinstance(value, list) and any(map(is_like_mark, value)) for value in others)
        or bool(jobs_of_sagemaker(data))
    )


def check_unread(
    data: dict[str, Any], read: set[str], marks: list[Mark] | None, options: JsonOptions, place: Place
) -> None:
    """Count the values that look like entities under keys that are not read.

    RAISES: RefusalError where the record has no others.
    """
    for key, value in data.items():
        if key in read or key in (*NOT_READ, "tokens") or not looks_like_entities(key, value):
            continue
        if not marks:
            raise RefusalError(
                f'found {shown(value)} under "{key}", which looks like entities and is not read. Expected them under '
                '"entities", with offsets: [[0, 5, "PER"]]. If they are entities, rename the key; if not, delete it'
            )
        options.report.note(f'values of "{key}", which look like entities, not read', place.path, place.line)


def read_list(items: Any, options: JsonOptions, place: Place) -> list[Mark] | None:
    """The entities of a list; None for another kind of value, such as the label of a whole text. RAISES: ValueError."""
    if not isinstance(items, list) or all(isinstance(item, str) for item in items):
        return None
    marks = []
    for item in items:
        if isinstance(item, dict) and item.get("correct") is False:  # a reviewer's verdict in LightTag
            options.report.note("entities that a reviewer rejected left out", place.path, place.line)
        else:
            marks += marks_of(item, options.label_names)
    return marks


def spans_of_groups(groups: dict[str, Any], data: dict[str, Any], options: JsonOptions) -> Any:
    """The spans of `doc.to_json()` that are read. RAISES: RefusalError where entities are in span groups alone."""
    filled = [key for key, spans in groups.items() if spans]
    if options.spans_key:
        return groups.get(options.spans_key)
    if filled and not data.get("ents") and not data.get("entities"):
        raise RefusalError(
            f"found no entities, but spans in the group(s) {', '.join(filled)}. Expected entities in doc.ents; to read "
            f"a group: --spans-key {filled[0]}"
        )
    return None


def jobs_of_sagemaker(data: dict[str, Any]) -> dict[str, Any]:
    """The entities of each job of SageMaker Ground Truth in an augmented manifest."""
    jobs = {}
    for key, value in data.items():
        inner = value.get("annotations") if isinstance(value, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("entities"), list):
            jobs[key] = inner["entities"]
    return jobs
