"""Entities marked by a language model: it copies each sentence and encloses the names in tags."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import XnerError
from .chat import OPENAI
from .language_model import LanguageModel
from .prompts import Task
from .text_edits import CharSpan

LABEL = """\
Mark the names in each sentence. The language is {{ source_language }}.

{% for label, description in labels.items() %}- {{ label }}: {{ description }}
{% endfor %}
- Enclose each name in tags with its kind: <{{ example }}>name</{{ example }}>. No name is inside \
another one.
- Copy all the rest as it is: correct nothing, add nothing. A sentence without names is copied as it is.
- Each sentence keeps its id. Give one text for each id.
- Answer with JSON alone, in this form: {"sentences": [{"id": 1, "text": "..."}]}

{{ sentences }}
"""
"""The default template. Variables: those of `prompts.TRANSLATE`, `labels` (descriptions by label), `example` (a
label)."""
LABELS = {
    "PER": "persons, also invented ones, families and gods; without titles and professions",
    "ORG": "organisations: companies, parties, authorities, teams, bands, newspapers, schools",
    "LOC": "places: countries, regions, towns, streets, buildings, rivers, mountains, planets",
    "MISC": "other names: works, events, products, peoples, languages, religions",
}
"""Labels of the corpus of this package."""
LABEL_NAME = re.compile(r"[A-Za-z][\w-]*")


class ModelTagger(LanguageModel):
    """Yields each text with its entities in tags: `<PER>Ada</PER> lives in <LOC>York</LOC>.`

    A translator in all other respects (batches, repairs, costs, the cache), from a language into itself. A text that is
    not copied exactly, apart from white space, is asked for once more; use `parse_tagged` to find out.

    lang (str): language code of the texts.
    labels (Mapping[str, str] | None): what each label stands for, for the prompt; None: `LABELS`.
    others: those of `LanguageModel`.
    RAISES: XnerError for labels that cannot be tags.
    """

    name = "ModelTagger.v1"
    default_template = LABEL

    def __init__(
        self,
        lang: str,
        model: str,
        url: str = OPENAI,
        labels: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self.labels = dict(LABELS if labels is None else labels)
        if wrong := [label for label in self.labels if not LABEL_NAME.fullmatch(label)] or not self.labels:
            raise XnerError(f"The labels are {wrong or 'missing'}, expected letters, digits, - and _.")
        self.task = Task("sentences", "another text than the sentence", self._is_changed)
        super().__init__(lang, lang, model, url, **settings)

    @property
    def identity(self) -> dict[str, Any]:
        return {**super().identity, "labels": self.labels}

    def _is_changed(self, text: str, tagged: str) -> bool:
        return parse_tagged(text, tagged, self.labels) is None

    def _variables(self, texts: list[str]) -> dict[str, Any]:
        return {**super()._variables(texts), "labels": self.labels, "example": next(iter(self.labels))}


def parse_tagged(text: str, tagged: str, labels: Iterable[str]) -> list[CharSpan] | None:
    """The entities of a text, from a copy of it that has tags around them.

    RETURNS: start, end (characters of `text`) and label of each, in order; None where the copy has other characters
        than the text, apart from white space, or where tags are not in pairs, are nested, or enclose nothing.
    """
    tag = re.compile(rf"<(/?)({'|'.join(map(re.escape, labels))})>")
    places = [place for place, character in enumerate(text) if not character.isspace()]
    copied, spans = 0, []  # characters of the copy that are not white space
    opened: tuple[int, str] | None = None
    end = 0
    characters: list[str] = []
    for match in [*tag.finditer(tagged), None]:
        part = "".join(tagged[end : match.start() if match else None].split())
        characters.append(part)
        copied += len(part)
        if match is None:
            break
        end = match.end()
        if not match[1] and opened is None:
            opened = copied, match[2]
        elif match[1] and opened is not None and opened[1] == match[2] and copied > opened[0]:
            spans.append((*opened, copied))
            opened = None
        else:
            return None
    if opened is not None or "".join(characters) != "".join(text.split()):
        return None
    return [(places[first], places[last - 1] + 1, label) for first, label, last in spans]
