"""Which objects in JSON are rows of tokens, and under which keys they have the tokens, their tags and their text."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .annotated import RefusalError
from .json_spans import ENDS, STARTS, first_value, is_like_mark, shown
from .spacing import spaces_in_text
from .tags import find_form, share_of_tags

TOKEN_KEYS = ("tokens", "words", "tokenized_text", "token")
TAG_KEYS = ("ner_tags", "ner_tag", "tags", "ner", "labels", "ner_labels", "entity_tags", "bio_tags", "label")
# Keys whose numbers are those of entity tags; numbers under "labels" can be those of the whole text.
NUMBERED = ("ner_tags", "ner_tag", "ner", "ner_labels", "entity_tags", "bio_tags")
ENTITY_LISTS = ("entities", "spans", "ents")


def row_of(value: dict[str, Any]) -> dict[str, Any]:
    """A row itself; Hugging Face's data set viewer wraps it as {"row_idx": 0, "row": {...}}."""
    inner = value.get("row")
    return inner if isinstance(inner, dict) else value


def is_row(value: Any) -> bool:
    """Whether a value is a row of tokens. RAISES: RefusalError as `is_token_row`."""
    return isinstance(value, dict) and is_token_row(row_of(value))


def is_token_row(data: dict[str, Any]) -> bool:
    """Whether an object has a list of tokens, and no text, or tags of the tokens beside the text.

    RAISES: RefusalError for tags beside a text where they are not as many as tokens, and for entities that are by
        tokens, or by characters of the text.
    """
    key = token_key(data)
    if not key:
        return False
    if not any(isinstance(data.get(name), str) for name in ("text", "content", "document")):
        return True
    if key == "tokenized_text" and any(map(is_like_mark, list_of(data.get("ner")))):
        return True
    if found := [name for name in (*ENTITY_LISTS, "ner") if any(map(is_like_mark, list_of(data.get(name))))]:
        check_counts_characters(data, key, found[0])
        return False
    return any(name != key and is_list_of_tags(name, data.get(name)) for name in TAG_KEYS) and bool(tag_key(data))


def check_tags_have_tokens(data: dict[str, Any]) -> None:
    """RAISES: RefusalError for the tags of tokens beside a text without its tokens."""
    if any(is_like_mark(item) for name in ENTITY_LISTS for item in list_of(data.get(name))):
        return
    if found := next((key for key in TAG_KEYS if is_list_of_tags(key, data.get(key))), ""):
        raise RefusalError(
            f'found the tags {shown(data[found])} as "{found}" beside a text, and no list of strings with its tokens. '
            f'Expected {{"tokens": ["Ada", "left"], "{found}": ["B-PER", "O"]}}'
        )


def list_of(value: Any) -> list[Any]:
    """A value that is a list; an empty one for others."""
    return value if isinstance(value, list) else []


def is_list_of_tags(key: str, value: Any) -> bool:
    """Whether a value is surely a list of entity tags: by its tags, or as numbers by the name of its key."""
    items = list_of(value)
    if items and all(isinstance(item, str) for item in items):
        tags = Counter(items)
        return "O" in tags or (share_of_tags(tags, find_form(tags)) >= (1.0, 1))
    return key in NUMBERED and bool(items) and all(type(item) is int for item in items)


def check_counts_characters(data: dict[str, Any], key: str, name: str) -> None:
    """RAISES: RefusalError where entities can be counted by tokens, and cut words as offsets in the text."""
    words, text, items = data[key], text_of_row(data), list_of(data.get(name))
    pairs = [(first_value(item, STARTS), first_value(item, ENDS)) for item in items if isinstance(item, dict)]
    pairs += [(item[0], item[1]) for item in items if isinstance(item, list) and len(item) == 3]
    if text is None or not pairs or not all(type(at) is int for pair in pairs for at in pair):
        return
    starts, ends = edges_of_words(text, words)
    cuts = any(start not in starts or end not in ends for start, end in pairs)
    if cuts and all(0 <= start <= end <= len(words) for start, end in pairs):
        raise RefusalError(
            f'found a text, its tokens, and "{name}" that cut words if they count characters: {shown(data[name])}. '
            f'If they count tokens, delete the text; if they count characters, delete "{key}"'
        )


def edges_of_words(text: str, words: Sequence[str]) -> tuple[set[int], set[int]]:
    """Where the tokens of a text begin and end; its words and marks, if it is not made of these tokens."""
    found = words if spaces_in_text(text, words) is not None else re.findall(r"\w+|[^\w\s]", text)
    starts, ends, at = set(), set(), 0
    for word in found:
        at = text.index(word, at)
        starts.add(at)
        at += len(word)
        ends.add(at)
    return starts, ends


def text_of_row(data: dict[str, Any]) -> str | None:
    """The text beside the tokens of a row; None without one."""
    return next((data[name] for name in ("text", "content", "sentence") if isinstance(data.get(name), str)), None)


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


def is_tag_list(value: Any, length: int) -> bool:
    """Whether a value has a name or a number for each token. RAISES: RefusalError for another number of them."""
    if not isinstance(value, list) or (not value and length):
        return False
    if not all(isinstance(tag, str | int) and not isinstance(tag, bool) for tag in value):
        return False
    if len(value) != length:
        raise RefusalError(f"found {length} tokens and {len(value)} tags, expected the same number")
    return True
