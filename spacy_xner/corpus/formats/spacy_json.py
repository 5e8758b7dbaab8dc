"""spaCy's older training data as JSON: `["text", {"entities": [[0, 5, "PER"]]}]`, and documents with paragraphs.

<https://v2.spacy.io/api/annotation#json-input>: a token's `ner` is a BILUO tag, `-` for missing annotation.
"""

from collections.abc import Iterator
from typing import Any

from .annotated import Annotated, Place
from .json_records import JsonOptions, checked_text
from .json_spans import identifier, shown
from .spacing import spaces_in_text
from .tags import MISSING, parse_tag, spans_of_tags
from .token_rows import annotated_tokens, spaces_of_tokens


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
        sentences = []
        for sentence in list_in(paragraph, "sentences"):
            if not isinstance(sentence, dict):
                raise ValueError(f"found the sentence {shown(sentence)}")
            sentences.append([word_and_tag(token) for token in list_in(sentence, "tokens")])
        raw = paragraph.get("raw")
        words = [word for tokens in sentences for word, _ in tokens]
        known = spaces_in_text(checked_text(raw), words) if isinstance(raw, str) else None
        if isinstance(raw, str) and known is None:
            options.report.note("paragraphs whose tokens are not those of their raw text", place.path, place.line)
        at = 0
        for tokens in sentences:
            number += 1
            words, tags = [word for word, _ in tokens], [tag for _, tag in tokens]
            spaces = known[at : at + len(words)] if known is not None else spaces_of_tokens(words, options, None)
            at += len(words)
            meta = {"id": f"{identifier(data.get('id')) or place.record}-{number}"}
            missing = [i for i, tag in enumerate(tags) if tag == MISSING]
            yield annotated_tokens(
                words, [*spaces[:-1], False] if words else [], spans_of_tags(tags), missing, place, meta
            )


def list_in(data: dict[str, Any], key: str) -> list[Any]:
    """A list under a key. RAISES: ValueError."""
    if not isinstance(data.get(key), list):
        raise ValueError(f'found {shown(data)}, expected a list of "{key}"')
    return list(data[key])


def word_and_tag(token: Any) -> tuple[str, tuple[str, str]]:
    """The word and the parsed tag of a token; without "ner" the annotation is missing. RAISES: ValueError."""
    word = token.get("orth") if isinstance(token, dict) else None
    tag = token.get("ner", "-") if isinstance(token, dict) else None
    if not isinstance(word, str) or not word.strip() or not isinstance(tag, str):
        raise ValueError(f'found the token {shown(token)}, expected {{"orth": "Ada", "ner": "U-PER"}}')
    return checked_text(word.strip()), parse_tag(tag)
