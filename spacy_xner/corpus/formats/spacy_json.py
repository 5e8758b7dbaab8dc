"""spaCy's older training data as JSON: `["text", {"entities": [[0, 5, "PER"]]}]`, and documents with paragraphs.

<https://v2.spacy.io/api/annotation#json-input>: a token's `ner` is a BILUO tag, `-` for missing annotation.
"""

from collections.abc import Iterator
from typing import Any

from .annotated import Annotated, Mark, Place
from .json_records import JsonOptions, checked_text
from .json_spans import identifier, shown
from .tags import parse_tag, spans_of_tags

MISSING = "-"


def is_pair(value: Any) -> bool:
    """Whether a value is a text with its annotation, as in TRAIN_DATA of spaCy 1 and 2."""
    return (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict | list)
    )


def record_of_pair(value: list[Any]) -> dict[str, Any]:
    """The pair as one object."""
    text, annotation = value
    return {**(annotation if isinstance(annotation, dict) else {"entities": annotation}), "text": text}


def read_document(data: dict[str, Any], place: Place, options: JsonOptions) -> Iterator[Annotated]:
    """The sentences of a document with "paragraphs". RAISES: ValueError."""
    number = 0
    for paragraph in list_in(data, "paragraphs"):
        if not isinstance(paragraph, dict):
            raise ValueError(f"found the paragraph {shown(paragraph)}")
        for sentence in list_in(paragraph, "sentences"):
            if not isinstance(sentence, dict):
                raise ValueError(f"found the sentence {shown(sentence)}")
            number += 1
            yield read_tokens(
                list_in(sentence, "tokens"), f"{identifier(data.get('id')) or place.record}-{number}", place
            )


def list_in(data: dict[str, Any], key: str) -> list[Any]:
    """A list under a key. RAISES: ValueError."""
    if not isinstance(data.get(key), list):
        raise ValueError(f'found {shown(data)}, expected a list of "{key}"')
    return list(data[key])


def read_tokens(tokens: list[Any], name: str, place: Place) -> Annotated:
    """A sentence of tokens with "orth" and "ner". A sentence in which no token has "ner" is unlabelled.

    The text is the tokens with single spaces between them. RAISES: ValueError.
    """
    words, tags = [], []
    for token in tokens:
        word = token.get("orth") if isinstance(token, dict) else None
        tag = token.get("ner", MISSING) if isinstance(token, dict) else None
        if not isinstance(word, str) or not word.strip() or not isinstance(tag, str):
            raise ValueError(f'found the token {shown(token)}, expected {{"orth": "Ada", "ner": "U-PER"}}')
        words.append(checked_text(word.strip()))
        tags.append(tag)
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    marks = None
    if set(tags) - {MISSING}:
        spans = spans_of_tags([("O", "") if tag == MISSING else parse_tag(tag) for tag in tags])
        marks = tuple(Mark(starts[first], starts[end] - 1, label) for first, end, label in spans)
    missing = [(starts[i], starts[i + 1] - 1) for i, tag in enumerate(tags) if tag == MISSING and marks is not None]
    spaces = (*[True] * (len(words) - 1), False) if words else ()
    meta = {"id": name}
    return Annotated(
        " ".join(words), marks, place, meta=meta, words=tuple(words), spaces=spaces, unlabelled=tuple(missing)
    )
