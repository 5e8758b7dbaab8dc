"""Sentences with their entities in HTML, in the style of displaCy."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape
from spacy import displacy
from spacy.displacy.render import DEFAULT_LABEL_COLORS
from spacy.displacy.templates import TPL_ENT

COLORS = {**DEFAULT_LABEL_COLORS, "PER": DEFAULT_LABEL_COLORS["PERSON"], "MISC": DEFAULT_LABEL_COLORS["NORP"]}
OTHER_HUES = 24  # of labels that displaCy does not know
# displaCy's template with a tooltip, and without the white space that lets a label be alone on the next line.
TITLED = re.sub(r"\s*\n\s*", "", TPL_ENT).replace("<mark ", '<mark title="{title}" ', 1)


def color_of(label: str) -> str:
    """The background of a label's entities: displaCy's, or a light colour that depends on the label alone.

    Dark text on it has a contrast of at least 4.5 to 1.
    """
    number = hashlib.sha256(label.upper().encode("utf8", "surrogatepass")).digest()[0]
    return COLORS.get(label.upper(), f"hsl({number % OTHER_HUES * 360 // OTHER_HUES}, 65%, 80%)")


def shown_entities(
    text: str, spans: Iterable[tuple[int, int, str, str]], titles: Sequence[str] | None = None
) -> Markup:
    """A sentence with its entities. Text, labels and titles are escaped.

    spans: start and end character, label, and a text to append to the label.
    titles (Sequence[str] | None): a tooltip for each entity.
    """
    ents, colors = [], {}
    for i, (start, end, label, suffix) in enumerate(spans):
        shown = str(escape(label)) + suffix  # displaCy does not escape labels
        title = {"title": str(escape(titles[i]))} if titles else {}
        ents.append({"start": start, "end": end, "label": shown, "params": title})
        colors[shown.upper()] = color_of(label)
    data = {"text": text, "ents": ents, "title": None, "settings": {"direction": direction_of(text)}}
    options = {"colors": colors, **({"template": TITLED} if titles else {})}
    return Markup(displacy.render(data, style="ent", manual=True, page=False, jupyter=False, options=options))


def direction_of(text: str) -> str:
    """ "rtl" if the first letter with a direction is written from right to left, else "ltr"."""
    strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L")
    return "ltr" if strong == "L" else "rtl"
