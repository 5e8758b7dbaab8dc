"""Values in JSON that look like entities, under keys that are not read."""

import re
from typing import Any

from .json_spans import is_like_mark

# Names of keys of entities, and of other things that have two places and a label
ENTITY_KEY = re.compile(r"(^|[^a-z])(ner|ents?|entity|entities|mentions?)([^a-z]|$)", re.IGNORECASE)
RELATIONS = re.compile(r"relation|link|event|arc|edge|triple|coref", re.IGNORECASE)
TRIPLES = ([int, int, str], [str, int, int])


def looks_like_entities(key: str, value: Any) -> bool:
    """Whether a value is a list of entities, by the form of all of them or by the name of its key."""
    if isinstance(value, dict):
        value = value.get("entities")
    if not isinstance(value, list) or not value:
        return False
    if all(is_like_mark(item) if isinstance(item, dict) else is_triple(item) for item in value):
        return not RELATIONS.search(key)
    return bool(ENTITY_KEY.search(key)) and all(isinstance(item, dict | list) and item for item in value)


def is_triple(item: Any) -> bool:
    """Whether a value is two offsets and a label, in any order that is read."""
    return isinstance(item, list) and len(item) in (3, 4) and [type(part) for part in item[:3]] in TRIPLES
