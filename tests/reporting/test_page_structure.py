"""What all pages have: a frame for keyboards and screen readers, and nothing that a browser would have to load."""

import re
from itertools import pairwise

import numpy as np
import pytest
from bs4 import BeautifulSoup, Tag
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner.alignment.types import Alignment
from spacy_xner.corpus.predict import Row
from spacy_xner.projection import Projection
from spacy_xner.projection.types import ProjectedSpan
from spacy_xner.reporting.alignment_page import TABLE_WORDS, ShownPair, alignment_page
from spacy_xner.reporting.page import report_html
from spacy_xner.reporting.predictions_page import predictions_page
from spacy_xner.reporting.report import Report

SOURCE = Doc(Vocab(), words=["Salah", "visited", "Nairobi"])
SOURCE.ents = [Span(SOURCE, 0, 1, "PER"), Span(SOURCE, 2, 3, "LOC")]
TARGET = Doc(Vocab(), words=["زار", "صلاح", "نيروبي"])
SIMILARITY = np.array([[0.01, 0.9, -0.2], [0.7, 0.04, 0.3], [0, 0, 0.02]], dtype="f")
ALIGNMENT = Alignment([(0, 1), (1, 0), (2, 2)], SIMILARITY)
PROJECTION = Projection([ProjectedSpan(1, 2, "PER", 0.912, 0, 1), ProjectedSpan(2, 3, "LOC", 0.5, 2, 3)])
PAIR = ShownPair(1, SOURCE, TARGET, ALIGNMENT, PROJECTION, ("en", "ar"))
LONG = Doc(Vocab(), words=["word"] * (TABLE_WORDS + 1))
EMPTY = Doc(Vocab(), words=[])
OTHERS = [
    ShownPair(2, SOURCE, EMPTY, Alignment([], np.zeros((3, 0), dtype="f"))),
    ShownPair(3, LONG, LONG, Alignment([], np.zeros((len(LONG), len(LONG)), dtype="f"))),
]
ROWS: list[Row] = [
    {"lang": "ar", "text": TARGET.text, "entities": [{"start": 4, "end": 8, "label": "PER", "score": 0.987}]},
    {"id": "b", "text": "none", "entities": []},
]
PAGES = ["alignment", "predictions", "report"]


@pytest.fixture(scope="module")
def pages(report: Report) -> dict[str, BeautifulSoup]:
    made = {
        "alignment": alignment_page([PAIR, *OTHERS], "Word alignment", "a.txt: 3 pairs."),
        "predictions": predictions_page(ROWS, "Entities", "a.txt: 2 texts."),
        "report": report_html(report),
    }
    return {name: BeautifulSoup(page, "html.parser") for name, page in made.items()}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, pages: dict[str, BeautifulSoup]) -> BeautifulSoup:
    return pages[request.param]


def name_of(element: Tag) -> str:
    """The accessible name of an element: that of `aria-label`, the element that it refers to, or its text."""
    if (label := element.get("aria-labelledby")) and (root := element.find_parent("html")):
        return " ".join(found.get_text() for each in str(label).split() if (found := root.find(id=each)))
    return str(element.get("aria-label") or element.get_text()).strip()


def test_the_frame(page: BeautifulSoup) -> None:
    assert page.html
    assert page.html["lang"] == "en"
    assert page.title
    assert page.h1
    assert page.title.get_text() == page.h1.get_text()
    assert len(page.find_all("main")) == len(page.find_all("h1")) == 1
    (meta,) = page.find_all("meta", {"name": "viewport"})
    assert "scalable" not in meta["content"]
    skip = page.find("a")
    assert skip
    assert skip["href"] == "#content"
    content = page.select_one("main #content")
    assert content
    assert content["tabindex"] == "-1"


def test_nothing_is_loaded(page: BeautifulSoup) -> None:
    assert page.find_all(["script", "link", "img", "iframe", "object"]) == []
    assert all(str(link["href"]).startswith("#") for link in page.find_all(href=True))
    (style,) = page.body.find_all_previous("style") if page.body else []
    assert not re.search(r"@import|url\(|@font-face", style.get_text())


def test_headings_are_in_order(page: BeautifulSoup) -> None:
    headings = page.find_all(re.compile("^h[1-6]$"))
    levels = [int(heading.name[1]) for heading in headings]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(heading.get_text().strip() for heading in headings)
    for block in page.find_all(["article", "section"]):
        assert block.find(["h2", "h3"]) is not None


