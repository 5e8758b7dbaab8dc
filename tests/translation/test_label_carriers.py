import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.translation.label_carriers import (
    WORDS,
    Markers,
    Placeholders,
    make_label_carrier,
    translate_labelled,
)
from spacy_xner.translation.labelled_text import LabelCarrier
from spacy_xner.translation.text_edits import CharSpan
from spacy_xner.translation.xml_carrier import Xml


class Rules:
    """Applies regular expressions; optionally reverses the order of words."""

    identity: dict[str, Any] = {"name": "Rules", "source": "en", "target": "xx"}  # noqa: RUF012

    def __init__(self, *rules: tuple[str, str], reverse: bool = False) -> None:
        self.rules, self.reverse = rules, reverse

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        for text in texts:
            for pattern, other in self.rules:
                text = re.sub(pattern, other, text)
            yield None if "?" in text else " ".join(text.split(" ")[:: -1 if self.reverse else 1])


def spans_of(text: str, **names: str) -> list[CharSpan]:
    return sorted((text.index(name), text.index(name) + len(name), label) for label, name in names.items())


TEXT = "Ada Lovelace saw London and UNESCO ."
SPANS = spans_of(TEXT, PER="Ada Lovelace", LOC="London", ORG="UNESCO")
TOWN = ("London", "Londres")


def run(
    translator: Rules, carrier: LabelCarrier, text: str = TEXT, spans: list[CharSpan] = SPANS
) -> tuple[str, Any, int, int, bool]:
    (found,) = translate_labelled(translator, [(text, spans)], carrier)
    assert found is not None
    entities = [(found.text[start:end], label) for start, end, label in found.spans]
    return found.text, entities, found.lost, found.duplicated, found.damaged


ALL = [("Ada Lovelace", "PER"), ("Londres", "LOC"), ("UNESCO", "ORG")]


@pytest.mark.parametrize("carrier", [Placeholders(), Markers(), Xml()])
def test_all_found(carrier: LabelCarrier) -> None:
    expected = "Ada Lovelace vio Londres y UNESCO ."
    assert run(Rules(("saw", "vio"), ("and", "y"), TOWN), carrier) == (expected, ALL, 0, 0, False)


def test_another_order() -> None:
    text, entities, *rest = run(Rules(TOWN, reverse=True), Placeholders())
    assert (text, entities, rest) == (". UNESCO and Londres saw Ada Lovelace", ALL[::-1], [0, 0, False])


def test_names_kept_or_translated() -> None:
    rules = Rules(TOWN, ("Ada", "Adela"), ("UNESCO", " "))
    assert run(rules, Placeholders())[1] == ALL  # no person's name is translated; white space is not a name
    assert run(rules, Placeholders(translate_names=False))[1][1] == ("London", "LOC")


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ((WORDS[1], ""), (1, 0, False)),
        ((WORDS[1], f"{WORDS[1]} {WORDS[1].upper()}"), (0, 1, False)),
        ((WORDS[1], WORDS[1][:-1]), (1, 0, True)),
        ((WORDS[1], f"{WORDS[1]}issa"), (0, 0, False)),
    ],
)
def test_placeholders_lost_duplicated_damaged(rule: tuple[str, str], counts: tuple[int, int, bool]) -> None:
    text, entities, *found = run(Rules(rule), Placeholders())
    assert tuple(found) == counts
    assert len(entities) == 3 - counts[0] + counts[1]
    assert text == TEXT.replace("London", rule[1].replace(WORDS[1], "London").replace(WORDS[1].upper(), "London"))


