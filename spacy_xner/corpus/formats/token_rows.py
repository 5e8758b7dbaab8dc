"""Rows with a list of tokens: `tokens` and `ner_tags` of Hugging Face's data sets, and entities given by tokens.

Entities by tokens: GLiNER (`tokenized_text` and `ner`, the last token included) and SpERT (`tokens` and `entities`, the
end excluded). <https://github.com/urchade/GLiNER>, <https://github.com/lavis-nlp/spert>
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .annotated import Annotated, Mark, Place, RefusalError
from .json_records import JsonOptions, checked_text, meta_of_record
from .json_spans import is_like_mark, marks_of, shown
from .sentence import sentence_of_words
from .spacing import natural_spaces
from .tags import MISSING, OUTSIDE, find_form, spans_of_tags

TOKEN_KEYS = ("tokens", "words", "tokenized_text", "token")
TAG_KEYS = ("ner_tags", "ner_tag", "tags", "ner", "labels", "ner_labels", "entity_tags", "bio_tags", "label")
TokenSpan = tuple[int, int, str]  # first token, end (excluded), label
NAMES_EXPECTED = (
    "Expected the names of the tags: --label-names O,B-PER,I-PER,... in the order of their numbers, or the data set's "
    "dataset_info.json or README.md in the same folder"
)


def is_token_row(data: dict[str, Any]) -> bool:
    """Whether an object has a list of tokens, and no text."""
    key = token_key(data)
    return bool(key) and not any(isinstance(data.get(name), str) for name in ("text", "content", "document"))


def token_key(data: dict[str, Any]) -> str:
    """The key of the tokens; "" if there is none."""
    for key in TOKEN_KEYS:
        if isinstance(data.get(key), list) and all(isinstance(word, str) for word in data[key]):
            return key
    return ""


def tag_key(data: dict[str, Any]) -> str:
    """The key of the tags, by name or number; "" if there is none. RAISES: RefusalError for another number of them."""
    length = len(data[token_key(data)])
    return next((key for key in TAG_KEYS if key != token_key(data) and is_tag_list(data.get(key), length)), "")


def read_token_row(
    data: dict[str, Any], place: Place, options: JsonOptions, names: Sequence[str]
) -> Iterator[Annotated]:
    """The text of a row's tokens with its entities.

    names (Sequence[str]): the names of numbered tags, if the file's data set has them.
    RAISES: ValueError.
    """
    words = [checked_text(word) for word in data[token_key(data)]]
    if "" in words or any(word != word.strip() for word in words):
        raise ValueError(f"found the tokens {shown(words)}, one of them empty or with white space at its edges")
    missing: list[int] = []
    if key := tag_key(data):
        tags = tags_of_row(data[key], options, names)
        spans: list[TokenSpan] | None = list(spans_of_tags(tags))
        missing = [i for i, tag in enumerate(tags) if tag == MISSING]
    else:
        spans = spans_by_token(data, len(words), options)
    meta = meta_of_record(data)
    spaces = spaces_of_tokens(words, options, meta.get("lang"))
    yield annotated_tokens(words, spaces, spans, missing, place, meta)


def spaces_of_tokens(words: list[str], options: JsonOptions, lang: str | None) -> list[bool]:
    """Whether a space follows each token."""
    if options.spaces == "keep":
        return [*[True] * (len(words) - 1), False] if words else []
    return natural_spaces(words, options.lang or lang)


def annotated_tokens(
    words: list[str],
    spaces: list[bool],
    spans: list[TokenSpan] | None,
    missing: Iterable[int],
    place: Place,
    meta: dict[str, Any],
) -> Annotated:
    """The text of tokens with spans of tokens. Without annotation where all tokens are missing theirs."""
    sentence = sentence_of_words(words, spaces, spans, place.path, 0, meta, list(missing))
    marks = (
        None
        if sentence.spans is None
        else tuple(Mark(*span, sentence.text[span[0] : span[1]]) for span in sentence.spans)
    )
    return Annotated(
        sentence.text, marks, place, meta=meta, words=tuple(words), spaces=tuple(spaces), unlabelled=sentence.unlabelled
    )


def is_tag_list(value: Any, length: int) -> bool:
    """Whether a value has a name or a number for each token. RAISES: RefusalError for another number of them."""
    if not isinstance(value, list) or (not value and length):
        return False
    if not all(isinstance(tag, str | int) and not isinstance(tag, bool) for tag in value):
        return False
    if len(value) != length:
        raise RefusalError(f"found {length} tokens and {len(value)} tags, expected the same number")
    return True


def tags_of_row(tags: list[Any], options: JsonOptions, names: Sequence[str]) -> list[tuple[str, str]]:
    """The parsed tags of a row, by name or number. RAISES: ValueError."""
    spelt = [tag if isinstance(tag, str) else tag_name(tag, options.label_names, names) for tag in tags]
    form = find_form(Counter(spelt), options.label)
    found = [form.parse(tag) for tag in spelt]
    if any(tag not in (OUTSIDE, MISSING) and not tag[1] for tag in found):
        raise RefusalError(f"found the tags {shown(tags)} without labels. Expected the label: --label PER")
    return found


def tag_name(tag: int, label_names: Mapping[str, str], names: Sequence[str]) -> str:
    """The name of a numbered tag. RAISES: RefusalError."""
    if str(tag) in label_names:
        return label_names[str(tag)]
    if not label_names and 0 <= tag < len(names):
        return names[tag]
    known = len(label_names) or len(names)
    raise RefusalError(
        f"found the tag number {tag}{f', with names for 0 to {known - 1}' if known else ''}. {NAMES_EXPECTED}"
    )


def spans_by_token(data: dict[str, Any], length: int, options: JsonOptions) -> list[TokenSpan] | None:
    """Entities that are given by the numbers of tokens; None for none. RAISES: ValueError."""
    key = next((key for key in ("ner", "entities") if isinstance(data.get(key), list)), "")
    if not key:
        others = [name for name in TAG_KEYS if data.get(name) is not None]
        if others:
            raise ValueError(f'found {shown(data[others[0]])[:60]} as "{others[0]}", beside a list of {length} tokens')
        return None
    spans = []
    for item in data[key]:
        if not is_like_mark(item):
            raise ValueError(f"found the entity {shown(item)}")
        for mark in marks_of(item, options.label_names):
            end = mark.end + (key == "ner")
            if not 0 <= mark.start < end <= length:
                raise RefusalError(
                    f"found the entity {shown(item)}, expected numbers of the {length} tokens, counted from 0"
                )
            spans.append((mark.start, end, mark.label))
    return spans


def names_of_data_set(path: Path, around: dict[str, Any], key: str) -> list[str]:
    """The names of the tags under a key that a data set gives: in the file, or in `dataset_info.json` or `README.md`
    beside it. Empty if it gives none."""
    for name in ("dataset_info.json", "dataset_infos.json"):
        for found in (around, _read_json(path.parent / name)):
            if given := find_names(found, key):
                return given
    readme = path.parent / "README.md"
    if readme.is_file():
        text = readme.read_text(encoding="utf8", errors="replace")
        header = text.split("\n---", 1)[0] if text.startswith("---") else ""
        part = re.search(rf"- name: {re.escape(key)}\s*\n(.*?)(?=\n\s*- name:|\Z)", header, re.DOTALL)
        pairs = re.findall(r"^\s*'?(\d+)'?: +(\S+)\s*$", part[1], re.MULTILINE) if part else []
        return [name.strip("'\"") for _, name in sorted(pairs, key=lambda pair: int(pair[0]))]
    return []


def find_names(value: Any, key: str, is_inside: bool = False) -> list[str]:
    """The names of the `ClassLabel` that belongs to a feature in a description of features; empty if there is none."""
    if isinstance(value, list):
        return next((got for item in value if (got := find_names(item, key, is_inside))), [])
    if not isinstance(value, dict):
        return []
    is_inside = is_inside or value.get("name") == key
    names: Any = value.get("names")
    if isinstance(names, dict) and all(isinstance(number, str) and number.isdecimal() for number in names):
        names = [names[number] for number in sorted(names, key=int)]
    if is_inside and isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        return names
    return next((got for name, item in value.items() if (got := find_names(item, key, is_inside or name == key))), [])


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError, RecursionError):
        return None
