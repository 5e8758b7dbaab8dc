"""The page of a report, and the same in Markdown."""

import re
from html.parser import HTMLParser

import pytest

from spacy_xner.reporting.markdown import report_markdown
from spacy_xner.reporting.page import report_html
from spacy_xner.reporting.report import Report, make_report
from spacy_xner.reporting.sections import sections

from ..experiments.records_util import record, simulated, study_of
from .util import FEW, SECTIONS, full_report


@pytest.fixture(scope="module")
def page(report: Report) -> str:
    return report_html(report)


class Checker(HTMLParser):
    """Checks that tags are closed in order, and collects ids and links."""

    EMPTY = ("meta", "path", "use", "rect", "line", "br", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += [tag] * (tag not in self.EMPTY or tag in ("line",))
        self.ids += [str(value) for name, value in attrs if name == "id"]
        self.links += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def test_the_page_is_valid_and_self_contained(page: str) -> None:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert all(link.startswith("#") for link in checker.links)
    assert {link[1:] for link in checker.links} <= set(checker.ids)
    assert len(set(checker.ids)) == len(checker.ids)
    assert not re.search(r"<script|<link|<img|@import|url\((?!#)", page)
    assert set(re.findall(r"https?://[\w./]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert page.startswith("<!doctype html>")


def test_the_sections_are_in_order(page: str) -> None:
    found = re.findall(r'<section id="(\w+)">', page)
    assert [name for name in found if name != "notes"] == SECTIONS
    assert [text.split(":")[1].split(".")[0] for text in re.findall(r"Left out.*", page)] == [
        " no record has calibration errors"
    ]
    assert page.count('<svg class="plot narrow"') == page.count('<svg class="plot wide"') == 3
    assert page.count('<figure class="dots"') == 2


def test_the_answer_comes_first_and_then_the_contents(report: Report, page: str) -> None:
    places = [page.index(part) for part in ('<p class="answer">', "Question: Does", "<nav", '<section id="summary"')]
    assert places == sorted(places)
    linked = re.findall(r'<li><a href="#(\w+)">', page)
    assert linked == re.findall(r'<section id="(\w+)">', page)
    shown = page.split('<p class="answer">')[1].split("</p>")[0]
    assert shown == report.answer[0].replace("<", "&lt;")


def test_the_page_has_a_frame_for_keyboards_and_screen_readers(page: str) -> None:
    assert '<html lang="en">' in page
    assert page.index('href="#content"') < page.index("<main ") < page.index('id="content"')
    assert page.count("<h1>") == 1
    assert len(re.findall(r'<div class="scroll" tabindex="0" role="region" aria-label="[^"]+">', page)) == page.count(
        "<table"
    )
    assert all(label for label in re.findall(r'role="img" aria-label="([^"]*)"', page))
    assert "prefers-color-scheme: dark" in page


def test_languages_can_be_chosen_without_a_script(page: str) -> None:
    """A rule for each language hides what is of another one: rows of pictures, and rows and columns of tables."""
    assert re.findall(r'id="(show-\w+)"', page) == ["show-all", "show-mean", "show-1", "show-2", "show-3"]
    for number, lang in enumerate(("de", "es", "nl"), 1):
        assert f':root:has(#show-{number}:checked) [data-lang]:not([data-lang="{lang}"]) {{ display: none; }}' in page
        assert f'<div class="group" data-lang="{lang}">' in page
        assert f'<div class="row" data-lang="{lang}"' in page
        assert f'<th scope="col" data-lang="{lang}">{lang}</th>' in page
        assert f'<tr data-lang="{lang}"' in page
    assert len(re.findall(r"<td data-lang=", page)) == 2 * 3 * 3  # three arms and languages, also with each text once


def test_one_language_needs_no_filter() -> None:
    page = report_html(make_report(study_of(record("a"), record("b")), **FEW))
    assert "data-lang=" not in page.split("</style>")[1]
    assert 'name="show"' not in page


def test_plots_have_the_colours_of_the_page(page: str) -> None:
    assert not re.search(r"#0[12]0[12]\d\d", page)
    assert {"var(--text)", "var(--arm0)", "var(--arm2)"} <= set(re.findall(r"var\(--\w+\)", page))


def test_texts_are_escaped(page: str) -> None:
    assert "Does &lt;it&gt; help?" in page
    assert "One\nTwo &amp; three" in page
    assert "<b>so</b>" not in page
    assert "&lt;b&gt;so&lt;/b&gt;" in page


def test_the_same_records_give_the_same_bytes(report: Report, page: str) -> None:
    again = full_report(backwards=True)
    assert report_html(again) == page
    assert report_markdown(again) == report_markdown(report)


def test_markdown(report: Report) -> None:
    text = report_markdown(report)
    assert text.startswith("# Study made-up\n\n**A clear difference: e (arm E) has ")
    assert text.index("Question: Does \\<it> help?") < text.index("- [Summary](#summary)") < text.index("## Summary")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    for lines in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
    assert len(tables) == sum(len(section.parts) for section in sections(report)) == 15


def test_markdown_has_the_contents_of_the_page(report: Report, page: str) -> None:
    """Its headings are those of the page, each of them is linked, and all numbers of the tables are in both."""
    text = report_markdown(report)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == re.findall(r"<h2>(.*)</h2>", page)
    assert re.findall(r"^- \[(.*)\]\(#", text, re.MULTILINE) == headings
    anchors = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"^- \[.*\]\(#(.*)\)$", text, re.MULTILINE) == anchors
    for section in sections(report):
        for part in section.parts:
            for row in part.table.rows:
                assert all(f">{cell}<" in page for cell in row[1:])
    assert "- de, reference: 0: \\[loc-de](LOC) & \\<b>so\\</b> on \\[org-de](ORG) &" in text  # where arms disagree
    assert '"steps": 878' in text


def test_more_arms_than_colours_and_awkward_names() -> None:
    names = ["a", "$x_1$", "b|c", "עברית", "日本", "<i>", "_", "e-10", "z" * 60, "🤔"]
    found = make_report(study_of(*(simulated(name, 0, 0.5, n=10) for name in names)), **FEW)
    checker = Checker()
    checker.feed(report_html(found))
    assert checker.open == []
    assert "b\\|c" in report_markdown(found)
