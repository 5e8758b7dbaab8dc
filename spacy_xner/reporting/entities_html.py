"""Sentences with their entities in HTML, in the style of displaCy."""

import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape
from spacy import displacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS

COLORS = {**DEFAULT_LABEL_COLORS, "PER": DEFAULT_LABEL_COLORS["PERSON"], "MISC": DEFAULT_LABEL_COLORS["NORP"]}


def shown_entities(text: str, spans: Iterable[tuple[int, int, str, str]]) -> Markup:
    """A sentence with its entities. Text and labels are escaped.

    spans: start and end character, label, and a text to append to the label.
    """
    ents, colors = [], {}
    for start, end, label, suffix in spans:
        shown = str(escape(label)) + suffix  # displaCy does not escape labels
        ents.append({"start": start, "end": end, "label": shown})
        colors[shown.upper()] = COLORS.get(label.upper(), "#ddd")
    data = {"text": text, "ents": ents, "title": None, "settings": {"direction": direction_of(text)}}
    html = displacy.render(data, style="ent", manual=True, page=False, jupyter=False, options={"colors": colors})
    return Markup(html)


def direction_of(text: str) -> str:
    """ "rtl" if the first letter with a direction is written from right to left, else "ltr"."""
    strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L")
    return "ltr" if strong == "L" else "rtl"
