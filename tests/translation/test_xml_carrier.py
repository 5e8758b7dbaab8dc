"""Labels in tags: what engines that keep, move, spoil and lose tags give."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.translation.label_carriers import translate_labelled
from spacy_xner.translation.labelled_text import LabelledTranslation
from spacy_xner.translation.text_edits import CharSpan
from spacy_xner.translation.xml_carrier import Xml
from spacy_xner.translation.xml_tags import TAG_STYLES

Function = Callable[[str], str | None]


class Engine:
    """Translates with a function."""

    identity: dict[str, Any] = {"name": "Engine", "source": "en", "target": "xx"}  # noqa: RUF012

    def __init__(self, function: Function) -> None:
        self.function = function

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        return map(self.function, texts)


def carry(
    function: Function, text: str, spans: list[CharSpan], tags: str = "<a>"
) -> tuple[LabelledTranslation, list[tuple[str, str]]]:
    (found,) = translate_labelled(Engine(function), [(text, spans)], Xml(tags))
    assert found is not None
    assert [found.spans[i][2] for i in range(len(found.spans))] == [spans[k][2] for k in found.sources]
    assert found.reasons.total() == found.lost
    return found, [(found.text[start:end], label) for start, end, label in found.spans]


def spans_of(text: str, **names: str) -> list[CharSpan]:
    return [(text.index(name), text.index(name) + len(name), label) for label, name in names.items()]


TEXT = "Ada Lovelace saw London and UNESCO."
SPANS = spans_of(TEXT, PER="Ada Lovelace", LOC="London", ORG="UNESCO")
TAGGED = "<a>Ada Lovelace</a> saw <b>London</b> and <c>UNESCO</c>."
ADA, LONDON, UNESCO = ("Ada Lovelace", "PER"), ("London", "LOC"), ("UNESCO", "ORG")
ALL = [ADA, LONDON, UNESCO]

NESTED = "The University of Oxford hired Ada."
NESTED_SPANS = spans_of(NESTED, ORG="University of Oxford", LOC="Oxford", PER="Ada")
NESTED_TAGGED = "The <a>University of <b>Oxford</b></a> hired <c>Ada</c>."


def test_encode() -> None:
    assert Xml().encode(TEXT, SPANS).text == TAGGED
    assert Xml("<e1>").encode(TEXT, SPANS[:1]).text == "<e1>Ada Lovelace</e1> saw London and UNESCO."
    assert Xml("[a]").encode(TEXT, SPANS[:1]).text == "[a]Ada Lovelace[/a] saw London and UNESCO."
    assert Xml().encode(NESTED, NESTED_SPANS).text == NESTED_TAGGED
    assert Xml().encode(NESTED, [*NESTED_SPANS[1:], NESTED_SPANS[0]]).text == (
        "The <c>University of <a>Oxford</a></c> hired <b>Ada</b>."
    )
    assert Xml().encode("AB", [(0, 1, "X"), (1, 2, "Y")]).text == "<a>A</a><b>B</b>"
    assert Xml().encode("A", [(0, 1, "X"), (0, 1, "Y")]).text == "<a><b>A</b></a>"
    assert Xml().encode("xyz", [(0, 2, "X"), (1, 3, "Y")]).text == "<a>x<b>y</a>z</b>"
    assert Xml().encode(" A ", [(0, 2, "X")]).text == " <a>A</a> "


def test_names_are_none_of_the_text() -> None:
    text = "<A>x</a> < b > &lt;c&gt; <d class='e'> &lt;y &lt;f&gt; </ g> Ada"
    encoded = Xml().encode(text, spans_of(text, PER="Ada"))
    assert encoded.words == ["e"]
    many = Xml().encode("x" * 30, [(i, i + 1, "X") for i in range(30)])
    assert many.words[17:19] == ["r", "t"]  # <s> is a special token of many models
    assert many.words[23:28] == ["y", "z", "aa", "ab", "ac"]


@pytest.mark.parametrize(
    "translation",
    [
        TAGGED,
        TAGGED.upper().replace("ADA LOVELACE", "Ada Lovelace").replace("LONDON", "London").replace("SAW", "saw")
        .replace("AND", "and"),
        re.sub(r"<(/?)(\w)>", r"< \1 \2 >", TAGGED),
        re.sub(r"<(/?)(\w)>", r"＜\1\2＞", TAGGED),
        TAGGED.replace("<", "&lt;").replace(">", "&gt;"),
        TAGGED.replace("<", "&amp;lt;").replace(">", "&#X3E;"),
        TAGGED.replace("/", "\\"),
        re.sub(r"<(\w)>(.*?)</\w>", r"<\1>\2 </\1>", TAGGED),
        re.sub(r" ?<(/?)(\w)> ?", r" <\1\2> ", TAGGED).replace(" .", "."),
        re.sub(r"<(\w)>(.*?)</\w>", r"<\1> \2 </\1>", TAGGED).replace(" .", "."),
    ],
    ids=["same", "case", "blanks", "wide", "escaped", "twice", "backslash", "end", "around", "inside"],
)  # fmt: skip
@pytest.mark.parametrize("tags", ["<a>", "[a]"])
def test_other_spellings(translation: str, tags: str) -> None:
    if tags == "[a]":
        signs = {"<": "[", ">": "]", "＜": "【", "＞": "］", "&lt;": "&#91;", "&gt;": "&#93;"}
        signs |= {"&amp;lt;": "&amp;lsqb;", "&#X3E;": "&#x5D;"}
        translation = re.sub("|".join(signs), lambda match: signs[match[0]], translation)
    found, entities = carry(lambda _: translation, TEXT, SPANS, tags)
    assert (found.text, entities, found.lost, found.duplicated, found.damaged) == (TEXT, ALL, 0, 0, False)


def test_another_order() -> None:
    found, entities = carry(lambda _: "<c>UNESCO</c> y <b>Londres</b>, vistas por <a>Ada</a>", TEXT, SPANS)
    assert entities == [UNESCO, ("Londres", "LOC"), ("Ada", "PER")]
    assert (found.text, found.sources) == ("UNESCO y Londres, vistas por Ada", [2, 1, 0])


@pytest.mark.parametrize(
    ("translation", "entities", "reasons", "text"),
    [
        ("Ada Lovelace saw <b>London</b> and <c>UNESCO</c>.", [LONDON, UNESCO], {"no tag": 1}, TEXT),
        ("<un>Ada Lovelace</un> saw <b>London</b> and <c>UNESCO</c>.", [LONDON, UNESCO], {"tag renamed": 1}, TEXT),
        ("<а>Ada Lovelace</а> saw <b>London</b>.", [LONDON], {"tag renamed": 2}, "Ada Lovelace saw London."),
        (TAGGED.replace("</b>", ""), [ADA, UNESCO], {"tag without its pair": 1}, TEXT),
        (TAGGED.replace("<b>", ""), [ADA, UNESCO], {"tag without its pair": 1}, TEXT),
        (TAGGED.replace("<b>", "<b><b>"), [ADA, UNESCO], {"tag without its pair": 1}, TEXT),
        (TAGGED.replace("</b>", "<b>"), [ADA, UNESCO], {"tag without its pair": 1}, TEXT),
        ("</a>Ada Lovelace<a> saw <b>London</b> and <c>UNESCO</c>.", ALL[1:], {"closing tag first": 1}, TEXT),
        (TAGGED.replace("London", ""), [ADA, UNESCO], {"nothing between its tags": 1}, TEXT.replace("London ", "")),
        ("<a>Ada Lovelace <b>saw</a> London</b> and <c>UNESCO</c>.", [UNESCO], {"overlaps otherwise": 2}, TEXT),
        ("<a>Ada Lovelace saw <b>London</b></a> and <c>UNESCO</c>.", [UNESCO], {"overlaps otherwise": 2}, TEXT),
        (TEXT, [], {"no tag": 3}, TEXT),
    ],
)
def test_lost(translation: str, entities: Any, reasons: dict[str, int], text: str) -> None:
    found, arrived = carry(lambda _: translation, TEXT, SPANS)
    assert (found.text, arrived, found.reasons, found.damaged) == (text, entities, Counter(reasons), False)


@pytest.mark.parametrize("part", ["<a Ada", "/b>", "&lt;", "＞", "<"])
def test_damaged(part: str) -> None:
    found, entities = carry(lambda _: f"{TAGGED} {part}", TEXT, SPANS)
    assert (found.damaged, entities) == (True, ALL)


def test_damaged_tags_with_other_signs() -> None:
    """Only of entities that are lost: "(a)" may be a part of the translation."""
    found, entities = carry(lambda _: TAGGED.replace("<b>", "(b)").replace("</b>", "[ /B]"), TEXT, SPANS)
    assert (found.damaged, entities, found.reasons) == (True, [ADA, UNESCO], {"no tag": 1})
    assert not carry(lambda _: TAGGED.replace("saw", "el(a) vio"), TEXT, SPANS)[0].damaged


def test_doubled() -> None:
    twice = "<a>Ada</a>, <a>Ada</a> saw <b>London</b> and <c>UNESCO</c>."
    found, entities = carry(lambda _: twice, TEXT, SPANS)
    assert (entities, found.lost, found.duplicated) == ([("Ada", "PER"), ("Ada", "PER"), LONDON, UNESCO], 0, 1)


@pytest.mark.parametrize(
    ("translation", "entities"),
    [
        ("La <a>Universidad de <b>Oxford</b></a> a <c>Ada</c>.", ["Universidad de Oxford", "Oxford", "Ada"]),
        ("<c>Ada</c>, <a><b>Oxford</b></a>", ["Ada", "Oxford", "Oxford"]),  # the inner one may be as long
        ("La <a>Universidad</a> de <b>Oxford</b> a <c>Ada</c>.", ["Ada"]),
        ("<b>La <a>Universidad de Oxford</a></b> a <c>Ada</c>.", ["Ada"]),
        ("La <a>Universidad de <b>Oxford</a></b> a <c>Ada</c>.", ["Universidad de Oxford", "Oxford", "Ada"]),
        ("<a>De <b>Oxford</b></a> <a>De <b>Oxford</b></a>", ["De Oxford", "Oxford"] * 2),
    ],
)  # fmt: skip
def test_nested(translation: str, entities: list[str]) -> None:
    found, arrived = carry(lambda _: translation, NESTED, NESTED_SPANS)
    assert [text for text, _ in arrived] == entities
    assert set(found.reasons) <= {"overlaps otherwise", "no tag"}


def test_own_tags_of_the_text_stay() -> None:
    """Also where the translator renames those of entities; where it renames both, nobody can tell which is which."""
    text = "<b>Ada</b> & <i>London</i>: 1 < 2 &amp; x"
    spans = spans_of(text, PER="Ada", LOC="London")
    found, entities = carry(lambda tagged: tagged.replace("<c>", "<z>").replace("</c>", "</z>"), text, spans)
    assert (found.text, entities, found.reasons, found.damaged) == (text, [("Ada", "PER")], {"tag renamed": 1}, False)
    assert carry(lambda tagged: re.sub("(?<=[</])[bc](?=>)", "z", tagged), text, spans)[0].damaged


def test_brackets_of_the_translation_stay() -> None:
    """Unless a tag is missing: then nobody can tell a translated bracket from a renamed tag."""
    text = "Ada [sic] saw [1] London"
    spans = spans_of(text, PER="Ada", LOC="London")
    found, entities = carry(lambda tagged: tagged.replace("saw", "【vio】").replace("sic", "así"), text, spans, "[a]")
    assert (found.text, entities) == ("Ada [así] 【vio】 [1] London", [("Ada", "PER"), ("London", "LOC")])
    assert not found.damaged
    assert carry(lambda tagged: tagged.replace("[a]", "").replace("sic", "así"), text, spans, "[a]")[0].damaged
    found, entities = carry(lambda _: "〈書名〉 <a>エイダ", TEXT, SPANS)
    assert (found.text, entities, found.damaged) == ("〈書名〉 エイダ", [], False)


def test_white_space_alone() -> None:
    found, entities = carry(lambda tagged: tagged, "x  y", [(1, 3, "X")])
    assert (found.text, entities, found.reasons) == ("x  y", [], {"white space alone": 1})
    found, entities = carry(lambda tagged: tagged, "x  y", [(1, 3, "X"), (3, 4, "Y")])
    assert (entities, found.reasons) == ([("y", "Y")], {"white space alone": 1})


PIECES = [
    *(
        "Ada",
        "New York",
        "<",
        ">",
        "</",
        "<a>",
        "</a>",
        "< B >",
        "&lt;",
        "&lt;c&gt;",
        "&amp;",
        "&",
        "a",
        "＜d＞",
        "<br/>",
    ),
    *(
        "(a)",
        " ",
        "  ",
        "\n",
        ".",
        "東京",
        "שלום",
        "👍🏽",
        "İK",
        "]]>",
        "<!--",
        "e1",
        "<e1 x='>'>",
        "[",
        "[a]",
        "[ / e1 ]",
        "【b】",
        "[sic]",
    ),
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6),
    st.sampled_from(list(TAG_STYLES)),
)
def test_a_copy_has_the_same_entities(text: str, places: list[tuple[int, int]], tags: str) -> None:
    """Nested, equal, adjacent and crossing spans, in texts that look like markup."""
    text = f"x{text}y"
    spans = [(min(a, b), max(a, b), f"L{i}") for i, (a, b) in enumerate(places)]
    spans = [span for span in spans if text[span[0] : span[1]].strip() and span[1] <= len(text)]
    found, entities = carry(lambda tagged: tagged, text, spans, tags)
    assert (found.text, found.lost, found.duplicated, found.damaged) == (text, 0, 0, False)
    assert sorted(entities) == sorted((text[start:end].strip(), label) for start, end, label in spans)
    trimmed = {label: start + len(text[start:end]) - len(text[start:end].lstrip()) for start, end, label in spans}
    assert {label: start for start, _, label in found.spans} == trimmed
