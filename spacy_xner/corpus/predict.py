"""Apply a pipeline to texts of any format, one after the other, in memory that does not grow with their number."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import confidence_of
from ..errors import XnerError
from ..pipelines import name_of
from .formats.json_records import checked_text
from .formats.reading import Format, read_sentences
from .formats.report import Report

StreamFormat = Literal["plain", "jsonl"]
UNKNOWN = "xx"  # spaCy's code of several languages
Row = dict[str, Any]
"""A text with its entities, see `prediction_as_json`."""


@dataclass(frozen=True)
class Text:
    """A text to apply a pipeline to.

    id (str): its id in the file, or the file's name and the line. lang (str): its language code; "xx" if unknown.
    place (str): file and line, for messages.
    n_entities (int | None): the number of entities that its file marks in it; None where it is unlabelled.
    """

    text: str
    id: str
    lang: str
    place: str
    n_entities: int | None = None


def read_inputs(
    path: Path, name: str, lang: str, counts: Counter[str], format: Format = "auto", report: Report | None = None
) -> Iterator[Text]:
    """Yield the texts of a file: each line of a `.txt`, each sentence of other formats. Labels are not looked at.

    name (str): of the file, for ids, see `name_files`.
    lang (str): language code of texts whose file does not give it.
    counts (Counter[str]): receives the number of "texts", and of "entities in the file, not looked at".
    report (Report | None): receives what the file was taken for, and what was changed or left out.
    RAISES: XnerError for a file that cannot be read.
    """
    for sentence in read_sentences(path, format, report, lang=lang):
        n_entities = None if sentence.spans is None else len(sentence.spans)
        counts["texts"] += 1
        counts["entities in the file, not looked at"] += n_entities or 0
        meta = sentence.meta
        found = str(meta.get("id") or f"{name}:{sentence.line}"), str(meta.get("lang") or lang)
        yield Text(sentence.text, *found, f"{path}:{sentence.line}", n_entities)


def read_stream(
    stream: IO[bytes], lang: str, counts: Counter[str], format: StreamFormat | None = None
) -> Iterator[Text]:
    """Yield the texts of a stream as they arrive: lines of text, or JSON objects with `text` (and `id`, `lang`).

    format (str | None): "plain" or "jsonl"; None: JSON lines if the first line is a JSON object.
    counts (Counter[str]): receives the number of "texts", and of "empty lines left out".
    RAISES: XnerError with the line for bytes that are not UTF-8, and for lines that are not such objects.
    """
    for number, raw in enumerate(stream, start=1):
        place = f"<stdin>:{number}"
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
        except UnicodeDecodeError as error:
            raise XnerError(f"{place}: found bytes that are not UTF-8 ({error.reason}), expected UTF-8.") from None
        if not line.strip():
            counts["empty lines left out"] += 1
            continue
        format = format or ("jsonl" if _is_object(line) else "plain")
        values = _parse(line, place) if format == "jsonl" else {"text": line}
        counts["texts"] += 1
        names = {"id": f"stdin:{number}", "lang": lang}
        names |= {key: str(values[key]) for key in names if values.get(key) not in (None, "")}
        yield Text(values["text"], names["id"], names["lang"], place)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _parse(line: str, place: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise XnerError(f'{place}: not JSON ({error}). Expected {{"text": "..."}} on each line.') from None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        raise XnerError(f'{place}: found no object with a string "text", expected {{"text": "..."}} on each line.')
    try:
        checked_text(found["text"])
    except ValueError as error:
        raise XnerError(f"{place}: {error}.") from None
    return found


def predict(nlp: Language, texts: Iterable[Text], batch_size: int | None = None, n_process: int = 1) -> Iterator[Doc]:
    """Yield a doc with the pipeline's entities for each text, in order, with the text's id and language in its meta.

    batch_size (int | None): texts in a batch; None: the pipeline's own.
    n_process (int): number of processes.
    RAISES: XnerError for a text that is longer than the pipeline accepts.
    """
    step = {"step": "predict", "pipeline": name_of(nlp)}
    pairs = ((check_length(text, nlp).text, text) for text in texts)
    for doc, text in nlp.pipe(pairs, as_tuples=True, batch_size=batch_size, n_process=n_process):
        doc._.xner_meta = {"id": text.id, "lang": text.lang, "score": 1.0, "provenance": [step]}
        yield doc


def check_length(text: Text, nlp: Language) -> Text:
    """The text itself. RAISES: XnerError where it is longer than the pipeline accepts."""
    if len(text.text) > nlp.max_length:
        raise XnerError(
            f"{text.place}: found a text of {len(text.text):,} characters, expected at most {nlp.max_length:,}, the "
            f"maximum of the pipeline {name_of(nlp)}. Split it, for example into one line for each paragraph."
        )
    return text


def prediction_as_json(doc: Doc) -> Row:
    """A doc as a line of JSON: `id`, `lang` if it is known, `text` and `entities`, with character offsets.

    An entity has `start`, `end`, `label`, `text`, and, if the pipeline sets them, `score` in [0, 1], `kb_id` and `id`.
    """
    meta = doc._.xner_meta
    known = {key: meta[key] for key in ("id", "lang") if meta[key] != UNKNOWN}
    entities = []
    for ent in doc.ents:
        place = {"start": ent.start_char, "end": ent.end_char, "label": ent.label_, "text": ent.text}
        score = confidence_of(ent)
        more = {"score": None if score is None else round(score, 6), "kb_id": ent.kb_id_, "id": ent.id_}
        entities.append(place | {key: value for key, value in more.items() if value not in (None, "")})
    return {**known, "text": doc.text, "entities": entities}


def without_encoder_output(doc: Doc) -> Doc:
    """The doc, without the vectors that a transformer leaves on it, which take far more space than the text."""
    for key in [key for key in doc.user_data if isinstance(key, tuple) and key[1:2] == ("trf_data",)]:
        del doc.user_data[key]
    if doc.tensor is not None:  # spaCy's doc_cleaner sets it to None
        doc.tensor = doc.tensor[:0]
    return doc