def test_placeholders_are_no_words_of_the_text() -> None:
    text = f"{WORDS[0].upper()} in London"
    assert run(Rules(), Placeholders(), text, spans_of(text, LOC="London"))[1:4] == ([("London", "LOC")], 0, 0)
    assert len({word.lower() for word in WORDS}) == len(WORDS)
    many = "a " * (len(WORDS) + 1)
    with pytest.raises(XnerError, match=r"A text has 201 entities .* at most 200"):
        list(translate_labelled(Rules(), [(many, [(i, i + 1, "X") for i in range(0, len(many), 2)])], Placeholders()))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([(r"\[London\]", "London")], (TEXT, [ALL[0], ALL[2]], 1, 0)),
        ([(r"\[UNESCO\]", "[UNESCO] [UNESCO]")], (TEXT.replace("UNESCO", "UNESCO UNESCO"), None, 0, 1)),
        ([(r"\[(London)\]", r"[ \1 ]")], (TEXT, None, 0, 0)),
        ([(r"\[(London)\]", r"[\1")], (TEXT, [ALL[0], ALL[2]], 1, 0)),
        ([(r"\[(London)\]", r"\1]")], (TEXT, [ALL[0], ALL[2]], 1, 0)),
        ([(r"\[(London)\]", "[]")], (TEXT.replace("London", ""), [ALL[0], ALL[2]], 1, 0)),
        ([(r"\[(London|UNESCO)\]", r"\1")], (TEXT, [ALL[0]], 2, 0)),
        ([(r"[\[\]]", "")], (TEXT, [], 3, 0)),
    ],
)
def test_markers(rules: list[tuple[str, str]], expected: tuple[str, Any, int, int]) -> None:
    text, entities, lost, duplicated, _ = run(Rules(*rules), Markers())
    text_wanted, entities_wanted, *counts = expected
    assert (text, [lost, duplicated]) == (text_wanted, counts)
    assert entities == entities_wanted or entities_wanted is None


def test_markers_match_names() -> None:
    """In another order, by similarity to the name or to its translation."""
    rules = Rules((r"\[Ada Lovelace\] saw \[London\]", "[Londres] visto por [Ada Lovelace]"), ("UNESCO", "ONU"), TOWN)
    assert run(rules, Markers())[1] == [("Londres", "LOC"), ("Ada Lovelace", "PER"), ("ONU", "ORG")]


def test_other_brackets() -> None:
    text = "[1] London {2}"
    assert run(Rules(), Markers(), text, spans_of(text, LOC="London"))[:2] == (text, [("London", "LOC")])
    text = "[1] {2} ⟦3⟧ «4» London"
    assert run(Rules(), Markers(), text, spans_of(text, LOC="London"))[:3] == (text, [], 1)


@pytest.mark.parametrize("carrier", [Placeholders(), Markers(), Xml()])
def test_streams(carrier: LabelCarrier) -> None:
    """Texts without entities, without translation and empty ones, in order; white space around is removed."""
    items = [
        (TEXT, SPANS),
        ("nothing", []),
        ("what?", []),
        ("", []),
        (f" {TEXT} ", [(a + 1, b + 1, c) for a, b, c in SPANS]),
    ]
    found = list(translate_labelled(Rules(), items, carrier))
    assert [each and each.text for each in found] == [TEXT, "nothing", None, "", TEXT]
    assert found[0] == found[4]


ENTITY = st.sampled_from(["Ada", "New York", "שלום", "👍🏽", "東京", "İş", "a.b\nc"])
PIECES = st.lists(
    st.tuples(st.sampled_from(["", " ", ", x ", "を"]), ENTITY, st.sampled_from(["PER", "LOC"])), max_size=6
)


@given(PIECES, st.sampled_from([Placeholders(), Placeholders(False), Markers()]))
def test_a_copy_has_the_same_entities(pieces: list[tuple[str, str, str]], carrier: LabelCarrier) -> None:
    text, spans = "x", []
    for before, name, label in pieces:
        text += before
        spans.append((len(text), len(text) + len(name), label))
        text += name
    (found,) = translate_labelled(Rules(), [(text, spans)], carrier)
    assert found is not None
    assert (found.text, found.spans, found.lost, found.duplicated) == (text, spans, 0, 0)


def test_by_name() -> None:
    assert isinstance(make_label_carrier("markers"), Markers)
    assert make_label_carrier("placeholders", False).translate_names is False  # type: ignore[attr-defined]
    assert make_label_carrier("xml", tags="[a]").tags == "[a]"  # type: ignore[attr-defined]
    with pytest.raises(XnerError, match="no label carrier 'tags', expected one of placeholders, markers, xml"):
        make_label_carrier("tags")
    with pytest.raises(XnerError, match=r"^The tags of the carrier are '<1>', expected <a>, <e1>, \[a\], \[e1\]\.$"):
        make_label_carrier("xml", tags="<1>")
