import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.augmentation.names import NameMemory, article_before, form_of, in_capitals, is_acronym, script_of_name


@pytest.mark.parametrize(
    ("one", "other", "label", "lang", "alike"),
    [
        ("Paris", "Rome", "LOC", "en", True),
        ("Paris", "New York", "LOC", "en", False),
        ("Bank of England", "World Health Organization of the UN", "ORG", "en", True),
        ("NATO", "Reuters", "ORG", "en", False),
        ("NATO", "OPEC", "ORG", "en", True),
        ("Dutch", "Polish", "MISC", "en", False),
        ("Danish", "Polish", "MISC", "en", True),
        ("Boeing 737", "Boeing 747", "MISC", "en", True),
        ("World Cup", "Davis Cup", "MISC", "en", False),
        ("Deutschland", "Deutschlands", "LOC", "de", False),
        ("Москве", "Берлина", "LOC", "ru", False),
        ("Россия", "Англия", "LOC", "ru", False),
        ("Швеция", "Греция", "LOC", "ru", True),
        ("Москва", "Moscow", "LOC", "en", False),
        ("福代·卡努", "马库斯·特雷维尔", "PER", "zh", True),
        ("福代·卡努", "刘备", "PER", "zh", False),
    ],
)
def test_form(one: str, other: str, label: str, lang: str, alike: bool) -> None:
    assert (form_of(one, label, lang, "") == form_of(other, label, lang, "")) is alike


def test_form_keeps_article_and_language() -> None:
    assert form_of("Senate", "ORG", "en", "the") != form_of("Senate", "ORG", "en", "")
    assert form_of("Senate", "ORG", "en", "") != form_of("Senate", "ORG", "nl", "")


@pytest.mark.parametrize(
    ("name", "label", "expected"),
    [("NATO", "ORG", True), ("LIVERPOOL", "ORG", False), ("LYON", "LOC", False), ("USA", "GPE", True),
     ("F-16", "MISC", True), ("A 61", "LOC", True), ("NEW YORK", "LOC", False), ("Nato", "ORG", False),
     ("GRAF", "PERSON", False), ("北约", "ORG", False), ("", "ORG", False)],
)  # fmt: skip
def test_acronyms(name: str, label: str, expected: bool) -> None:
    assert is_acronym(name, label) is expected


def test_small_things() -> None:
    assert [script_of_name(text) for text in ("Rome", "«Зенит»", "北京", "1990", "")] == [
        "Latin",
        "Cyrillic",
        "Han",
        "",
        "",
    ]
    assert [article_before(*x) for x in (("The", "en"), ("Im", "de"))] == ["the", "im"]
    assert [article_before(*x) for x in (("the", "de"), ("le", "xx"))] == ["", ""]
    assert in_capitals("Izmir", "en") == "IZMIR"
    assert in_capitals("Muğla ili", "tr") == "MUĞLA İLİ"


@given(names=st.lists(st.sampled_from("abcdefghij"), min_size=1), size=st.integers(1, 5), seed=st.integers())
def test_memory(names: list[str], size: int, seed: int) -> None:
    rng, memory, form = random.Random(seed), NameMemory(size), form_of("a", "PER", "en", "")
    for name in names:
        memory.add(name, form, rng)
    drawn = {memory.draw("a", form, rng) for _ in range(50)}
    assert drawn <= {None, *names}
    assert "a" not in drawn
    assert len(drawn) <= size
    assert memory.draw("a", form_of("a", "ORG", "en", ""), rng) is None
    if len(set(names)) <= size and set(names) != {"a"}:
        assert None not in drawn
