"""Rows with a list of tokens: `tokens` and `ner_tags` of Hugging Face's data sets, and entities given by tokens.

Entities by tokens: GLiNER (`tokenized_text` and `ner`, the last token included) and SpERT (`tokens` and `entities`, the
end excluded). <https://github.com/urchade/GLiNER>, <https://github.com/lavis-nlp/spert>
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .annotated import Annotated, Mark, Place, RefusalError
from .json_records import JsonOptions, checked_text, meta_of_record
from .json_spans import ENDS, STARTS, first_value, is_like_mark, marks_of, shown
from .sentence import sentence_of_words
from .spacing import natural_spaces, spaces_in_text
from .tags import MISSING, OUTSIDE, TagForm, find_form, share_of_tags, spans_of_tags

if TYPE_CHECKING:  # it reads rows itself
    from .row_survey import RowSurvey

TOKEN_KEYS = ("tokens", "words", "tokenized_text", "token")
TAG_KEYS = ("ner_tags", "ner_tag", "tags", "ner", "labels", "ner_labels", "entity_tags", "bio_tags", "label")
# Keys whose numbers are those of entity tags; numbers under "labels" can be those of the whole text.
NUMBERED = ("ner_tags", "ner_tag", "ner", "ner_labels", "entity_tags", "bio_tags")
ENTITY_LISTS = ("entities", "spans", "ents")
BLANK_TOKENS = "tokens of white space read as the spaces of the text"
OTHER_TEXT = "rows whose text is not their tokens with spaces between them: text made of the tokens"
TokenSpan = tuple[int, int, str]  # first token, end (excluded), label
NAMES_EXPECTED = (
    "Expected the names of the tags: --label-names O,B-PER,I-PER,... in the order of their numbers, or the data set's "
    "dataset_info.json or README.md in the same folder"
)


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
    if any(is_like_mark(item) for name in ENTITY_LISTS for item in list_of(data.get(name))):
        check_counts_characters(data, key)
        return False
    if key == "tokenized_text" and any(map(is_like_mark, list_of(data.get("ner")))):
        return True
    if entities_by_token := [name for name in ("ner",) if any(map(is_like_mark, list_of(data.get(name))))]:
        check_counts_characters(data, key, entities_by_token[0])
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


def check_counts_characters(data: dict[str, Any], key: str, name: str = "entities") -> None:
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


def read_token_row(
    data: dict[str, Any], place: Place, options: JsonOptions, survey: "RowSurvey"
) -> Iterator[Annotated]:
    """The text of a row's tokens with its entities. The spaces are those of its text, if it has one.

    survey (RowSurvey): what all rows of the file have in common.
    RAISES: ValueError.
    """
    words = [checked_text(word) for word in data[token_key(data)]]
    is_blank = [survey.has_space_tokens and bool(word) and not word.strip() for word in words]
    if any((not word or word != word.strip()) and not blank for word, blank in zip(words, is_blank, strict=True)):
        raise ValueError(
            f"found the tokens {shown(words)}, one of them empty or with white space at its edges. Expected tokens "
            "without white space: remove an empty token and its tag"
        )
    missing: list[int] = []
    if key := tag_key(data):
        named = survey.names.get(key)
        tags = tags_of_row(data[key], options, named.names if named else (), survey.forms[key])
        spans: list[TokenSpan] | None = list(spans_of_tags(tags))
        missing = [i for i, tag in enumerate(tags) if tag == MISSING]
    else:
        spans = spans_by_token(data, len(words), options)
    meta = meta_of_record(data)
    if survey.has_space_tokens:
        options.report.note(BLANK_TOKENS, place.path, place.line, sum(is_blank))
        kept = [i for i, blank in enumerate(is_blank) if not blank]
        spaces = [i + 1 < len(words) and is_blank[i + 1] for i in kept]
        spans = None if spans is None else spans_of_kept(spans, kept, place, options)
        missing = [new for new, i in enumerate(kept) if i in set(missing)]
        words = [words[i] for i in kept]
        spaces = [*spaces[:-1], False] if spaces else []
    else:
        spaces = spaces_of_row(data, words, place, options)
    yield annotated_tokens(words, spaces, spans, missing, place, meta)


def spans_of_kept(spans: list[TokenSpan], kept: list[int], place: Place, options: JsonOptions) -> list[TokenSpan]:
    """Spans of all tokens as spans of those that are kept; a span without any is left out and counted."""
    found = []
    for start, end, label in spans:
        inside = [new for new, i in enumerate(kept) if start <= i < end]
        if inside:
            found.append((inside[0], inside[-1] + 1, label))
        else:
            options.report.note("entities of white space alone left out", place.path, place.line)
    return found


def spaces_of_row(data: dict[str, Any], words: list[str], place: Place, options: JsonOptions) -> list[bool]:
    """Whether a space follows each token of a row: as in its text, otherwise as in natural text."""
    text = text_of_row(data)
    spaces = spaces_in_text(text, words) if text is not None and words else None
    if text is not None:
        made = "".join(word + " " * space for word, space in zip(words, spaces or (), strict=False))
        if made != text.strip():
            options.report.note(OTHER_TEXT, place.path, place.line)
    return spaces if spaces is not None else spaces_of_tokens(words, options, meta_of_record(data).get("lang"))


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


def tags_of_row(tags: list[Any], options: JsonOptions, names: Sequence[str], form: TagForm) -> list[tuple[str, str]]:
    """The parsed tags of a row, by name or number. RAISES: ValueError."""
    spelt = [tag if isinstance(tag, str) else tag_name(tag, options.label_names, names) for tag in tags]
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
