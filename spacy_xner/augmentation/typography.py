"""The augmenter `spacy_xner.Typography.v1`: text as people type and print it.

A corpus that one hand wrote has one typography. Other text has typewriter and printers' quotation marks, headlines in
capitals, messages without capitals, and names without their accents.
"""

import random
import unicodedata
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.attributes import SOFT_LABELS, meta_of
from ..annotations.examples import make_example
from ..errors import XnerError
from ..languages.codes import base_language
from .entity_swap import set_kept_entities, tag_of

WITHOUT_UPPER_NAMES = frozenset({"de"})  # nouns have a capital there: text without capitals is too far from it

Change = Callable[[str], str]


def by_character(change: Change) -> Change:
    """A change of each character by itself, where that gives one character: so that places in the text stay."""
    return lambda text: "".join(new if len(new := change(character)) == 1 else character for character in text)


def without_accent(character: str) -> str:
    """The letter without its accents; letters of scripts in which marks are more than accents stay."""
    base = unicodedata.normalize("NFD", character)[0]
    return base if base.isascii() and base.isalpha() else character


def marks(pairs: str) -> Change:
    """A change of characters: each first one of a pair becomes the second."""
    table = str.maketrans(dict(pair.split() for pair in pairs.split(",")))
    return lambda text: text.translate(table)


DOTTED = frozenset({"tr", "az"})
"""Languages in which the capital of i is İ, and that of ı is I."""
TO_UPPER, TO_LOWER = str.maketrans("iı", "İI"), str.maketrans("İI", "iı")

CHANGES: dict[str, Change] = {
    "curly": marks("' ’"),
    "straight": marks('’ \',‘ \',“ ",” ",„ ",« ",» "'),
    "capitals": by_character(str.upper),
    "lower_case": by_character(str.lower),
    "no_accents": by_character(without_accent),
}


class Typography:
    """Changes the typography of an example, with probability `level`: one of `CHANGES`, each as likely.

    - "curly", "straight": apostrophes and quotation marks of print, or of a typewriter;
    - "capitals", "lower_case": all letters; German is not written in lower case;
    - "no_accents": Latin letters without accents.

    Each character is replaced by one character or stays, so that tokens, entities and their scores keep their places.
    Examples with soft labels are not changed, since a teacher has labelled their text as it was.

    level (float): probability that an example is changed, in [0, 1].
    seed (int): the same seed gives the same changes for the same stream of examples.
    RAISES: XnerError for a level out of range.
    """

    def __init__(self, level: float, seed: int) -> None:
        if not 0.0 <= level <= 1.0:
            raise XnerError(f"Typography's level must be from 0 to 1, but it is {level}.")
        self.level = level
        self.random = random.Random(seed)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        reference = example.reference
        name = self.random.choice(list(CHANGES))
        chosen = self.random.random() < self.level
        lang = base_language(meta_of(reference).get("lang") or "xx")
        refused = name == "lower_case" and lang in WITHOUT_UPPER_NAMES
        if not chosen or refused or reference._.get(SOFT_LABELS) is not None:
            yield example
        else:
            yield changed(nlp, reference, change_for(name, lang))


def change_for(name: str, lang: str) -> Change:
    """A change by its name, with the letters of the language."""
    change = CHANGES[name]
    table = {"capitals": TO_UPPER, "lower_case": TO_LOWER}.get(name)
    if table is None or lang not in DOTTED:
        return change
    return lambda text: change(text.translate(table))


def changed(nlp: Language, reference: Doc, change: Change) -> Example:
    """The example with changed characters."""
    unknown = reference.has_unknown_spaces
    doc = Doc(
        nlp.vocab,
        words=[change(token.text) for token in reference],
        spaces=None if unknown else [bool(token.whitespace_) for token in reference],
        ents=[tag_of(token) for token in reference],
        sent_starts=[token.is_sent_start for token in reference] if reference.has_annotation("SENT_START") else None,
    )
    set_kept_entities(doc, reference, {entity.start: entity for entity in reference.ents})
    doc._.xner_meta = reference._.xner_meta
    return make_example(nlp, doc)


def create_typography(level: float = 0.1, seed: int = 0) -> Callable[[Language, Example], Iterator[Example]]:
    """`spacy_xner.Typography.v1`; the arguments are those of `Typography`."""
    return Typography(level, seed)
