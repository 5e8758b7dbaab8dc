"""Sentences with their entities in HTML, in the style of displaCy."""

import hashlib
import unicodedata
from collections.abc import Iterable

from markupsafe import Markup, escape
from spacy import displacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS

COLORS = {**DEFAULT_LABEL_COLORS, "PER": DEFAULT_LABEL_COLORS["PERSON"], "MISC": DEFAULT_LABEL_COLORS["NORP"]}
OTHER_HUES = 24  # of labels that displaCy does not know
# As displaCy's, with the look in the page's stylesheet, and no line break between the entity and its label.
ENTITY = (
    '<mark class="entity" style="background: {bg}">{text}&nbsp;<span lang="en" dir="ltr">{label}{kb_link}</span></mark>'
)


def color_of(label: str) -> str:
    """The background of a label's entities: displaCy's, or a light colour that depends on the label alone.

    Dark text on it has a contrast of at least 4.5 to 1.
    """
    number = hashlib.sha256(label.upper().encode("utf8", "surrogatepass")).digest()[0]
    return COLORS.get(label.upper(), f"hsl({number % OTHER_HUES * 360 // OTHER_HUES}, 65%, 80%)")


def shown_entities(text: str, spans: Iterable[tuple[int, int, str, str]]) -> Markup:
    """A sentence with its entities. Text, labels and what is appended to them are escaped.

    spans: start and end character, label, and a text to append to the label.
    """
    ents, colors = [], {}
    for start, end, label, suffix in spans:
        shown = str(escape(label + suffix))  # displaCy does not escape labels
        ents.append({"start": start, "end": end, "label": shown})
        colors[shown.upper()] = color_of(label)
    data = {"text": text, "ents": ents, "title": None, "settings": {"direction": direction_of(text)}}
    options = {"colors": colors, "template": ENTITY}
    return Markup(displacy.render(data, style="ent", manual=True, page=False, jupyter=False, options=options))


def direction_of(text: str) -> str:
    """ "rtl" if the first letter with a direction is written from right to left, else "ltr"."""
    strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L")
    return "ltr" if strong == "L" else "rtl"