def test_ids_are_unique_and_links_have_a_target(page: BeautifulSoup) -> None:
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    targets = {str(link["href"])[1:] for link in page.find_all("a")}
    assert targets <= set(ids)


def test_tables(page: BeautifulSoup) -> None:
    """Each header says whether it is of a row or of a column, and has a text; each table is in a box that scrolls."""
    for header in page.find_all("th"):
        assert header.get("scope") == ("col" if header.find_parent("thead") else "row")
        assert header.get_text().strip()
    for table in page.find_all("table"):
        box = table.parent
        assert box is not None
        assert (box["class"], box["tabindex"], box["role"]) == (["scroll"], "0", "region")
        assert box["aria-label"]
        widths = {len(row.find_all(["td", "th"])) for row in table.find_all("tr")}
        assert len(widths) == 1
    regions = [region["aria-label"] for region in page.find_all(role="region")]
    assert len(set(regions)) == len(regions)


def test_controls_are_labelled(page: BeautifulSoup) -> None:
    for control in page.find_all(["input", "select", "textarea", "button"]):
        label = control.find_parent("label")
        assert label is not None
        assert name_of(label)
        group = control.find_parent("fieldset")
        assert group is not None
        assert group.legend is not None
        assert name_of(group.legend)
    assert all(details.summary and name_of(details.summary) for details in page.find_all("details"))
    assert all(name_of(nav) for nav in page.find_all("nav"))


def test_pictures_have_a_description(page: BeautifulSoup) -> None:
    for picture in page.find_all("svg"):
        assert picture["role"] == "img"
        first = next(child for child in picture.children if isinstance(child, Tag))
        assert first.name == "title"
        assert first.get_text().strip()
    for picture in page.find_all("figure", role="img"):
        assert picture["aria-label"]


def test_text_in_other_languages_says_so(pages: dict[str, BeautifulSoup]) -> None:
    found = {
        name: [box for box in page.find_all(lang=True, dir=True) if box.name == "div"] for name, page in pages.items()
    }
    assert [(box["lang"], box["dir"]) for box in found["predictions"]] == [("ar", "auto")]
    assert [(box["lang"], box["dir"]) for box in found["alignment"]] == [("en", "auto"), ("ar", "auto")]
    assert [words.get("lang") for words in pages["alignment"].find_all("ol")] == ["en", "ar", None, None, None, None]
    assert all(words["dir"] == "auto" for words in pages["alignment"].select("ol li"))
    headers = pages["alignment"].find_all("th", lang=True)
    assert [header["lang"] for header in headers] == ["ar"] * 3 + ["en"] * 3
    assert {box["lang"] for box in found["report"]} == {"de", "es", "nl"}
    for page in pages.values():
        assert {label.get("lang") for label in page.select("mark.entity > span")} == {"en"}


def test_scores_and_links_are_texts(pages: dict[str, BeautifulSoup]) -> None:
    """Neither a colour nor a tooltip alone says them."""
    page = pages["alignment"]
    assert [mark.get_text() for mark in page.select("mark.entity")] == [
        "Salah\xa0PER", "Nairobi\xa0LOC", "صلاح\xa0PER 0.91", "نيروبي\xa0LOC 0.50"
    ]  # fmt: skip
    (table, *_) = page.find_all("table")
    assert [[cell.get_text() for cell in row.find_all("td")] for row in table.select("tbody tr")] == [
        ["", "0.90 linked", ""],
        ["0.70 linked", "", "0.30"],
        ["", "", "0.02 linked"],
    ]
    title = page.select_one("svg > title")
    assert title
    assert title.get_text() == "3 links. Salah – صلاح: 0.90. visited – زار: 0.70. Nairobi – نيروبي: 0.02"
    widths = [float(str(line["stroke-width"])) for line in page.find_all("line")]
    assert widths == [2.8, 2.4, 1.04]
    assert page.find(string=re.compile(f"of the first {TABLE_WORDS} words")) is not None
    assert [mark.get_text() for mark in pages["predictions"].select("article mark")] == ["صلاح\xa0PER 0.99"]
    assert [heading.get_text() for heading in pages["predictions"].find_all("h2")] == ["ar Text 1", "b"]
