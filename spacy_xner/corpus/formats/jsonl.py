"""JSON and JSON lines with entities, as annotation tools, spaCy and Hugging Face's data sets write them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import XnerError
from .annotated import Annotated, Place, RefusalError
from .argilla import is_argilla, read_argilla
from .json_records import EXPECTED, JsonOptions, has_entity_key, read_record
from .json_spans import shown
from .json_values import JsonValue, read_values
from .label_studio import is_task, read_task
from .offsets import OffsetUnit
from .report import Report
from .row_kinds import check_tags_have_tokens, is_row, row_of
from .row_survey import RowSurvey, survey_rows
from .sentence import Sentence
from .settle import Overlaps, Settler
from .spacing import Spaces
from .spacy_json import is_pair, read_document, record_of_pair
from .token_rows import read_token_row

# Files of tools whose text is elsewhere: by a key of the file, what it is and how to go on.
ELSEWHERE = {
    "stringIndexType": "labels of Azure, whose texts are in other files. Expected the texts with their entities",
    "annotatable": "annotations of tagtog, whose texts are in HTML files. Expected the export as EntitiesTsv or text",
    "%TYPES": "a UIMA CAS of INCEpTION. Expected its export as WebAnno TSV 3 or CoNLL 2002",
    "_referenced_fss": "a UIMA CAS of WebAnno. Expected its export as WebAnno TSV 3 or CoNLL 2002",
    "instances": "annotations of SuperAnnotate or similar without the text. Expected the text beside its entities",
}


def read_jsonl(
    path: Path,
    report: Report,
    annotator: str | None = None,
    overlaps: Overlaps = "refuse",
    offsets: OffsetUnit = "auto",
    text_key: str = "",
    spans_key: str = "",
    label_names: str = "",
    label: str = "",
    spaces: Spaces = "natural",
    lang: str | None = None,
    encoding: str | None = None,
    scheme: str | None = None,
) -> Iterator[Sentence]:
    """Read JSON lines, or a JSON list, of {"text": "...", "entities": [{"start": 0, "end": 5, "label": "PER"}]}.

    The exports of doccano, Prodigy, Label Studio, Argilla, LightTag, Dataturks, UBIAI and SageMaker Ground Truth are
    read, spaCy's training data as JSON and `doc.to_json()`, and rows of Hugging Face's data sets. A text without a key
    for entities is unlabelled, and so is one whose "answer" (of Prodigy) is "reject" or "ignore". "id", "lang", and the
    entities' "kb_id", "id" (a string) and "score" are kept.

    annotator, overlaps, offsets: as in `Settler`.
    text_key (str): the key of the text, if it has an unusual name.
    spans_key (str): the group of `doc.spans`, the job or the question whose spans are read.
    label_names (str): names of tags or labels that are numbers: `O,B-PER,I-PER` for 0, 1, 2; or `7=PER,8=LOC`.
    label (str): the label of tags without one: B, I, O.
    spaces, lang: of tokens, as in `read_columns`.
    encoding (str | None): as in `read_lines`.
    scheme (str | None): "io": the tags of tokens are labels without prefixes.
    RAISES: XnerError with file and line for anything else, for offsets that do not fit the entities' own texts, and for
        annotators who do not agree.
    """
    options = JsonOptions(
        report, text_key, spans_key, parse_label_names(label_names), label, spaces, lang, scheme or ""
    )
    settler = Settler(path, report, annotator, overlaps, offsets)
    place = Place(path, 1)
    number, kinds = 0, dict[str, int]()
    survey: RowSurvey | None = None
    for found in read_values(path, report, encoding):
        number, place = number + 1, found.place
        try:
            if survey is None and is_row(found.value):
                survey = survey_rows(path, options, encoding)
            kind, items = interpret(found, options, survey or RowSurvey())
            kinds[kind] = kinds.get(kind, 0) + 1
            yield from settler.settle(items)
        except RefusalError as error:
            raise XnerError(f"{place}: {error}.") from None
        except XnerError:
            raise
        except ValueError as error:
            raise XnerError(f"{place}: {error}. {EXPECTED}.") from None
    try:
        settler.finish()
    except RefusalError as error:
        raise XnerError(f"{path}: {error}.") from None
    report.recognise(path, describe(kinds, bool(place.record), settler, survey.describe() if survey else ""))


def interpret(found: JsonValue, options: JsonOptions, survey: RowSurvey) -> tuple[str, Iterator[Annotated]]:
    """What a value is, and what it says. RAISES: ValueError."""
    data, place = found.value, found.place
    if is_pair(data):
        return "spaCy's TRAIN_DATA", read_record(record_of_pair(data), place, options)
    if not isinstance(data, dict):
        raise ValueError(f'found no object with a string "text", but {shown(data)}')
    if is_row(data):
        return "rows of tokens", read_token_row(row_of(data), place, options, survey)
    if isinstance(data.get("paragraphs"), list):
        return "training data of spaCy 2", read_document(data, place, options)
    if is_task(data):
        return "Label Studio", read_task(data, place, options)
    if is_argilla(data):
        return "Argilla", read_argilla(data, place, options)
    if isinstance(data.get("common_examples"), list):
        raise RefusalError("found common_examples of Rasa inside other values. Expected them as the whole file")
    has_text = any(isinstance(data.get(key), str) for key in ("text", options.text_key))
    for key, what in ELSEWHERE.items():
        if key in data and not has_text:
            raise RefusalError(f"found {what}")
    check_tags_have_tokens(data)
    return kind_of_record(data), read_record(data, place, options)


def kind_of_record(data: dict[str, Any]) -> str:
    """The tool that wrote a record, by keys that it alone writes."""
    if "_input_hash" in data or "_task_hash" in data:
        return "Prodigy"
    if "Comments" in data or "doc_id" in data or "annotation_approver" in data:
        return "doccano"
    items: list[Any] = next(
        (data[key] for key in ("entities", "annotations", "annotation") if isinstance(data.get(key), list)), []
    )
    first = items[0] if items and isinstance(items[0], dict) else {}
    if "start_offset" in first:
        return "doccano"
    if not has_entity_key(data):
        return "texts without a key for entities"
    return "Dataturks" if "points" in first else "texts with entities"


def parse_label_names(names: str) -> dict[str, str]:
    """Names of numbers: `O,B-PER` for 0 and 1, or `7=PER,8=LOC`. RAISES: XnerError."""
    if not names:
        return {}
    pairs = [name.strip().partition("=") for name in names.split(",")]
    if all(equals and number.strip().isdecimal() and name.strip() for number, equals, name in pairs):
        return {str(int(number)): name.strip() for number, _, name in pairs}
    if any(equals or not name for name, equals, _ in pairs):
        raise XnerError(f"The label names are '{names}', expected names for 0, 1, 2 as O,B-PER,I-PER, or 7=PER,8=LOC.")
    return {str(number): name for number, (name, _, _) in enumerate(pairs)}


def describe(kinds: dict[str, int], is_whole: bool, settler: Settler, names: str) -> str:
    """What a file was taken for. names (str): where the names of tags come from."""
    parts = [", ".join(f"{kind} ({count:,})" for kind, count in kinds.items()) or "no value"]
    parts += [names] * bool(names)
    if settler.annotators:
        parts.append(f"annotators: {', '.join(sorted(settler.annotators)[:5])}")
    if str(settler.offsets.unit) != "characters":
        parts.append(f"offsets in {settler.offsets.unit}")
    return f"{'JSON' if is_whole else 'JSON lines'}: {'; '.join(parts)}"
