"""The stylesheet of the pages: contrasts in its light and its dark scheme, computed as WCAG 2 does."""

import re

import pytest

from spacy_xner.reporting.entities_html import COLORS, color_of
from spacy_xner.reporting.frame import TEMPLATES
from spacy_xner.reporting.svg import N_COLORS

from .util import contrast

CSS = re.sub(r"/\*.*?\*/", "", (TEMPLATES / "page.css").read_text(encoding="utf8"), flags=re.DOTALL)
LIGHT, DARK = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
# Text, and the backgrounds that it is on.
TEXTS = {
    "text": ("card", "page", "hot"),
    "soft": ("card", "page"),
    "link": ("card", "page"),
    "card": ("link",),  # the language that is chosen
    "ink": (),  # on colours of entities
}


def colours(dark: bool) -> dict[str, str]:
    """The colours of a scheme by name; those that the dark one leaves out are the light one's."""
    return dict(re.findall(r"--(\w+): (#\w+);", LIGHT + DARK * dark))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_is_legible(dark: bool) -> None:
    found = colours(dark)
    low = {
        (text, ground): contrast(found[text], found[ground])
        for text, grounds in TEXTS.items()
        for ground in grounds
        if contrast(found[text], found[ground]) < 4.5
    }
    assert low == {}
    labels = [*COLORS, *(f"LABEL{i}" for i in range(100))]
    assert min(contrast(found["ink"], color_of(label)) for label in labels) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_marks_of_arms_and_links_are_visible(dark: bool) -> None:
    found = colours(dark)
    assert [name for name in found if name.startswith("arm")] == [f"arm{place}" for place in range(N_COLORS)]
    assert min(contrast(found[name], found["card"]) for name in found if name.startswith("arm")) >= 3
    assert contrast(found["link"], found["card"]) >= 3


def test_all_colours_are_named_and_all_pairs_are_known() -> None:
    """A new colour of text, or a colour without a name, is not in the tests above."""
    rules = CSS.replace(LIGHT, "").replace(DARK, "")
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", rules)
    assert set(re.findall(r"(?<![-\w])color: ([^;}]+)", rules)) == {f"var(--{name})" for name in TEXTS}
    grounds = {name for value in re.findall(r"background:\s+([^;}]+)", rules) for name in re.findall(r"--(\w+)", value)}
    assert grounds == {ground for pair in TEXTS.values() for ground in pair} | {"c", "heat", "shade"}
    assert set(colours(dark=True)) == set(colours(dark=False))
    dark = set(re.findall(r"--(\w+): #", DARK))
    assert set(colours(dark=False)) - dark == {"ink"}


def test_the_templates_have_no_style_of_their_own() -> None:
    """But for the rules of the languages that a report has."""
    for path in TEMPLATES.glob("*.html"):
        block = re.search(r"{% block style %}(.*?){% endblock %}", path.read_text(encoding="utf8"), re.DOTALL)
        assert block is None or set(re.findall(r"\{ ([\w-]+):", block[1])) <= {"display"}
