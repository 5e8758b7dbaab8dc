"""Rows with a list of tokens: `tokens` and `ner_tags` of Hugging Face's data sets, and entities given by tokens.

Entities by tokens: GLiNER (`tokenized_text` and `ner`, the last token included) and SpERT (`tokens` and `entities`, the
end excluded). <https://github.com/urchade/GLiNER>, <https://github.com/lavis-nlp/spert>
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .annotated import Annotated, Mark, Place, RefusalError
from .json_records import JsonOptions, checked_text, meta_of_record
from .json_spans import is_like_mark, marks_of, shown
from .row_kinds import TAG_KEYS, tag_key, text_of_row, token_key
from .row_survey import RowSurvey
from .sentence import sentence_of_words
from .spacing import natural_spaces, spaces_in_text
from .tags import MISSING, OUTSIDE, TagForm, spans_of_tags

BLANK_TOKENS = "tokens of white space read as the spaces of the text"
OTHER_TEXT = "rows whose text is not their tokens with spaces between them: text made of the tokens"
TokenSpan = tuple[int, int, str]  # first token, end (excluded), label
NAMES_EXPECTED = (
    "Expected the names of the tags: --label-names O,B-PER,I-PER,... in the order of their numbers, or the data set's "
    "dataset_info.json or README.md in the same folder"
)


def read_token_row(data: dict[str, Any], place: Place, options: JsonOptions, survey: RowSurvey) -> Iterator[Annotated]:
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
