"""The page of `xner predict --html`, and the colours of entities."""

import re
from html.parser import HTMLParser

import pytest

from spacy_xner.corpus.predict import Row
from spacy_xner.reporting.entities_html import COLORS, color_of, shown_entities
from spacy_xner.reporting.predictions_page import details_of, predictions_page

HOSTILE = "<script>alert('x')</script> & \"Ada\""
ROWS: list[Row] = [
    {
        "id": "<b>1</b>",
        "lang": "en",
        "text": HOSTILE,
        "entities": [{"start": 31, "end": 34, "label": '<i>"PER', "text": "Ada", "score": 0.987654, "id": "<Q7259>"}],
    },
    {"id": "2", "lang": "ar", "text": "محمد في نيروبي", "entities": [{"start": 8, "end": 14, "label": "LOC"}]},
    {"id": "3", "text": "Nothing\nis\nhere.", "entities": []},
]


class Collector(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_page() -> None:
    found = Collector(predictions_page(ROWS, "Entities found by <x>", "a.txt: 3 texts & more"))
    assert not {"script", "i", "link", "img"} & {tag for tag, _ in found.tags}, "it loads nothing, and runs nothing"
    assert "Entities found by <x>" in found.text
    assert "a.txt: 3 texts & more" in found.text
    assert HOSTILE.replace("Ada", 'Ada\xa0<i>"PER 0.99 <Q7259>') in found.text
    assert "<b>1</b>" in found.text
    texts = [div for div in found.all("div") if "dir" in div]
    assert [(div["dir"], div.get("lang")) for div in texts] == [("auto", "en"), ("auto", "ar"), ("auto", None)]
    assert [re.findall(r"direction: (\w+)", div["style"] or "") for div in found.all("div") if "style" in div] == [
        ["ltr"], ["rtl"], ["ltr"]
    ]  # fmt: skip
    assert len(found.all("br")) == 2
    assert len(found.all("title")) == 1


def test_a_page_without_texts() -> None:
    found = Collector(predictions_page([], "Entities", "empty.txt: 0 texts"))
    assert "0 texts" in found.text
    assert found.all("article") == found.all("ul") == []


@pytest.mark.parametrize("more", [{}, {"score": 1.0}, {"kb_id": "Q1", "id": "x"}])
def test_what_is_known_of_an_entity(more: Row) -> None:
    expected = {"": "", "score": " 1.00", "kb_id": " Q1 x"}[next(iter(more), "")]
    assert details_of({"label": "PER", **more}) == expected


def test_colours_are_stable() -> None:
    assert color_of("PER") == color_of("per") == COLORS["PERSON"]
    assert color_of("Gene") == color_of("GENE") == "hsl(300, 65%, 80%)"
    assert len({color_of(f"LABEL{i}") for i in range(100)}) == 24


def test_an_entity_is_not_divided_from_its_label() -> None:
    html = shown_entities("Ada", [(0, 3, "PER", " 0.5")])
    assert "Ada&nbsp;<span" in html
    assert Collector(html).text.split() == ["Ada", "PER", "0.5"]
